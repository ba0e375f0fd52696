import { DescribeTasksCommand, RegisterTaskDefinitionCommand, type Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { eventsOf, runOne, startEcsStack, untilStatus } from './local-ecs-stack.ts';

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** The members that DescribeTasks gives as dates, as events tell them. */
function withIsoTimes(task: Task): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(task).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}

describe('Task State Change events', () => {
  it('have the envelope and the members that AWS gives them', async () => {
    await using stack = await startEcsStack();
    await stack.client.send(
      new RegisterTaskDefinitionCommand({
        family: 'shaped',
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        containerDefinitions: [{ name: 'main', image: 'an/image:1', command: ['/bin/sh', '-c', 'exit 3'] }],
      }),
    );

    const id = await runOne(stack.client, {
      taskDefinition: 'shaped',
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      startedBy: 'run-1',
      tags: [{ key: 'a', value: 'b' }],
    });
    await untilStatus(stack.events, id, 'STOPPED');

    const event = eventsOf(stack.events, id).at(-1);
    const taskArn = `arn:aws:ecs:us-east-1:000000000000:task/slipway/${id}`;
    expect(event).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'ECS Task State Change',
      source: 'aws.ecs',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: [taskArn],
      detail: {
        attachments: [
          {
            id: expect.any(String),
            type: 'eni',
            status: 'DELETED',
            details: expect.arrayContaining([{ name: 'subnetId', value: 'subnet-1' }]),
          },
        ],
        attributes: [{ name: 'ecs.cpu-architecture', value: expect.any(String) }],
        availabilityZone: 'us-east-1a',
        clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/slipway',
        connectivity: 'CONNECTED',
        connectivityAt: isoTime,
        containers: [
          {
            containerArn: expect.stringMatching(/^arn:aws:ecs:us-east-1:000000000000:container\/slipway\//),
            taskArn,
            name: 'main',
            image: 'an/image:1',
            runtimeId: expect.stringMatching(`^${id}-`),
            lastStatus: 'STOPPED',
            exitCode: 3,
            networkBindings: [],
            networkInterfaces: [
              { attachmentId: expect.any(String), privateIpv4Address: expect.stringMatching(/^10\.0\./) },
            ],
            healthStatus: 'UNKNOWN',
            cpu: '0',
          },
        ],
        cpu: '256',
        createdAt: isoTime,
        desiredStatus: 'STOPPED',
        enableExecuteCommand: false,
        ephemeralStorage: { sizeInGiB: 20 },
        executionStoppedAt: isoTime,
        group: 'family:shaped',
        lastStatus: 'STOPPED',
        launchType: 'FARGATE',
        memory: '512',
        overrides: { containerOverrides: [{ name: 'main' }], inferenceAcceleratorOverrides: [] },
        platformVersion: '1.4.0',
        pullStartedAt: isoTime,
        pullStoppedAt: isoTime,
        startedAt: isoTime,
        startedBy: 'run-1',
        stopCode: 'EssentialContainerExited',
        stoppedAt: isoTime,
        stoppedReason: 'Essential container in task exited',
        stoppingAt: isoTime,
        taskArn,
        taskDefinitionArn: 'arn:aws:ecs:us-east-1:000000000000:task-definition/shaped:1',
        updatedAt: isoTime,
        version: 4,
      },
    });
  });

  it('count the version up, one status after the other', async () => {
    await using stack = await startEcsStack();

    const id = await stack.runShell('exit 0');
    await untilStatus(stack.events, id, 'STOPPED');

    const seen = eventsOf(stack.events, id).map(({ detail }) => [
      detail['lastStatus'],
      detail['desiredStatus'],
      detail['version'],
    ]);
    expect(seen).toEqual([
      ['PROVISIONING', 'RUNNING', 1],
      ['PENDING', 'RUNNING', 2],
      ['RUNNING', 'RUNNING', 3],
      ['STOPPED', 'STOPPED', 4],
    ]);
  });

  it('say what DescribeTasks says, with times as strings', async () => {
    await using stack = await startEcsStack();
    const id = await stack.runShell('exit 0');
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    const { tasks } = await stack.client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [id] }));

    const { tags, ...described } = withIsoTimes(tasks?.[0] ?? {});
    expect(tags).toEqual([]);
    expect(detail).toEqual({ ...described, updatedAt: isoTime });
  });

  it('wait for a listener that is away and come in order for each task', async () => {
    const taken: string[] = [];
    let isAway = true;
    await using stack = await startEcsStack({
      emit: async ({ detail }) => {
        if (isAway) throw new Error('the queue is away');
        taken.push(`${detail['taskArn']} ${detail['version']}`);
      },
    });
    const ids = [await stack.runShell('exit 0'), await stack.runShell('exit 1')];
    await waitFor('both tasks to stop', async () => {
      const { tasks } = await stack.client.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: ids }));
      return tasks?.every((task) => task.lastStatus === 'STOPPED');
    });
    expect(taken).toEqual([]);

    isAway = false;
    await waitFor('all events to be taken', () => taken.length === 8);

    for (const id of ids) {
      const versions = taken.filter((line) => line.includes(id)).map((line) => line.split(' ')[1]);
      expect(versions).toEqual(['1', '2', '3', '4']);
    }
  });
});
