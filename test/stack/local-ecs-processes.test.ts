import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RegisterTaskDefinitionCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalSecrets, localSecretArn } from '../../local/secrets.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  type EcsStack,
  isProcessAlive,
  outputOf,
  readOrEmpty,
  register,
  runOne,
  sessionMembers,
  startEcsStack,
  taskProcesses,
  untilStatus,
} from './local-ecs-stack.ts';

const planted = 'planted-by-the-operator';
const secrets = createLocalSecrets(
  new Map([
    ['auth', 'user:password'],
    ['json', '{"member":"of json"}'],
  ]),
);

let stack: EcsStack;
let toolFolder: string;

beforeAll(async () => {
  process.env['SLIPWAY_PLANTED_SECRET'] = planted;
  const searchPath: string[] = [];
  stack = await startEcsStack({ secret: secrets.value, searchPath });
  toolFolder = path.join(stack.dataDir, 'tools');
  mkdirSync(toolFolder);
  writeFileSync(path.join(toolFolder, 'env'), '#!/bin/sh\necho the first env on PATH\n', { mode: 0o755 });
  searchPath.push(toolFolder);
});

afterAll(async () => {
  Reflect.deleteProperty(process.env, 'SLIPWAY_PLANTED_SECRET');
  await stack[Symbol.asyncDispose]();
});

async function outputAtEnd(id: string): Promise<string> {
  await untilStatus(stack.events, id, 'STOPPED');
  return outputOf(stack.dataDir, id);
}

describe('the environment of a task', () => {
  it('holds what the definition, its secrets and the overrides say, four names of the operator, and nothing else', async () => {
    const family = await register(stack.client, {
      command: [process.execPath, '-e', 'console.log(JSON.stringify(process.env))'],
      environment: [
        { name: 'FROM_DEFINITION', value: 'one\ntwo' },
        { name: 'OVERRIDDEN', value: 'no' },
        { name: 'not.a-shell name', value: 'kept' },
        { name: 'IFS', value: 'kept as well' },
      ],
      secrets: [
        { name: 'AUTH', valueFrom: localSecretArn('auth') },
        { name: 'MEMBER', valueFrom: `${localSecretArn('json')}:member::` },
      ],
    });
    const environment = [{ name: 'OVERRIDDEN', value: "it's $HOME" }];

    const id = await runOne(stack.client, {
      taskDefinition: family,
      overrides: { containerOverrides: [{ name: 'main', environment }] },
    });

    const seen = JSON.parse(await outputAtEnd(id));
    expect(seen).toEqual({
      FROM_DEFINITION: 'one\ntwo',
      OVERRIDDEN: "it's $HOME",
      'not.a-shell name': 'kept',
      IFS: 'kept as well',
      AUTH: 'user:password',
      MEMBER: 'of json',
      PATH: `${toolFolder}:${process.env['PATH']}`,
      HOME: process.env['HOME'] ?? expect.any(String),
      TMPDIR: process.env['TMPDIR'] ?? '/tmp',
      LANG: process.env['LANG'] ?? 'C.UTF-8',
      SLIPWAY_LOCAL_CONTAINER: `${id}/main`,
    });
    expect(JSON.stringify(seen)).not.toContain(planted);
  });

  it('has the folders that come first on PATH before all others', async () => {
    const id = await runOne(stack.client, { taskDefinition: await register(stack.client, { command: ['env'] }) });

    expect(await outputAtEnd(id)).toBe('the first env on PATH\n');
  });

  it('is replaced, PATH and HOME included, by what the definition says', async () => {
    const environment = [
      { name: 'PATH', value: '/usr/bin:/bin' },
      { name: 'HOME', value: '/elsewhere' },
    ];

    const id = await stack.runShell('echo $PATH $HOME', { environment });

    expect(await outputAtEnd(id)).toBe(`${toolFolder}:/usr/bin:/bin /elsewhere\n`);
  });
});

describe('a container', () => {
  it('runs entry point and command in the work folder of its task', async () => {
    const id = await stack.runShell('', { entryPoint: ['/bin/sh', '-c'], command: ['pwd; cat'] });

    const workFolder = realpathSync(path.join(stack.dataDir, 'tasks', id, 'work'));
    expect(await outputAtEnd(id)).toBe(`${workFolder}\n`);
  });

  it.each([
    ['exit 0', 0],
    ['exit 42', 42],
    ['kill -9 $$', 137],
    ['kill -TERM $$', 143],
    ['trap "exit 7" TERM; kill -TERM 0; sleep 1', 7],
  ])('that ends by %s stops its task with exit code %i', async (command, exitCode) => {
    const id = await stack.runShell(command);

    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'main', lastStatus: 'STOPPED', exitCode }],
    });
  });

  it.each([
    [
      'a program that is nowhere',
      { command: ['no-such-program'] },
      'exec: "no-such-program": executable file not found in $PATH',
    ],
    [
      'a path that is nowhere',
      { command: ['/no/such/program'] },
      'exec: "/no/such/program": stat /no/such/program: no such file or directory',
    ],
    ['a file that is no program', { command: ['/etc/passwd'] }, 'exec: "/etc/passwd": permission denied'],
    [
      'a working directory that is nowhere',
      { command: ['true'], workingDirectory: '/no/such/folder' },
      'chdir to cwd ("/no/such/folder") failed: no such file or directory',
    ],
    ['no command', {}, "the image's own command is unknown"],
  ])('with %s fails to start, with the reason and without an exit code', async (_, container, reason) => {
    const id = await runOne(stack.client, { taskDefinition: await register(stack.client, container) });

    const detail = await untilStatus(stack.events, id, 'STOPPED');

    const expected = expect.stringMatching(/^CannotStartContainerError: /);
    expect(detail).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expected,
      containers: [{ reason: expected }],
    });
    expect(detail['stoppedReason']).toContain(reason);
    expect(JSON.stringify(detail)).not.toContain('exitCode');
    expect(detail).not.toHaveProperty('startedAt');
  });

  it('whose secret is missing fails to start', async () => {
    const id = await stack.runShell('true', { secrets: [{ name: 'X', valueFrom: localSecretArn('nothing') }] });

    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(/^ResourceInitializationError: .*can't find the specified secret/),
    });
  });
});

// Each leaves its parent in another way; `sleep 300` is what must not be left.
const escapes = [
  ['in a session of its own', 'setsid sleep 300 &'],
  ['orphaned', '(sleep 300 &)'],
  ['in a session of its own, orphaned, with its output elsewhere', '(setsid sleep 300 >/dev/null 2>&1 &)'],
  ['without its environment', '(env -i /bin/sleep 300 &)'],
] as const;

describe('the end of the first process', () => {
  it.each(escapes)('ends a descendant %s', async (_, escape) => {
    const id = await stack.runShell(`${escape} until [ -e go ]; do sleep 0.02; done; exit 5`);
    const pids = await sleepersOf(id);

    writeFileSync(path.join(stack.dataDir, 'tasks', id, 'work', 'go'), '');
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({ containers: [{ exitCode: 5 }] });
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });
});

describe('StopTask', () => {
  it.each(escapes)('ends a descendant %s', async (_, escape) => {
    const id = await stack.runShell(`${escape} sleep 200`);
    const pids = await sleepersOf(id);

    await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id, reason: 'enough' }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      containers: [{ exitCode: 143 }],
    });
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect(taskProcesses(id)).toEqual({ keepers: [], others: [] });
  });

  it('lets the first process end by itself on SIGTERM', async () => {
    const id = await stack.runShell('trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.02; done');
    await waitFor('the trap to be set', () => outputOf(stack.dataDir, id) === 'ready\n');

    const reply = await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(reply.task).toMatchObject({ desiredStatus: 'STOPPED', lastStatus: 'STOPPING', stopCode: 'UserInitiated' });
    expect(detail).toMatchObject({ containers: [{ exitCode: 9 }] });
    expect(outputOf(stack.dataDir, id)).toBe('ready\nbye\n');
  });

  it('kills a first process that ignores SIGTERM when its stopTimeout is over, not before', async () => {
    const id = await stack.runShell('trap "" TERM; echo ready; while :; do sleep 0.02; done', { stopTimeout: 1 });
    await waitFor('the trap to be set', () => outputOf(stack.dataDir, id) === 'ready\n');
    const before = performance.now();

    await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(performance.now() - before).toBeGreaterThan(990);
    expect(detail).toMatchObject({ stopCode: 'UserInitiated', containers: [{ exitCode: 137 }] });
  });

  it('before the process is there stops the task without an exit code', async () => {
    const never = new Promise<undefined>(() => undefined);
    await using slow = await startEcsStack({ secret: () => never });
    const id = await slow.runShell('true', { secrets: [{ name: 'X', valueFrom: 'slow' }] });
    await untilStatus(slow.events, id, 'PENDING');

    const reply = await slow.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));

    expect(reply.task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
    expect(JSON.stringify(reply.task)).not.toContain('exitCode');
  });

  it('says nothing new about a task that has stopped', async () => {
    const id = await stack.runShell('exit 3');
    await untilStatus(stack.events, id, 'STOPPED');

    const reply = await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id, reason: 'late' }));

    expect(reply.task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' });
  });
});

describe('a task of several containers', () => {
  it('ends the others when an essential one exits, and only then', async () => {
    await stack.client.send(
      new RegisterTaskDefinitionCommand({
        family: 'several',
        containerDefinitions: [
          { name: 'side', image: 'none', essential: false, command: ['/bin/sh', '-c', 'exit 1'] },
          { name: 'helper', image: 'none', essential: false, command: ['/bin/sh', '-c', 'sleep 300'] },
          { name: 'main', image: 'none', command: ['/bin/sh', '-c', 'until [ -e go ]; do sleep 0.02; done'] },
        ],
      }),
    );
    const id = await runOne(stack.client, { taskDefinition: 'several' });
    await untilStatus(stack.events, id, 'RUNNING');
    await waitFor('the first sidecar to end', () =>
      stack.events.some(
        ({ detail }) => JSON.stringify(detail).includes(id) && JSON.stringify(detail).includes('"exitCode":1'),
      ),
    );
    await waitFor('two containers to be left', () => taskProcesses(id).keepers.length === 2);

    writeFileSync(path.join(stack.dataDir, 'tasks', id, 'work', 'go'), '');
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [
        { name: 'side', exitCode: 1 },
        { name: 'helper', exitCode: 143 },
        { name: 'main', exitCode: 0 },
      ],
    });
    expect(taskProcesses(id)).toEqual({ keepers: [], others: [] });
  });
});

/** Waits for the process that must not be left, which may carry no mark at all, and answers it with its relatives. */
async function sleepersOf(id: string): Promise<number[]> {
  return waitFor('the descendant to run', () => {
    const { keepers, others } = taskProcesses(id);
    const pids = [...new Set([...others, ...keepers.flatMap(sessionMembers)])].filter((pid) => !keepers.includes(pid));
    const isThere = pids.some((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes('sleep\u0000300'));
    return isThere ? pids : undefined;
  });
}
