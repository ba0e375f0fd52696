// Starts every event source of the stack: queues and the table's stream, with the settings that cdk gives to AWS.

import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';
import { withoutCallLog } from '../shared/adapters/sdk.ts';
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
  readonly lambdas: Readonly<Record<StepName, Lambda>>;
  readonly queue: Pick<LocalQueue, 'endpoint' | 'urls'>;
  readonly database: { readonly endpoint: string; readonly streamArn: string };
  /** Where the stream's position is kept. */
  readonly checkpointFile: string;
  /** Waited for by the sources of all but the urgent Lambdas. */
  readonly turn: () => Promise<void>;
  readonly report: Report;
};

/** Somebody waits for these. */
function isUrgent(step: StepName): boolean {
  return step === 'api' || step === 'trigger' || step === 'submit';
}

/** Closing takes no more work and waits for the invocations under way. */
export function startEventSources(options: EventSourcesOptions): EventSource {
  const { lambdas, queue, database, report } = options;
  const queueClient = withoutCallLog(
    new SQSClient({ endpoint: queue.endpoint, region, credentials, useQueueUrlAsEndpoint: false }),
  );
  const streamClient = withoutCallLog(new DynamoDBStreamsClient({ endpoint: database.endpoint, region, credentials }));
  const sources = queueSources.map((source) =>
    startQueueSource({
      ...source,
      client: queueClient,
      queueUrl: queue.urls[source.queue],
      queueArn: queueArnOf(queueNameOf(source.queue)),
      lambda: lambdas[source.step],
      ...(isUrgent(source.step) ? {} : { turn: options.turn }),
      report,
    }),
  );
  const stream = startStreamSource({
    ...streamSource,
    client: streamClient,
    streamArn: database.streamArn,
    checkpoints: openCheckpoints(options.checkpointFile),
    lambda: lambdas[streamSource.step],
    turn: options.turn,
    report,
  });
  return {
    close: async () => {
      await Promise.all([...sources, stream].map((source) => source.close()));
      queueClient.destroy();
      streamClient.destroy();
    },
  };
}
