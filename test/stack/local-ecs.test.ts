import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EcsStack, idOf, register, runOne, startEcsStack, untilStatus } from './local-ecs-stack.ts';

const hour = 3_600_000;
const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };

let stack: EcsStack;
let client: ECSClient;

beforeAll(async () => {
  stack = await startEcsStack({ clock });
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

describe('DescribeTasks and ListTasks', () => {
  let family: string;

  beforeAll(async () => {
    family = await register(client, { command: long });
  });

  it('describe by id and ARN, and name what is missing', async () => {
    const id = await runOne(client, { taskDefinition: family });
    const unknown = 'f'.repeat(32);

    const reply = await client.send(
      new DescribeTasksCommand({
        cluster: 'slipway',
        tasks: [id, `arn:aws:ecs:us-east-1:000000000000:task/slipway/${id}`, unknown],
      }),
    );

    expect(reply.tasks?.map((task) => idOf(task.taskArn))).toEqual([id]);
    expect(reply.failures).toEqual([
      { arn: `arn:aws:ecs:us-east-1:000000000000:task/slipway/${unknown}`, reason: 'MISSING' },
    ]);
    await stop(id);
  });

  it('describe at most 100 tasks', async () => {
    const tasks = Array.from({ length: 101 }, (_, index) => String(index));

    const call = client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks }));

    await expect(call).rejects.toThrow('taskIds can have at most 100 items.');
  });

  it('list running tasks unless stopped ones are asked for', async () => {
    const id = await runOne(client, { taskDefinition: family });
    await stop(id);

    const running = await client.send(new ListTasksCommand({ cluster: 'slipway', family }));
    const stopped = await client.send(new ListTasksCommand({ cluster: 'slipway', family, desiredStatus: 'STOPPED' }));

    expect(running.taskArns?.map(idOf)).not.toContain(id);
    expect(stopped.taskArns?.map(idOf)).toContain(id);
  });

  it('take startedBy only alone', async () => {
    const call = client.send(new ListTasksCommand({ cluster: 'slipway', startedBy: 'x', family }));

    await expect(call).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('list in pages that miss nothing', async () => {
    const reply = await run({ taskDefinition: family, count: 5, startedBy: 'pages' });
    const arns = reply.tasks?.map((task) => task.taskArn) ?? [];

    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListTasksCommand({ cluster: 'slipway', startedBy: 'pages', maxResults: 2, nextToken }),
      );
      seen.push(...(page.taskArns ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);

    expect(seen.toSorted()).toEqual(arns.toSorted());
    for (const arn of arns) await stop(idOf(arn));
  });

  it('forget a task an hour after it has stopped', async () => {
    const id = await runOne(client, { taskDefinition: family });
    await stop(id);
    const describe = () => client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id] }));

    clock.time += hour - 1;
    const before = await describe();
    clock.time += 1;
    const after = await describe();

    expect(before.tasks).toHaveLength(1);
    expect(after.failures?.[0]?.reason).toBe('MISSING');
    await expect(stop(id)).rejects.toThrow('The referenced task was not found.');
  });
});

describe('TagResource', () => {
  it('adds tags to a task, shown when they are asked for', async () => {
    const family = await register(client, { command: long });
    const id = await runOne(client, { taskDefinition: family, tags: [{ key: 'a', value: '1' }] });
    const tags = [
      { key: 'a', value: '2' },
      { key: 'b', value: '3' },
    ];

    await client.send(
      new TagResourceCommand({ resourceArn: `arn:aws:ecs:us-east-1:000000000000:task/slipway/${id}`, tags }),
    );

    const shown = await client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id], include: ['TAGS'] }));
    const plain = await client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id] }));
    expect(shown.tasks?.[0]?.tags).toEqual(tags);
    expect(plain.tasks?.[0]?.tags).toEqual([]);
    await stop(id);
  });
});
