// The AWS services of the local stack on one port: ECS, EventBridge, CloudWatch Logs, Secrets Manager, and what
// clients of ECS ask of EC2 and SQS.

import { SQSClient } from '@aws-sdk/client-sqs';
import { callSettings, leanClient } from '../shared/adapters/sdk.ts';
import { busName } from '../shared/config/resources.ts';
import { clusterName, credentials, taskLogGroup } from './account.ts';
import { startAwsEndpoint } from './aws-endpoint.ts';
import { queueRules } from './bus-rules.ts';
import type { Closers } from './closers.ts';
import { createQuietIn, type UrgentWork } from './courtesy.ts';
import { createLocalEcs } from './ecs/local-ecs.ts';
import { region } from './ecs/names.ts';
import { createLocalEventBridge } from './eventbridge.ts';
import { createLocalLogs } from './logs.ts';
import type { LocalQueue } from './queue.ts';
import { createLocalSecrets } from './secrets.ts';
import { vpcService } from './vpc.ts';

export type ServicesOptions = {
  readonly dataDir: string;
  /** Folders that come first on the PATH of tasks. */
  readonly searchPath: readonly string[];
  readonly queue: Pick<LocalQueue, 'endpoint' | 'urls'>;
  /** What starting tasks holds back for. */
  readonly urgentWork: UrgentWork;
  /** Hears of each RunTask, by its `startedBy`, before it is answered. */
  readonly onRunTask?: (startedBy: string) => void;
};

type Services = {
  readonly url: string;
  /** Takes up the tasks and events that an earlier program left. */
  adopt(): Promise<void>;
};

/** Starts the services; what must be closed again is told to `closers`. */
export async function startServices(options: ServicesOptions, closers: Closers): Promise<Services> {
  const { dataDir, searchPath, queue, urgentWork, onRunTask } = options;
  const client = leanClient(
    new SQSClient({
      endpoint: queue.endpoint,
      region,
      credentials,
      useQueueUrlAsEndpoint: false,
      ...callSettings({ answerMs: 5_000, connectionMs: 2_000 }),
    }),
  );
  closers.add(() => client.destroy());
  const bus = createLocalEventBridge({ rules: queueRules(client, queue.urls), eventBusNames: [busName] });
  const secrets = createLocalSecrets(new Map());
  const logs = createLocalLogs({ dataDir, clock: Date, groups: [taskLogGroup] });
  closers.add(logs.close);
  const ecs = createLocalEcs({
    dataDir,
    clock: Date,
    emit: bus.publish,
    searchPath,
    secret: secrets.value,
    logs,
    clusterName,
    quietIn: createQuietIn(urgentWork),
    ...(onRunTask === undefined ? {} : { refuse: ({ startedBy }) => void onRunTask(startedBy ?? '') }),
  });
  closers.add(ecs.close);
  // Before ECS: it waits for its events to be taken, and they are kept for the next start.
  closers.add(bus.close);
  const services = {
    ecs: ecs.service,
    events: bus.service,
    logs: logs.service,
    secretsmanager: secrets.service,
    ec2: vpcService,
  };
  const forwards = { sqs: queue.endpoint };
  const endpoint = await startAwsEndpoint({ port: 0, services, forwards });
  closers.add(endpoint.close);
  return { url: endpoint.url, adopt: ecs.adopt };
}
