import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EcsStack, register, runOne, startEcsStack } from './local-ecs-stack.ts';

const clock = { now: () => Date.UTC(2026, 0, 1) };

let stack: EcsStack;
let client: ECSClient;

beforeAll(async () => {
  stack = await startEcsStack({ clock });
  client = stack.client;
});

afterAll(() => stack[Symbol.asyncDispose]());

describe('task definitions', () => {
  it('count revisions up and are found by family, revision and ARN', async () => {
    const family = await register(client, { command: ['one'] });
    await client.send(
      new RegisterTaskDefinitionCommand({
        family,
        containerDefinitions: [{ name: 'main', image: 'none', command: ['two'] }],
      }),
    );

    const newest = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    const first = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: `${family}:1` }));
    const byArn = await client.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: newest.taskDefinition?.taskDefinitionArn }),
    );

    expect(newest.taskDefinition).toMatchObject({
      revision: 2,
      status: 'ACTIVE',
      taskDefinitionArn: `arn:aws:ecs:us-east-1:000000000000:task-definition/${family}:2`,
      containerDefinitions: [{ name: 'main', command: ['two'], essential: true, cpu: 0, environment: [] }],
    });
    expect(newest.taskDefinition?.registeredAt).toEqual(new Date(clock.now()));
    expect(first.taskDefinition?.containerDefinitions?.[0]?.command).toEqual(['one']);
    expect(byArn.taskDefinition).toEqual(newest.taskDefinition);
  });

  it('are inactive once deregistered: described but not run, and the family falls back to the revision before', async () => {
    const family = await register(client, { command: ['true'] });
    await client.send(
      new RegisterTaskDefinitionCommand({ family, containerDefinitions: [{ name: 'main', image: 'none' }] }),
    );

    await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: `${family}:2` }));

    const described = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: `${family}:2` }));
    const newest = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    expect(described.taskDefinition?.status).toBe('INACTIVE');
    expect(newest.taskDefinition?.revision).toBe(1);
    await expect(runOne(client, { taskDefinition: `${family}:2` })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'TaskDefinition is inactive',
    });
  });

  it('are listed by family and status', async () => {
    const family = await register(client, {});

    const listed = await client.send(new ListTaskDefinitionsCommand({ familyPrefix: family }));

    expect(listed.taskDefinitionArns).toEqual([`arn:aws:ecs:us-east-1:000000000000:task-definition/${family}:1`]);
  });

  it('that nobody registered are a ClientException', async () => {
    const call = client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'nothing' }));

    await expect(call).rejects.toMatchObject({
      name: 'ClientException',
      message: 'Unable to describe task definition.',
    });
  });

  const fargate: Partial<RegisterTaskDefinitionCommandInput> = {
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
  };
  const plain = [{ name: 'main', image: 'none' }];
  const logging = [{ ...plain[0], logConfiguration: { logDriver: 'awslogs', options: {} } } as const];
  it.each([
    ['no container', { containerDefinitions: [] }, 'Container list cannot be empty.'],
    ['two containers of one name', { containerDefinitions: [...plain, ...plain] }, 'must be unique: main'],
    ['no essential container', { containerDefinitions: [{ ...plain[0], essential: false }] }, 'must be essential'],
    [
      'a size that Fargate has not',
      { ...fargate, containerDefinitions: plain, cpu: '256', memory: '4096' },
      'No Fargate configuration exists for given values: 256 CPU, 4096 memory.',
    ],
    [
      'Fargate without a size',
      { ...fargate, containerDefinitions: plain },
      "Fargate requires that 'cpu' be defined at the task level.",
    ],
    [
      'Fargate logs without a role',
      { ...fargate, cpu: '.25 vCPU', memory: '0.5 GB', containerDefinitions: logging },
      'execution role ARN to support log driver awslogs',
    ],
  ])('with %s are refused', async (_, input, message) => {
    const call = client.send(new RegisterTaskDefinitionCommand({ family: 'refused', ...input }));

    await expect(call).rejects.toMatchObject({ name: 'ClientException', message: expect.stringContaining(message) });
  });
});
