// What the model of ECS, on which the faults are played, and the local ECS answer alike: one suite for both, by the real
// SDK over the wire. What only one of them can do (processes; quotas, blindness and forgetting) has tests of its own.
import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { modelEcs } from '../support/stage/model-ecs.ts';
import { waitFor } from '../support/wait-for.ts';
import { ecsClient, startEcsStack } from './local-ecs-stack.ts';

const definition = {
  containerDefinitions: [{ name: 'main', image: 'none' }],
  requiresCompatibilities: ['FARGATE' as const],
  networkMode: 'awsvpc' as const,
  cpu: '256',
  memory: '512',
};

type Event = { readonly 'detail-type': string; readonly source: string; readonly detail: Record<string, unknown> };

type Subject = {
  readonly client: ECSClient;
  readonly events: readonly Event[];
  /** Lets time pass until it is so. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
};

async function local(): Promise<Subject> {
  const stack = await startEcsStack();
  return {
    client: stack.client,
    events: stack.events as readonly Event[],
    async until(what, isSo) {
      await waitFor(what, async () => ((await isSo()) ? true : undefined));
    },
    async close() {
      await stack[Symbol.asyncDispose]();
    },
  };
}

/** Its containers do what `sh -c` would: `exit N` at once, anything else until somebody stops them. */
async function model(): Promise<Subject> {
  const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time, advanceTo: () => undefined };
  const events: Event[] = [];
  const ecs = modelEcs({
    clock,
    emit: (event) => void events.push(structuredClone(event) as Event),
    script: (task) => {
      const { containerOverrides } = task.request['overrides'] as { containerOverrides: { command: string[] }[] };
      const [, code] = /^exit (\d+)$/.exec(containerOverrides[0]?.command[2] ?? '') ?? [];
      if (code !== undefined) ecs.end(task, { exitCode: Number(code) });
    },
  });
  const endpoint = await startAwsEndpoint({ port: 0, services: { ecs: ecs.service } });
  const client = ecsClient(endpoint.url);
  return {
    client,
    events,
    async until(what, isSo) {
      for (let turn = 0; turn < 100; turn += 1) {
        if (await isSo()) return;
        clock.time += 1_000;
        await ecs.act();
      }
      throw new Error(`${what} never came`);
    },
    async close() {
      client.destroy();
      await endpoint.close();
    },
  };
}

describe.each([
  ['the local ECS', local],
  ['the model of ECS', model],
])('%s', (_, start) => {
  let subject: Subject;
  let client: ECSClient;
  let families = 0;
  beforeAll(async () => {
    subject = await start();
    client = subject.client;
  });
  afterAll(() => subject?.close());

  async function family(): Promise<string> {
    families += 1;
    const name = `contract-${families}`;
    await client.send(new RegisterTaskDefinitionCommand({ family: name, ...definition }));
    return name;
  }

  const request = (taskDefinition: string, command: string): RunTaskCommandInput => ({
    cluster: 'slipway',
    taskDefinition,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    startedBy: `slipway/contract/${taskDefinition}`,
    overrides: { containerOverrides: [{ name: 'main', command: ['/bin/sh', '-c', command] }] },
  });

  async function runs(command: string, over: Partial<RunTaskCommandInput> = {}): Promise<string> {
    const { tasks } = await client.send(new RunTaskCommand({ ...request(await family(), command), ...over }));
    const arn = tasks?.[0]?.taskArn;
    if (arn === undefined) throw new Error('no task');
    return arn;
  }

  async function seen(taskArn: string): Promise<Task | undefined> {
    return (await client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [taskArn] }))).tasks?.[0];
  }
  const becomes = (taskArn: string, status: string) =>
    subject.until(`${taskArn} to be ${status}`, async () => (await seen(taskArn))?.lastStatus === status);
  async function list(input: ListTasksCommandInput): Promise<readonly string[]> {
    return (await client.send(new ListTasksCommand({ cluster: 'slipway', ...input }))).taskArns ?? [];
  }
  const stop = (task: string, reason: string) => client.send(new StopTaskCommand({ cluster: 'slipway', task, reason }));
  const eventsOf = (taskArn: string) => subject.events.filter(({ detail }) => detail['taskArn'] === taskArn);

  it('answers a definition with its revision, and counts revisions by family', async () => {
    const register = () =>
      client.send(new RegisterTaskDefinitionCommand({ family: 'contract-revisions', ...definition }));

    const [first, second] = [await register(), await register()];

    const arn = 'arn:aws:ecs:us-east-1:000000000000:task-definition/contract-revisions';
    expect(first.taskDefinition).toMatchObject({ taskDefinitionArn: `${arn}:1`, revision: 1 });
    expect(second.taskDefinition).toMatchObject({ taskDefinitionArn: `${arn}:2`, revision: 2 });
  });

  it('answers RunTask with a task that is wanted RUNNING and is not there yet', async () => {
    const { tasks, failures } = await client.send(new RunTaskCommand(request(await family(), 'sleep 60')));

    expect(failures).toEqual([]);
    expect(tasks).toHaveLength(1);
    expect(tasks?.[0]).toMatchObject({
      taskArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:task\/slipway\/[0-9a-f]{32}$/),
      clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/slipway',
      startedBy: expect.stringContaining('slipway/contract/'),
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      version: 1,
      createdAt: expect.any(Date),
    });
  });

  it('replays its answer for a token, and refuses the token with another request', async () => {
    const taskDefinition = await family();
    const once = { ...request(taskDefinition, 'sleep 60'), clientToken: 'one-token' };

    const [first, again] = [await client.send(new RunTaskCommand(once)), await client.send(new RunTaskCommand(once))];
    const other = client.send(new RunTaskCommand({ ...request(taskDefinition, 'exit 1'), clientToken: 'one-token' }));

    expect(again.tasks?.[0]?.taskArn).toBe(first.tasks?.[0]?.taskArn);
    await expect(other).rejects.toMatchObject({ name: 'ConflictException' });
    expect(await list({ family: taskDefinition })).toHaveLength(1);
  });

  it('knows no definition that was never registered', async () => {
    await expect(client.send(new RunTaskCommand(request('nothing', 'exit 0')))).rejects.toMatchObject({
      name: 'ClientException',
      message: 'TaskDefinition not found.',
    });
  });

  it.each([0, 3])('says of a container that exits with %d that the task stopped by itself', async (code) => {
    const arn = await runs(`exit ${code}`);

    await becomes(arn, 'STOPPED');

    expect(await seen(arn)).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      startedAt: expect.any(Date),
      stoppedAt: expect.any(Date),
      containers: [{ name: 'main', lastStatus: 'STOPPED', exitCode: code }],
    });
  });

  it('says of a task that was stopped who stopped it and why', async () => {
    const arn = await runs('sleep 60');
    await becomes(arn, 'RUNNING');

    const { task } = await stop(arn, 'slipway: cancelled');
    await becomes(arn, 'STOPPED');

    expect(task).toMatchObject({ taskArn: arn, desiredStatus: 'STOPPED' });
    expect(await seen(arn)).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'slipway: cancelled' });
    expect((await seen(arn))?.containers?.[0]?.exitCode).toBeGreaterThan(128);
  });

  it('takes a second StopTask, and one for a task that has stopped', async () => {
    const arn = await runs('exit 0');
    await becomes(arn, 'STOPPED');

    const answers = [await stop(arn, 'once'), await stop(arn, 'twice')];

    expect(answers.map(({ task }) => task?.lastStatus)).toEqual(['STOPPED', 'STOPPED']);
    expect(await seen(arn)).toMatchObject({ stopCode: 'EssentialContainerExited' });
  });

  it('knows no task that never was', async () => {
    const arn = `arn:aws:ecs:us-east-1:000000000000:task/slipway/${'0f'.repeat(16)}`;

    const described = await client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [arn] }));

    expect(described).toMatchObject({ tasks: [], failures: [{ arn, reason: 'MISSING' }] });
    await expect(stop(arn, 'none')).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The referenced task was not found.',
    });
  });

  it('describes a hundred tasks a call and no more', async () => {
    const id = (at: number) => at.toString(16).padStart(32, 'f');
    const tasks = Array.from({ length: 101 }, (_, at) => `arn:aws:ecs:us-east-1:000000000000:task/slipway/${id(at)}`);

    await expect(client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { failures } = await client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: tasks.slice(1) }));
    expect(failures).toHaveLength(100);
  });

  it('lists tasks by what is wanted of them, by family and by who started them, page by page', async () => {
    const taskDefinition = await family();
    const arns: string[] = [];
    for (let at = 0; at < 3; at += 1) arns.push(await runs('sleep 60', { taskDefinition, startedBy: `by/${at}` }));
    await Promise.all(arns.map((arn) => becomes(arn, 'RUNNING')));
    const [first = '', second = ''] = arns;
    await stop(first, 'enough');

    const stopped = await list({ family: taskDefinition, desiredStatus: 'STOPPED' });
    const running = await list({ family: taskDefinition });
    const started = await list({ startedBy: 'by/1' });
    const page = await client.send(new ListTasksCommand({ cluster: 'slipway', family: taskDefinition, maxResults: 1 }));
    const rest = { cluster: 'slipway', family: taskDefinition, nextToken: page.nextToken };
    const last = await client.send(new ListTasksCommand(rest));

    expect(stopped).toEqual([first]);
    expect(running.toSorted()).toEqual(arns.slice(1).toSorted());
    expect(started).toEqual([second]);
    expect([...(page.taskArns ?? []), ...(last.taskArns ?? [])].toSorted()).toEqual(arns.slice(1).toSorted());
    expect([page.taskArns?.length, last.nextToken]).toEqual([1, undefined]);
  });

  it('takes no other filter beside who started a task', async () => {
    await expect(list({ startedBy: 'by/1', desiredStatus: 'RUNNING' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('tells of a task by events whose versions rise, the last of which says how it ended', async () => {
    const arn = await runs('exit 3');

    await subject.until('the event of its end', async () =>
      eventsOf(arn).some(({ detail }) => detail['lastStatus'] === 'STOPPED'),
    );

    const told = eventsOf(arn);
    const versions = told.map(({ detail }) => Number(detail['version']));
    const [end] = told.filter(({ detail }) => detail['lastStatus'] === 'STOPPED');
    expect(told.every((event) => event['detail-type'] === 'ECS Task State Change')).toBe(true);
    expect(told.map(({ detail }) => detail['lastStatus'])).toContain('RUNNING');
    expect(versions).toEqual([...new Set(versions)].toSorted((one, other) => one - other));
    expect(end?.detail).toMatchObject({
      startedBy: expect.stringContaining('slipway/contract/'),
      clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/slipway',
      stopCode: 'EssentialContainerExited',
      containers: [{ name: 'main', exitCode: 3 }],
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      stoppedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it('is read alike by the adapter', async () => {
    const tasks = createTasks({ ecs: client, launch: client });
    const input = request(await family(), 'exit 3');
    const { cluster = '', taskDefinition } = input;

    const launched = await tasks.run(JSON.parse(JSON.stringify(input)), 'adapter-token');
    if (launched.kind !== 'launched') throw new Error(launched.reason);
    await becomes(launched.taskArn, 'STOPPED');
    const listed: string[] = [];
    for await (const arn of tasks.listStopped(cluster, taskDefinition)) listed.push(arn);
    const { tasks: described } = await tasks.describe(cluster, [launched.taskArn]);

    expect(launched.task.lastStatus).toBe('PROVISIONING');
    expect(listed).toEqual([launched.taskArn]);
    expect(described[0]).toMatchObject({
      taskArn: launched.taskArn,
      startedBy: input.startedBy,
      task: { lastStatus: 'STOPPED', containers: [{ name: 'main', exitCode: 3 }] },
    });
    expect(await tasks.stop(cluster, launched.taskArn.replace(/.$/, 'x'), 'none')).toBe('gone');
  });
});
