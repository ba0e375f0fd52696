// ECS tasks as events and as API replies tell of them, read into one shape.
// Sources: ECS Task State Change event, DescribeTasks API; events hold ISO text where replies hold dates.
import type { TaskContainer, TaskObservation } from '../../domain/run/attempt.ts';
import { readCpu, readMemory } from '../../domain/task/fargate-size.ts';
import type { SeenTask } from '../../ports/tasks.ts';

/** What both forms share; every field may be missing (new fields come, field.md 3.37). */
export type RawTask = {
  readonly taskArn?: string | undefined;
  readonly clusterArn?: string | undefined;
  readonly startedBy?: string | undefined;
  readonly version?: number | undefined;
  readonly lastStatus?: string | undefined;
  readonly desiredStatus?: string | undefined;
  readonly stopCode?: string | undefined;
  readonly stoppedReason?: string | undefined;
  readonly launchType?: string | undefined;
  /** Digits. */
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
  readonly containers?: readonly RawContainer[] | undefined;
  readonly createdAt?: Date | string | undefined;
  readonly pullStartedAt?: Date | string | undefined;
  readonly pullStoppedAt?: Date | string | undefined;
  readonly startedAt?: Date | string | undefined;
  readonly stoppingAt?: Date | string | undefined;
  readonly stoppedAt?: Date | string | undefined;
};

type RawContainer = {
  readonly name?: string | undefined;
  readonly lastStatus?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
};

const timeFields = ['createdAt', 'pullStartedAt', 'pullStoppedAt', 'startedAt', 'stoppingAt', 'stoppedAt'] as const;
const textFields = ['desiredStatus', 'stopCode', 'stoppedReason', 'launchType'] as const;

function defined<T extends object>(entries: readonly (readonly [keyof T, T[keyof T] | undefined])[]): Partial<T> {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<T>;
}

function milliseconds(time: Date | string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const value = time instanceof Date ? time.getTime() : Date.parse(time);
  return Number.isNaN(value) ? undefined : value;
}

function readContainer({ name, lastStatus, exitCode, reason }: RawContainer): TaskContainer {
  return {
    name: name ?? '',
    ...defined<TaskContainer>([
      ['lastStatus', lastStatus],
      ['exitCode', exitCode],
      ['reason', reason],
    ]),
  };
}

/** @throws Error when ARN, cluster or status are missing: nothing can be told from such a task */
export function readTask(raw: RawTask): SeenTask {
  const { taskArn, clusterArn, lastStatus, startedBy } = raw;
  if (taskArn === undefined || clusterArn === undefined || lastStatus === undefined) {
    throw new Error('an ECS task needs taskArn, clusterArn and lastStatus');
  }
  const task: TaskObservation = {
    version: raw.version ?? 0,
    lastStatus,
    containers: (raw.containers ?? []).map(readContainer),
    ...defined<TaskObservation>([
      ...textFields.map((field) => [field, raw[field]] as const),
      ...timeFields.map((field) => [field, milliseconds(raw[field])] as const),
      ['cpu', readCpu(raw.cpu)],
      ['memory', readMemory(raw.memory)],
    ]),
  };
  return { taskArn, cluster: clusterArn, task, ...(startedBy === undefined ? {} : { startedBy }) };
}
