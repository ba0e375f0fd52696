import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalSecrets, localSecretArn } from '../../local/secrets.ts';
import {
  credentials,
  type EcsStack,
  outputOf,
  register,
  runOne,
  startEcsStack,
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

    // The task's own folder may not be there yet when RunTask has answered.
    const workFolder = path.join(realpathSync(stack.dataDir), 'tasks', id, 'work');
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

describe('the output of a container', () => {
  it('is the stream that the awslogs driver would name, standard error included', async () => {
    const options = { 'awslogs-group': '/slipway/tasks', 'awslogs-stream-prefix': 'hello' };
    const logs = new CloudWatchLogsClient({ endpoint: stack.url, region: 'us-east-1', credentials, maxAttempts: 1 });

    const id = await stack.runShell('echo out; echo err >&2', { logConfiguration: { logDriver: 'awslogs', options } });
    await untilStatus(stack.events, id, 'STOPPED');

    const stream = { logGroupName: '/slipway/tasks', logStreamName: `hello/main/${id}` };
    const { events } = await logs.send(new GetLogEventsCommand(stream));
    expect(events?.map((event) => event.message)).toEqual(['out', 'err']);
    logs.destroy();
  });
});
