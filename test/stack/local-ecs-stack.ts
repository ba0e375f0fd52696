// A local ECS for one test, reached by the real SDK over the wire, and what tests look at from outside.
// Rule: everything it started is gone when it is closed, tasks included.

import { readdirSync, readFileSync } from 'node:fs';
import {
  type ContainerDefinition,
  ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
} from '@aws-sdk/client-ecs';
import { startAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createLocalEcs, type LocalEcsOptions } from '../../local/ecs/local-ecs.ts';
import { createLocalLogs, type LocalLogs } from '../../local/logs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

type EmittedEvent = Parameters<LocalEcsOptions['emit']>[0];

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

export type EcsStack = AsyncDisposable & {
  readonly client: ECSClient;
  readonly logs: LocalLogs;
  readonly url: string;
  readonly dataDir: string;
  /** Events in the order they were taken. */
  readonly events: EmittedEvent[];
  /** Runs `command` with /bin/sh as the only container, `main`; answers the task's id. */
  readonly runShell: (command: string, container?: Partial<ContainerDefinition>) => Promise<string>;
};

export async function startEcsStack(options: Partial<LocalEcsOptions> = {}): Promise<EcsStack> {
  const folder = await tempDir('slipway-ecs-');
  const events: EmittedEvent[] = [];
  const clock = options.clock ?? Date;
  const logs = createLocalLogs({ dataDir: folder.path, clock });
  const emit = async (event: EmittedEvent) => void events.push(event);
  const secret = async () => undefined;
  const ecs = createLocalEcs({ dataDir: folder.path, clock, emit, searchPath: [], secret, logs, ...options });
  await ecs.adopt();
  const endpoint = await startAwsEndpoint({ port: 0, services: { ecs: ecs.service, logs: logs.service } });
  const client = ecsClient(endpoint.url);
  const runShell = async (command: string, container: Partial<ContainerDefinition> = {}) => {
    const family = await register(client, { command: ['/bin/sh', '-c', command], ...container });
    return runOne(client, { taskDefinition: family });
  };
  const close = async () => {
    client.destroy();
    await endpoint.close();
    await ecs.close();
    await logs.close();
    await endProcessesIn(folder.path);
    await folder.remove();
  };
  return { client, logs, url: endpoint.url, dataDir: folder.path, events, runShell, [Symbol.asyncDispose]: close };
}

/** Without retries, so that a test sees the error it asked for. */
export function ecsClient(endpoint: string): ECSClient {
  return new ECSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

let families = 0;

/** Registers a definition with one container, `main`, in a family of its own; answers the family. */
export async function register(client: ECSClient, container: Partial<ContainerDefinition>): Promise<string> {
  families += 1;
  const family = `family-${process.pid}-${families}`;
  const containerDefinitions = [{ name: 'main', image: 'none', ...container }];
  await client.send(new RegisterTaskDefinitionCommand({ family, containerDefinitions }));
  return family;
}

/** Runs one task on the stack's cluster and answers its id. */
export async function runOne(client: ECSClient, input: Omit<RunTaskCommandInput, 'cluster'>): Promise<string> {
  const { tasks } = await client.send(new RunTaskCommand({ cluster: 'slipway', ...input }));
  return idOf(tasks?.[0]?.taskArn);
}

export function idOf(taskArn: string | undefined): string {
  if (taskArn === undefined) throw new Error('expected a task, got none');
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}

/** Waits for the event that says a task has become so; answers its detail. */
export async function untilStatus(
  events: readonly EmittedEvent[],
  id: string,
  status: string,
): Promise<EmittedEvent['detail']> {
  const event = await waitFor(`task ${id} to be ${status}`, () =>
    eventsOf(events, id).find(({ detail }) => detail['lastStatus'] === status),
  );
  return event.detail;
}

export function eventsOf(events: readonly EmittedEvent[], id: string): EmittedEvent[] {
  return events.filter(({ detail }) => String(detail['taskArn']).endsWith(id));
}

/** The ids of living processes whose environment holds this text. */
export function processesWith(text: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && readOrEmpty(`/proc/${pid}/environ`).includes(text));
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** The ids of the processes of a task: the shells that keep its containers, then the others. */
export function taskProcesses(id: string): { readonly keepers: number[]; readonly others: number[] } {
  const all = processesWith(`SLIPWAY_LOCAL_CONTAINER=${id}/`);
  const keepers = all.filter((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes('slipway_stat'));
  return { keepers, others: all.filter((pid) => !keepers.includes(pid)) };
}

/** The ids of the processes in a session, its leader included. */
export function sessionMembers(sessionId: number): number[] {
  return processIds().filter((pid) => statFields(pid)[3] === String(sessionId));
}

export function isProcessAlive(pid: number): boolean {
  const [state] = statFields(pid);
  return state !== undefined && state !== 'Z';
}

/** What `/proc/PID/stat` says after the name: state, parent, group, session … */
function statFields(pid: number): string[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Ends what tasks of a test left, known by the task folders in its data. */
export async function endProcessesIn(dataDir: string): Promise<void> {
  for (const id of readdirSync(`${dataDir}/tasks`)) {
    await waitFor(`processes of task ${id} to end`, () => {
      const { keepers, others } = taskProcesses(id);
      for (const pid of [...keepers, ...others]) killQuietly(pid);
      return keepers.length + others.length === 0;
    });
  }
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

export function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** What a task's container has written. */
export function outputOf(dataDir: string, id: string, container = 'main'): string {
  return readOrEmpty(`${dataDir}/tasks/${id}/containers/${container}/output`);
}
