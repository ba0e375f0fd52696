// What ECS tells of a task whose only container ended with 0, in the shape of its Task State Change event.
import { randomUUID } from 'node:crypto';
import type { Task } from '@aws-sdk/client-ecs';

export function stoppedEvent(task: Task): unknown {
  const now = new Date().toISOString();
  const { taskArn, clusterArn, taskDefinitionArn, startedBy, group, overrides } = task;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '000000000000',
    time: now,
    region: 'us-east-1',
    resources: [taskArn],
    detail: {
      ...{ taskArn, clusterArn, taskDefinitionArn, startedBy, group, overrides },
      launchType: 'FARGATE',
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      createdAt: now,
      startedAt: now,
      stoppingAt: now,
      stoppedAt: now,
      updatedAt: now,
      version: 9,
      containers: [{ ...task.containers?.[0], lastStatus: 'STOPPED', exitCode: 0 }],
    },
  };
}
