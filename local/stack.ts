// The local stack: the Lambdas of the deployed one in this process, with local stand-ins for AWS around them.
// Rule: one start, one `close()`; what was begun is closed again when a later part cannot start.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { SocketTransport } from '../shared/config/resources.ts';
import { startBackground } from './background-host.ts';
import { type Closers, collectClosers } from './closers.ts';
import { noUrgentWork, urgent } from './courtesy.ts';
import { type DataFolder, identityOf, openDataFolder } from './data-folder.ts';
import { type Database, databaseProgram, startDatabase } from './database.ts';
import { applyEnvironment } from './environment.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type LocalQueue, startQueue } from './queue.ts';
import type { Report } from './report.ts';
import { makeSecretKey } from './secret-key.ts';
import { type ServicesHostOptions, startServicesThread } from './services-host.ts';
import { transportRules } from './sockets/websocket-event.ts';
import { StartError } from './start-error.ts';

export type StackOptions = {
  /** Everything that is kept stands here; one stack a folder. */
  readonly dataDir: string;
  /** 0: the folder's last port if it is free, else any. */
  readonly port: number;
  readonly report: Report;
  /** Folders that come first on the PATH of tasks. @default none */
  readonly searchPath?: readonly string[];
  /** A DynamoDB in place of the embedded one. */
  readonly databaseEndpoint?: string | undefined;
  /** Launches a second and at once, as text. @default 20 and 100 */
  readonly launchRate?: string | undefined;
  readonly launchBurst?: string | undefined;
  /** Whose limits and close codes WebSockets have. @default local: none */
  readonly sockets?: SocketTransport;
  /** Whether states of task runs go to the bus, too. @default false */
  readonly busTaskRuns?: 'true' | 'false';
  readonly onRunTask?: ServicesHostOptions['onRunTask'];
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
  // The servers start in processes and threads of their own; what else is needed is loaded meanwhile.
  const parts = loadParts();
  const [gateway, database, queue] = await startServers(options, folder, closers);
  const urgentWork = noUrgentWork();
  const services = await startServicesThread({ searchPath: [], ...options, queue, urgentWork }, closers);
  const { foregroundSteps, loadLambdas, startEventSources, createSocketServing } = await parts;
  const endpoints = { database: database.endpoint, queue: queue.endpoint, services: services.url };
  const url = `http://127.0.0.1:${gateway.port}/api`;
  const secretKeyFile = makeSecretKey(path.join(folder.path, 'secret-key'));
  const surroundings = { endpoints, queueUrls: queue.urls, apiUrl: url, socketsUrl: gateway.socketsUrl, secretKeyFile };
  const given = { ...surroundings, tableIdentity: database.identity, sockets: options.sockets ?? 'local' };
  applyEnvironment({ ...options, ...given }, process.env);
  const loaded = await loadLambdas(foregroundSteps);
  const lambdas = {
    api: urgent(loaded.api, urgentWork),
    socket: urgent(loaded.socket, urgentWork),
    trigger: urgent(loaded.trigger, urgentWork),
    submit: urgent(loaded.submit, urgentWork),
  };
  await services.adopt();
  const checkpointFile = path.join(folder.path, 'checkpoints.json');
  const woken = { queue, database, checkpointFile, report: options.report };
  const sources = startEventSources({ ...woken, lambdas });
  closers.add(() => closeInTime(sources, options.report));
  const background = startBackground({ ...woken, urgentWork }, closers);
  const serving = createSocketServing({
    ...surroundings,
    socket: lambdas.socket,
    transport: options.sockets ?? 'local',
  });
  closers.add(serving.close);
  gateway.serve(lambdas.api.invoke);
  gateway.serveSockets(serving);
  closers.add(gateway.close);
  announce(folder, { gateway, database, endpoints });
  return {
    url,
    port: gateway.port,
    endpoints,
    queueUrls: queue.urls,
    deadLetterUrls: queue.deadLetterUrls,
    lost: Promise.race([database.lost, queue.lost, services.lost, background.lost]),
    close: closers.closeAll,
  };
}

/** What the servers do not need, so that loading it takes no time from them. */
async function loadParts() {
  const [{ foregroundSteps, loadLambdas }, { startEventSources }, { createSocketServing }] = await Promise.all([
    import('./lambdas.ts'),
    import('./event-sources.ts'),
    import('./sockets/socket-serving.ts'),
  ]);
  return { foregroundSteps, loadLambdas, startEventSources, createSocketServing };
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

async function openGateway(options: StackOptions, lastPort: number | undefined): Promise<Gateway> {
  const { port, report } = options;
  const settings = { report, sockets: transportRules[options.sockets ?? 'local'] };
  if (port !== 0 || lastPort === undefined) return await startGateway({ ...settings, port });
  try {
    return await startGateway({ ...settings, port: lastPort });
  } catch (error) {
    if (error instanceof StartError) return await startGateway({ ...settings, port });
    throw error;
  }
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
