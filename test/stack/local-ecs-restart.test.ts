import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  credentials,
  ecsClient,
  endProcessesIn,
  idOf,
  isProcessAlive,
  killQuietly,
  outputOf,
  readOrEmpty,
  register,
  runOne,
  taskProcesses,
} from './local-ecs-stack.ts';

const program = fileURLToPath(new URL('./local-ecs-program.ts', import.meta.url));

let folder: TempDir;
let running: ChildProcess[] = [];

beforeEach(async () => {
  folder = await tempDir('slipway-ecs-restart-');
});

afterEach(async () => {
  for (const child of running) await kill(child);
  running = [];
  await endProcessesIn(folder.path);
  await folder.remove();
});

type Program = { readonly child: ChildProcess; readonly client: ECSClient; readonly url: string };

async function startProgram(): Promise<Program> {
  const child = spawn(process.execPath, [program, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += String(chunk);
  });
  const url = await waitFor('the program to print its url', () => /^http\S+$/m.exec(output)?.[0]);
  return { child, client: ecsClient(url), url };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

type Detail = {
  readonly lastStatus: string;
  readonly version: number;
  readonly containers: readonly { readonly exitCode?: number }[];
} & Readonly<Record<string, unknown>>;

function detailsOf(id: string): Detail[] {
  return readOrEmpty(path.join(folder.path, 'events.jsonl'))
    .split('\n')
    .filter((line) => line.includes(id))
    .map((line): Detail => JSON.parse(line).detail);
}

function untilStatus(id: string, status: string): Promise<Detail> {
  return waitFor(`task ${id} to be ${status}`, () => detailsOf(id).find((detail) => detail.lastStatus === status));
}

async function runShell(client: ECSClient, command: string): Promise<string> {
  const logConfiguration = {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/tasks', 'awslogs-stream-prefix': 'x' },
  } as const;
  const taskDefinition = await register(client, {
    command: ['/bin/sh', '-c', command],
    logConfiguration,
    stopTimeout: 1,
  });
  return runOne(client, { taskDefinition });
}

function letGo(id: string): void {
  writeFileSync(path.join(folder.path, 'tasks', id, 'work', 'go'), '');
}

const untilGo = 'until [ -e go ]; do sleep 0.02; done';

describe('kill -9 of the program', () => {
  it('leaves tasks running, and takes with it the process that started them', async () => {
    const { child, client } = await startProgram();
    const id = await runShell(client, `echo before; ${untilGo}; echo after`);
    await untilStatus(id, 'RUNNING');
    const helpers = readOrEmpty(`/proc/${child.pid}/task/${child.pid}/children`).trim().split(' ').map(Number);
    expect(helpers.length).toBeGreaterThan(0);

    await kill(child);

    await waitFor('the helpers to end', () => helpers.every((pid) => !isProcessAlive(pid)));
    expect(taskProcesses(id).keepers).toHaveLength(1);
    letGo(id);
    await waitFor('the task to finish by itself', () => outputOf(folder.path, id) === 'before\nafter\n');
  });
});

describe('the next program on the folder', () => {
  it('watches on a task that still runs, and ends it when it ends', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, `${untilGo}; exit 6`);
    await untilStatus(id, 'RUNNING');
    await kill(first.child);

    const second = await startProgram();
    const { tasks } = await second.client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id] }));
    expect(tasks?.[0]).toMatchObject({ lastStatus: 'RUNNING', version: 3 });
    letGo(id);
    const letGoAt = performance.now();
    const detail = await untilStatus(id, 'STOPPED');

    // The slow look comes every 2 s: below that, the watch on exit files has done it.
    expect(performance.now() - letGoAt).toBeLessThan(1_500);
    expect(detail).toMatchObject({ version: 4, stopCode: 'EssentialContainerExited', containers: [{ exitCode: 6 }] });
  });

  it('ends a task that ended meanwhile, with the exit code it left, and ends its descendants', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, `(setsid sleep 300 &)\n${untilGo}; exit 7`);
    await untilStatus(id, 'RUNNING');
    await kill(first.child);
    letGo(id);
    await waitFor('the task to end', () => taskProcesses(id).keepers.length === 0);
    expect(taskProcesses(id).others).toHaveLength(1);

    await startProgram();
    const detail = await untilStatus(id, 'STOPPED');

    expect(detail).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 7 }] });
    expect(taskProcesses(id).others).toEqual([]);
  });

  it('stops a task whose processes are gone without an exit code as InfrastructureHealth', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, 'sleep 300');
    await untilStatus(id, 'RUNNING');
    await kill(first.child);
    const { keepers, others } = taskProcesses(id);
    for (const pid of [...keepers, ...others]) killQuietly(pid);

    await startProgram();
    const detail = await untilStatus(id, 'STOPPED');

    expect(detail).toMatchObject({ stopCode: 'InfrastructureHealth', desiredStatus: 'STOPPED' });
    expect(JSON.stringify(detail)).not.toContain('exitCode');
  });

  it('stops a task whose keeper was killed while the program lived on as InfrastructureHealth', async () => {
    const { client } = await startProgram();
    const id = await runShell(client, 'sleep 300');
    await untilStatus(id, 'RUNNING');
    const { keepers, others } = taskProcesses(id);

    for (const pid of keepers) killQuietly(pid);
    const detail = await untilStatus(id, 'STOPPED');

    expect(detail).toMatchObject({ stopCode: 'InfrastructureHealth' });
    expect(others.filter(isProcessAlive)).toEqual([]);
  });

  it('delivers the events that nobody took, in order', async () => {
    writeFileSync(path.join(folder.path, 'away'), '');
    const first = await startProgram();
    const id = await runShell(first.client, 'exit 0');
    await waitFor('the task to stop', async () => {
      const { tasks } = await first.client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id] }));
      return tasks?.[0]?.lastStatus === 'STOPPED';
    });
    await kill(first.child);
    expect(detailsOf(id)).toEqual([]);
    rmSync(path.join(folder.path, 'away'));

    await startProgram();
    await untilStatus(id, 'STOPPED');

    expect(detailsOf(id).map((detail) => detail.version)).toEqual([1, 2, 3, 4]);
  });

  it('starts a task whose program died before its process was there, once', async () => {
    const first = await startProgram();
    const taskDefinition = await register(first.client, {
      command: ['/bin/sh', '-c', `echo ran; ${untilGo}`],
      secrets: [{ name: 'X', valueFrom: 'any' }],
    });
    const exited = once(first.child, 'exit');
    writeFileSync(path.join(folder.path, 'die-before-start'), '');
    const id = await runOne(first.client, { taskDefinition, clientToken: 'once' });
    await exited;
    rmSync(path.join(folder.path, 'die-before-start'));

    const second = await startProgram();
    await untilStatus(id, 'RUNNING');
    const replayed = await second.client.send(
      new RunTaskCommand({ cluster: 'slipway', taskDefinition, clientToken: 'once' }),
    );
    const listed = await second.client.send(new ListTasksCommand({ cluster: 'slipway' }));
    letGo(id);
    await untilStatus(id, 'STOPPED');

    expect(replayed.tasks?.map((task) => idOf(task.taskArn))).toEqual([id]);
    expect(listed.taskArns?.map(idOf)).toEqual([id]);
    expect(outputOf(folder.path, id)).toBe('ran\n');
  });

  it('takes up a task whose process was started before the program could write that down', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, `echo ran; ${untilGo}`);
    await untilStatus(id, 'RUNNING');
    await kill(first.child);
    rewriteTask(id, (json) => json.replaceAll('"lastStatus":"RUNNING"', '"lastStatus":"PENDING"'));

    await startProgram();
    await waitFor('the task to run again', () =>
      detailsOf(id).some((seen) => seen.lastStatus === 'RUNNING' && seen.version === 4),
    );
    const keepers = taskProcesses(id).keepers.length;
    letGo(id);
    const detail = await untilStatus(id, 'STOPPED');

    expect(keepers).toBe(1);
    expect(detail).toMatchObject({ stopCode: 'EssentialContainerExited', containers: [{ exitCode: 0 }] });
    expect(outputOf(folder.path, id)).toBe('ran\n');
  });

  it('goes on stopping a task, and kills it when its grace is over', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, 'trap "" TERM; echo ready; while :; do sleep 0.02; done');
    await waitFor('the trap to be set', () => outputOf(folder.path, id) === 'ready\n');
    await first.client.send(new StopTaskCommand({ cluster: 'slipway', task: id, reason: 'enough' }));
    await kill(first.child);

    await startProgram();
    const detail = await untilStatus(id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      containers: [{ exitCode: 137 }],
    });
  });

  it('still has the log lines of tasks, those written while no program ran included', async () => {
    const first = await startProgram();
    const id = await runShell(first.client, `echo one; ${untilGo}; echo two`);
    await untilStatus(id, 'RUNNING');
    await kill(first.child);
    letGo(id);
    await waitFor('the task to end', () => taskProcesses(id).keepers.length === 0);

    const { url } = await startProgram();
    await untilStatus(id, 'STOPPED');
    const logs = new CloudWatchLogsClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
    const reply = await logs.send(new GetLogEventsCommand({ logGroupName: '/tasks', logStreamName: `x/main/${id}` }));

    expect(reply.events?.map((event) => event.message)).toEqual(['one', 'two']);
  });
});

function rewriteTask(id: string, change: (json: string) => string): void {
  const database = new DatabaseSync(path.join(folder.path, 'ecs.db'));
  const row = database.prepare('SELECT json FROM tasks WHERE id = ?').get(id);
  database.prepare('UPDATE tasks SET json = ? WHERE id = ?').run(change(String(row?.['json'])), id);
  database.close();
}
