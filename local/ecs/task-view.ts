// A task as others see it: in API replies (times are epoch seconds) and in events (times are ISO strings).
// Rule: both are made from the same record by the same list of members, so they cannot drift apart.

import { createHash, randomUUID } from 'node:crypto';
import { account, availabilityZone, region } from './names.ts';
import type { ContainerRecord, TaskRecord } from './records.ts';

const times = [
  'createdAt',
  'pullStartedAt',
  'pullStoppedAt',
  'startedAt',
  'stoppingAt',
  'executionStoppedAt',
  'stoppedAt',
] as const;

/** The event that EventBridge delivers for an ECS task, source: "Amazon ECS task state change events". */
export type EcsTaskEvent = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'ECS Task State Change';
  readonly source: 'aws.ecs';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};

/** The event that says what the task has become. Tags stay out of events, as in AWS. */
export function taskStateChange(task: TaskRecord): EcsTaskEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account,
    // Whole seconds, as EventBridge gives it.
    time: `${isoTime(task.updatedAt).slice(0, 19)}Z`,
    region,
    resources: [task.arn],
    detail: { ...members(task, isoTime), updatedAt: isoTime(task.updatedAt) },
  };
}

/** The task as RunTask, DescribeTasks and StopTask answer it. */
export function taskReply(task: TaskRecord, include: { readonly tags: boolean }): Record<string, unknown> {
  return { ...members(task, epochSeconds), tags: include.tags ? task.tags : [] };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function epochSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}

type TimeFormat = (milliseconds: number) => string | number;

function members(task: TaskRecord, format: TimeFormat): Record<string, unknown> {
  const isConnected = task.pullStartedAt !== undefined;
  return {
    attachments: task.attachments.map((attachment) => ({ ...attachment, status: attachmentStatus(task) })),
    attributes: [{ name: 'ecs.cpu-architecture', value: process.arch === 'arm64' ? 'arm64' : 'x86_64' }],
    availabilityZone,
    clusterArn: task.clusterArn,
    ...(isConnected && { connectivity: 'CONNECTED', connectivityAt: format(task.pullStartedAt) }),
    containers: task.containers.map((container) => containerMembers(task, container)),
    ...optional(task, ['cpu', 'memory', 'startedBy', 'launchType', 'capacityProviderName', 'platformVersion']),
    ...formattedTimes(task, format),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: task.enableExecuteCommand,
    ephemeralStorage: { sizeInGiB: 20 },
    group: task.group,
    lastStatus: task.lastStatus,
    overrides: task.overrides,
    ...optional(task, ['stopCode', 'stoppedReason']),
    taskArn: task.arn,
    taskDefinitionArn: task.taskDefinitionArn,
    version: task.version,
  };
}

function optional<Key extends keyof TaskRecord>(task: TaskRecord, keys: readonly Key[]): Partial<TaskRecord> {
  const present: Partial<TaskRecord> = {};
  for (const key of keys) {
    if (task[key] !== undefined) present[key] = task[key];
  }
  return present;
}

function formattedTimes(task: TaskRecord, format: TimeFormat): Record<string, string | number> {
  const formatted: Record<string, string | number> = {};
  for (const name of times) {
    const time = task[name];
    if (time !== undefined) formatted[name] = format(time);
  }
  return formatted;
}

function containerMembers(task: TaskRecord, container: ContainerRecord): Record<string, unknown> {
  const { name, image, lastStatus, exitCode, reason, runtimeId, cpu, memory, memoryReservation } = container;
  const hasStarted = lastStatus !== 'PENDING' && task.startedAt !== undefined;
  return {
    containerArn: container.arn,
    taskArn: task.arn,
    name,
    image,
    ...(hasStarted && { runtimeId }),
    lastStatus,
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    networkBindings: [],
    networkInterfaces: networkInterfaces(task),
    healthStatus: 'UNKNOWN',
    cpu,
    ...(memory !== undefined && { memory }),
    ...(memoryReservation !== undefined && { memoryReservation }),
  };
}

function networkInterfaces(task: TaskRecord): Record<string, unknown>[] {
  return task.attachments.map((attachment) => ({
    attachmentId: attachment['id'],
    privateIpv4Address: privateAddress(task.id),
  }));
}

function attachmentStatus(task: TaskRecord): string {
  if (task.lastStatus === 'PROVISIONING') return 'PRECREATED';
  return task.lastStatus === 'STOPPED' ? 'DELETED' : 'ATTACHED';
}

/** A made-up address that is stable for the task. */
export function privateAddress(taskId: string): string {
  const [high = 0, low = 0] = createHash('sha256').update(taskId).digest();
  return `10.0.${high}.${low}`;
}
