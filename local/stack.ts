// The local stack: the Lambdas of the deployed one in this process, with local stand-ins for AWS around them.
// Rule: one start, one `close()`; what was begun is closed again when a later part cannot start.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { busName } from '../shared/config/resources.ts';
import { clusterName, credentials, taskLogGroup } from './account.ts';
import { startAwsEndpoint } from './aws-endpoint.ts';
import { queueRules } from './bus-rules.ts';
import { type DataFolder, identityOf, openDataFolder } from './data-folder.ts';
import { type Database, databaseProgram, startDatabase } from './database.ts';
import { createLocalEcs, type LocalEcsOptions } from './ecs/local-ecs.ts';
import { region } from './ecs/names.ts';
import { applyEnvironment } from './environment.ts';
import { startEventSources } from './event-sources.ts';
import { createLocalEventBridge } from './eventbridge.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { loadLambdas } from './lambdas.ts';
import { createLocalLogs } from './logs.ts';
import type { StartOptions } from './options.ts';
import { type LocalQueue, startQueue } from './queue.ts';
import type { Report } from './report.ts';
import { startScheduler } from './scheduler.ts';
import { createLocalSecrets } from './secrets.ts';
import { StartError } from './start-error.ts';

export type StackOptions = Omit<StartOptions, 'hasExample'> & {
  readonly report: Report;
  /** Refuses RunTask calls: for tests of throttling and missing capacity. */
  readonly refuse?: LocalEcsOptions['refuse'];
};

export type Stack = {
  /** `http://127.0.0.1:PORT/api` */
  readonly url: string;
  readonly port: number;
  /** Where the SDK reaches the database, the queue and all other services. */
  readonly endpoints: { readonly database: string; readonly queue: string; readonly services: string };
  readonly queueUrls: LocalQueue['urls'];
  readonly deadLetterUrls: LocalQueue['deadLetterUrls'];
  /** Settles with a sentence when a part is lost without which nothing works. */
  readonly lost: Promise<string>;
  /** Stops everything but the tasks. */
  close(): Promise<void>;
};

/** How long invocations under way may take to finish when the stack stops; what is cut off is taken up at the next start. */
const closingPatienceMs = 2000;

/** What has been started, closed in the opposite order. */
type Closers = { add(close: () => unknown): void; closeAll(): Promise<void> };

/**
 * Starts the stack on a folder and resolves when the API answers. It sets `process.env` for the Lambdas, so there is
 * one stack a process.
 *
 * @throws StartError
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const closers = collectClosers(options.report);
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function start(options: StackOptions, closers: Closers): Promise<Stack> {
  const folder = await openDataFolder(options.dataDir);
  closers.add(folder.release);
  const [gateway, database, queue] = await startServers(options, folder, closers);
  const services = await startServices(options, queue, closers);
  const endpoints = { database: database.endpoint, queue: queue.endpoint, services: services.url };
  const url = `http://127.0.0.1:${gateway.port}/api`;
  applyEnvironment({ ...options, endpoints, queueUrls: queue.urls, apiUrl: url }, process.env);
  const lambdas = await loadLambdas();
  await services.adopt();
  const sources = startEventSources({
    lambdas,
    queue,
    database,
    checkpointFile: path.join(folder.path, 'checkpoints.json'),
    report: options.report,
  });
  closers.add(() => closeInTime(sources, options.report));
  const scheduler = startScheduler({ clock: lambdas.clock, report: options.report });
  closers.add(() => closeInTime(scheduler, options.report));
  gateway.serve(lambdas.api.invoke);
  closers.add(gateway.close);
  announce(folder, { gateway, database, endpoints });
  return {
    url,
    port: gateway.port,
    endpoints,
    queueUrls: queue.urls,
    deadLetterUrls: queue.deadLetterUrls,
    lost: Promise.race([database.lost, queue.lost]),
    close: closers.closeAll,
  };
}

/** The servers that need nothing of each other. All are waited for, so that none is left when one fails. */
async function startServers(options: StackOptions, folder: DataFolder, closers: Closers) {
  const within = (name: string) => path.join(folder.path, name);
  const gateway = await openGateway(options, folder.last?.ports.api);
  closers.add(gateway.close);
  mkdirSync(within('queue'), { recursive: true });
  const program = databaseProgram();
  const [database, queue] = await Promise.allSettled([
    startDatabase({ folder: folder.path, program, endpoint: options.databaseEndpoint }),
    startQueue(within('queue')),
  ]);
  if (database.status === 'fulfilled') closers.add(database.value.close);
  if (queue.status === 'fulfilled') closers.add(queue.value.close);
  if (database.status === 'rejected') throw database.reason;
  if (queue.status === 'rejected') throw queue.reason;
  return [gateway, database.value, queue.value] as const;
}

async function openGateway({ port, report }: StackOptions, lastPort: number | undefined): Promise<Gateway> {
  if (port !== 0 || lastPort === undefined) return await startGateway({ port, report });
  try {
    return await startGateway({ port: lastPort, report });
  } catch (error) {
    if (error instanceof StartError) return await startGateway({ port, report });
    throw error;
  }
}

/** ECS, EventBridge, CloudWatch Logs and Secrets Manager on one port. */
async function startServices(options: StackOptions, queue: LocalQueue, closers: Closers) {
  const { dataDir, searchPath, refuse } = options;
  const client = new SQSClient({ endpoint: queue.endpoint, region, credentials, useQueueUrlAsEndpoint: false });
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
    ...(refuse === undefined ? {} : { refuse }),
  });
  closers.add(ecs.close);
  // Before ECS: it waits for its events to be taken, and they are kept for the next start.
  closers.add(bus.close);
  const services = { ecs: ecs.service, events: bus.service, logs: logs.service, secretsmanager: secrets.service };
  const endpoint = await startAwsEndpoint({ port: 0, services });
  closers.add(endpoint.close);
  return { url: endpoint.url, adopt: ecs.adopt };
}

type Announced = { readonly gateway: Gateway; readonly database: Database; readonly endpoints: Stack['endpoints'] };

function announce(folder: DataFolder, { gateway, database, endpoints }: Announced): void {
  const identity = database.pid === undefined ? undefined : identityOf(database.pid);
  const portOf = (endpoint: string) => Number(new URL(endpoint).port || 80);
  folder.announce({
    pid: process.pid,
    ports: {
      api: gateway.port,
      database: portOf(endpoints.database),
      queue: portOf(endpoints.queue),
      services: portOf(endpoints.services),
    },
    startedAt: new Date().toISOString(),
    ...(identity === undefined ? {} : { database: identity }),
  });
}

async function closeInTime(part: { close(): Promise<void> }, report: Report): Promise<void> {
  const { promise: overdue, resolve } = Promise.withResolvers<'overdue'>();
  const timer = setTimeout(() => resolve('overdue'), closingPatienceMs);
  if ((await Promise.race([part.close(), overdue])) === 'overdue') report('invocations under way were cut off');
  clearTimeout(timer);
}

function collectClosers(report: Report): Closers {
  const closers: (() => unknown)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        report('a part did not close', { error });
      }
    }
  };
  return { add: (close) => void closers.push(close), closeAll };
}
