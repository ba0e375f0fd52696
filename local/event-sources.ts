// Starts the event sources of Lambdas: queues and the table's stream, with the settings that cdk gives to AWS.

import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';
import { callSettings, leanClient } from '../shared/adapters/sdk.ts';
import { queueSources, type StepName, streamSource } from '../shared/config/resources.ts';
import { credentials, queueArnOf, queueNameOf } from './account.ts';
import { openCheckpoints } from './checkpoints.ts';
import { region } from './ecs/names.ts';
import type { Lambda } from './lambda.ts';
import type { LocalQueue } from './queue.ts';
import { type EventSource, startQueueSource } from './queue-source.ts';
import type { Report } from './report.ts';
import { startStreamSource } from './stream-source.ts';

export type EventSourcesOptions = {
  /** Only the sources of these are started. */
  readonly lambdas: Readonly<Partial<Record<StepName, Lambda>>>;
  readonly queue: Pick<LocalQueue, 'endpoint' | 'urls'>;
  readonly database: { readonly endpoint: string; readonly streamArn: string };
  /** Where the stream's position is kept. */
  readonly checkpointFile: string;
  /** Waited for before each batch: lets what is more urgent go first. */
  readonly turn?: () => Promise<void>;
  readonly report: Report;
};

/** More than the longest that a queue is asked to wait for messages. */
const patience = { answerMs: 30_000, connectionMs: 2_000 };

/** Closing takes no more work and waits for the invocations under way. */
export function startEventSources(options: EventSourcesOptions): EventSource {
  const { lambdas, queue, database, report } = options;
  const queueClient = leanClient(
    new SQSClient({
      endpoint: queue.endpoint,
      region,
      credentials,
      useQueueUrlAsEndpoint: false,
      ...callSettings(patience),
    }),
  );
  const streamClient = leanClient(
    new DynamoDBStreamsClient({ endpoint: database.endpoint, region, credentials, ...callSettings(patience) }),
  );
  const turn = options.turn === undefined ? {} : { turn: options.turn };
  const sources = queueSources.flatMap((source) => {
    const lambda = lambdas[source.step];
    if (lambda === undefined) return [];
    const queueUrl = queue.urls[source.queue];
    const queueArn = queueArnOf(queueNameOf(source.queue));
    return [startQueueSource({ ...source, ...turn, client: queueClient, queueUrl, queueArn, lambda, report })];
  });
  const publish = lambdas[streamSource.step];
  if (publish !== undefined) {
    const checkpoints = openCheckpoints(options.checkpointFile);
    const { streamArn } = database;
    sources.push(
      startStreamSource({
        ...streamSource,
        ...turn,
        client: streamClient,
        streamArn,
        checkpoints,
        lambda: publish,
        report,
      }),
    );
  }
  return {
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
      queueClient.destroy();
      streamClient.destroy();
    },
  };
}
