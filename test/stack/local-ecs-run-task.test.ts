import {
  type ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import { type EcsStack, idOf, register, runOne, startEcsStack, untilStatus } from './local-ecs-stack.ts';

const hour = 3_600_000;
const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };
const refusal: { next: AwsError | { failures: { reason: string }[] } | undefined } = { next: undefined };

let stack: EcsStack;
let client: ECSClient;

beforeAll(async () => {
  stack = await startEcsStack({ clock, refuse: () => refusal.next });
  client = stack.client;
});

afterAll(() => stack[Symbol.asyncDispose]());

const long = ['/bin/sh', '-c', 'sleep 60'];

function run(input: Omit<RunTaskCommandInput, 'cluster'>) {
  return client.send(new RunTaskCommand({ cluster: 'slipway', ...input }));
}

async function stop(id: string): Promise<void> {
  await client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));
  await untilStatus(stack.events, id, 'STOPPED');
}

describe('RunTask', () => {
  let family: string;

  beforeAll(async () => {
    family = await register(client, { command: long });
  });

  it('answers the task as AWS describes a new one', async () => {
    const reply = await run({ taskDefinition: family, startedBy: 'run-1', tags: [{ key: 'a', value: 'b' }] });

    const task = reply.tasks?.[0];
    expect(reply.failures).toEqual([]);
    expect(task).toMatchObject({
      clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/slipway',
      taskArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:task\/slipway\/[0-9a-f]{32}$/),
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      startedBy: 'run-1',
      group: `family:${family}`,
      version: 1,
      createdAt: new Date(clock.time),
      tags: [{ key: 'a', value: 'b' }],
      containers: [{ name: 'main', lastStatus: 'PENDING' }],
      overrides: { containerOverrides: [{ name: 'main' }] },
    });
    await stop(idOf(task?.taskArn));
  });

  type Refused = [what: string, input: Partial<RunTaskCommandInput>, name: string, message: string];
  const override = (name: string, value: string) => ({
    containerOverrides: [{ name, environment: [{ name: 'X', value }] }],
  });
  it.each([
    ['an unknown cluster', { cluster: 'other' }, 'ClusterNotFoundException', 'Cluster not found.'],
    [
      'no cluster, which means the one called default',
      { cluster: undefined },
      'ClusterNotFoundException',
      'Cluster not found.',
    ],
    ['an unknown definition', { taskDefinition: 'nothing' }, 'ClientException', 'TaskDefinition not found.'],
    [
      'an override for no container',
      { overrides: override('other', '') },
      'InvalidParameterException',
      'Override for container named other is not a container in the TaskDefinition.',
    ],
    [
      'overrides above 8,192 characters',
      { overrides: override('main', 'x'.repeat(8_200)) },
      'InvalidParameterException',
      'Container Overrides length must be at most 8192',
    ],
    ['11 tasks', { count: 11 }, 'InvalidParameterException', 'Count must be between 1 and 10.'],
    [
      'a token of 65 characters',
      { clientToken: 'x'.repeat(65) },
      'InvalidParameterException',
      'up to 64 ASCII characters',
    ],
    ['startedBy with a space', { startedBy: 'a b' }, 'InvalidParameterException', 'startedBy'],
    [
      'launch type and strategy',
      { launchType: 'FARGATE', capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }] },
      'InvalidParameterException',
      'Specifying both a launch type and capacity provider strategy',
    ],
    [
      'FARGATE for a definition without it',
      { launchType: 'FARGATE' },
      'InvalidParameterException',
      'Task definition does not support launch_type FARGATE.',
    ],
    [
      'a tag in the name of AWS',
      { tags: [{ key: 'aws:x', value: '' }] },
      'InvalidParameterException',
      'Invalid tag key',
    ],
  ] satisfies Refused[])('refuses %s', async (_, input, name, message) => {
    const call = client.send(new RunTaskCommand({ cluster: 'slipway', taskDefinition: family, ...input }));

    await expect(call).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('takes overrides of exactly 8,192 characters', async () => {
    const spare = 8_192 - JSON.stringify(override('main', '')).length;

    const id = await runOne(client, { taskDefinition: family, overrides: override('main', 'x'.repeat(spare)) });
    const oneMore = run({ taskDefinition: family, overrides: override('main', 'x'.repeat(spare + 1)) });

    await expect(oneMore).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await stop(id);
  });

  it('needs a network for awsvpc, and shows the one it made', async () => {
    await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'networked',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        containerDefinitions: [{ name: 'main', image: 'none', command: long }],
      }),
    );
    const networkConfiguration = { awsvpcConfiguration: { subnets: ['subnet-1'] } };

    const refused = run({ taskDefinition: 'networked', launchType: 'FARGATE' });
    await expect(refused).rejects.toThrow(
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    );
    const reply = await run({ taskDefinition: 'networked', launchType: 'FARGATE', networkConfiguration });

    const task = reply.tasks?.[0];
    expect(task).toMatchObject({ launchType: 'FARGATE', platformVersion: '1.4.0', cpu: '256', memory: '512' });
    expect(task?.attachments?.[0]?.details).toContainEqual({ name: 'subnetId', value: 'subnet-1' });
    await stop(idOf(task?.taskArn));
  });
});

describe('a client token', () => {
  let family: string;

  beforeAll(async () => {
    family = await register(client, { command: long });
  });

  it('replays the first answer and starts nothing', async () => {
    const input = { taskDefinition: family, clientToken: 'replayed', startedBy: 'tokens-1' };
    const first = await run(input);
    await untilStatus(stack.events, idOf(first.tasks?.[0]?.taskArn), 'RUNNING');

    const second = await run(input);

    const listed = await client.send(new ListTasksCommand({ cluster: 'slipway', startedBy: 'tokens-1' }));
    expect(second.tasks).toEqual(first.tasks);
    expect(listed.taskArns).toEqual([first.tasks?.[0]?.taskArn]);
    await stop(idOf(first.tasks?.[0]?.taskArn));
  });

  it('conflicts with other parameters and names its task', async () => {
    const first = await run({ taskDefinition: family, clientToken: 'taken' });
    const arn = first.tasks?.[0]?.taskArn;

    const call = run({ taskDefinition: family, clientToken: 'taken', startedBy: 'other' });

    await expect(call).rejects.toMatchObject({ name: 'ConflictException', resourceIds: [arn] });
    await stop(idOf(arn));
  });

  it('replays failures as well', async () => {
    refusal.next = { failures: [{ reason: 'RESOURCE:MEMORY' }] };
    const first = await run({ taskDefinition: family, clientToken: 'failed' });
    refusal.next = undefined;

    const second = await run({ taskDefinition: family, clientToken: 'failed' });

    expect(first).toMatchObject({ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] });
    expect(second).toMatchObject({ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] });
  });

  it('is not spent by an exception', async () => {
    refusal.next = new AwsError('ThrottlingException', 'Rate exceeded');
    const refused = run({ taskDefinition: family, clientToken: 'throttled' });
    await expect(refused).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' });
    refusal.next = undefined;

    const id = await runOne(client, { taskDefinition: family, clientToken: 'throttled' });

    expect(id).toMatch(/^[0-9a-f]{32}$/);
    await stop(id);
  });

  it('dies an hour after its task has stopped, not before', async () => {
    const input = { taskDefinition: family, clientToken: 'dying' };
    const first = await run(input);
    clock.time += 5 * hour;
    await stop(idOf(first.tasks?.[0]?.taskArn));

    clock.time += hour - 1;
    const replayed = await run(input);
    clock.time += 1;
    const fresh = await run(input);

    expect(replayed.tasks?.[0]?.taskArn).toBe(first.tasks?.[0]?.taskArn);
    expect(fresh.tasks?.[0]?.taskArn).not.toBe(first.tasks?.[0]?.taskArn);
    await stop(idOf(fresh.tasks?.[0]?.taskArn));
  });

  it('dies after a day even while its task runs', async () => {
    const input = { taskDefinition: family, clientToken: 'old' };
    const first = await run(input);
    clock.time += 24 * hour;

    const fresh = await run(input);

    expect(fresh.tasks?.[0]?.taskArn).not.toBe(first.tasks?.[0]?.taskArn);
    await stop(idOf(first.tasks?.[0]?.taskArn));
    await stop(idOf(fresh.tasks?.[0]?.taskArn));
  });
});
