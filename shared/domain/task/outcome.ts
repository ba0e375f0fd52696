// What a stopped ECS task means: one exhaustive table over AWS's stop codes and what became of the container that
// decides. Sources: ECS API reference, StopCode and Container; the Developer Guide on stopped-task error messages.
import type { TaskContainer, TaskObservation } from '../run/attempt.ts';
import { type FargateSize, moreMemory } from './fargate-size.ts';

/** StopCode values that ECS documents. */
export const stopCodes = [
  'TaskFailedToStart',
  'EssentialContainerExited',
  'UserInitiated',
  'ServiceSchedulerInitiated',
  'SpotInterruption',
  'TerminationNotice',
  'InfrastructureHealth',
] as const;
export type StopCode = (typeof stopCodes)[number];

/** What became of the container that decides, as far as ECS tells. */
export const containerFates = [
  /** Killed because it took more memory than there is; its exit code is 137 then, as it is for any SIGKILL. */
  'out-of-memory',
  'exited',
  /** It has no exit code, so it never ran; another container of the task failed. */
  'other-failed',
  /** It has no exit code and nothing tells why; a task that never got a host has no containers at all. */
  'never-ran',
] as const;
export type ContainerFate = (typeof containerFates)[number];

export type TaskOutcome =
  /** The deciding container ended by itself. */
  | { readonly kind: 'exited'; readonly exitCode: number; readonly reason: string }
  /** `size` is the task's, `next` the smallest that Fargate offers with more memory. */
  | {
      readonly kind: 'out-of-memory';
      readonly reason: string;
      readonly size?: FargateSize;
      readonly next?: FargateSize;
    }
  /** Lost to the infrastructure: another attempt may succeed. */
  | { readonly kind: 'infrastructure'; readonly reason: string }
  /** Somebody called StopTask: we, or a person. */
  | { readonly kind: 'stopped'; readonly reason: string }
  /** It can never start as it is. */
  | { readonly kind: 'impossible'; readonly reason: string };

type Verdict =
  | 'exited'
  | 'other-exited'
  | 'out-of-memory'
  | 'stopped'
  | 'infrastructure'
  /** The text tells whether another attempt could start. */
  | 'start';

const whatever = (verdict: Verdict) =>
  ({ 'out-of-memory': verdict, exited: verdict, 'other-failed': verdict, 'never-ran': verdict }) as const;

/** A stop code that AWS adds tells nothing: the container's own exit does, if there is one. */
const verdicts = {
  TaskFailedToStart: whatever('start'),
  EssentialContainerExited: {
    'out-of-memory': 'out-of-memory',
    exited: 'exited',
    'other-failed': 'other-exited',
    'never-ran': 'infrastructure',
  },
  UserInitiated: { ...whatever('stopped'), 'out-of-memory': 'out-of-memory' },
  // No service owns our tasks: whatever the scheduler did was not asked for.
  ServiceSchedulerInitiated: whatever('infrastructure'),
  SpotInterruption: whatever('infrastructure'),
  TerminationNotice: whatever('infrastructure'),
  InfrastructureHealth: whatever('infrastructure'),
  unknown: { ...whatever('infrastructure'), 'out-of-memory': 'out-of-memory', exited: 'exited' },
} as const satisfies Record<StopCode | 'unknown', Record<ContainerFate, Verdict>>;

/** How AWS tells of a lost host where the stop code does not (older regions, capacity providers). */
const lostHosts: readonly RegExp[] = [
  /spot (task|instance) was interrupted/i,
  /maintenance on the underlying infrastructure/i,
  /host ec2 .*(terminated|stopped)|container instance .*(deregistered|terminated)/i,
];

/** Start failures that pass: the network, or somebody else's limit. Asked before those that do not. */
const passingStarts = /timed? ?out|deadline exceeded|rate limit|toomanyrequests|throttl|connection (refused|reset)/i;

/** Start failures that no second attempt mends: the image, the definition or a permission is wrong. */
const impossibleStarts: readonly RegExp[] = [
  /executable file not found/i,
  /exec format error/i,
  /no such file or directory/i,
  /no space left on device/i,
  /permission denied/i,
  /repository does not exist|manifest unknown|manifest for .* not found|pull access denied|invalid reference format/i,
  /failed to resolve ref .*: not found|does not contain descriptor matching platform/i,
  /unable to retrieve secret|ResourceInitializationError.*(AccessDenied|not authorized|ResourceNotFound|invalid ssm)/i,
];

/** What is said where ECS gives no reason. */
const unexplained = {
  TaskFailedToStart: 'the task failed to start',
  EssentialContainerExited: 'the container never ran',
  UserInitiated: 'the task was stopped',
  ServiceSchedulerInitiated: 'ServiceSchedulerInitiated',
  SpotInterruption: 'SpotInterruption',
  TerminationNotice: 'TerminationNotice',
  InfrastructureHealth: 'InfrastructureHealth',
  unknown: 'the task stopped and ECS gives no reason',
} as const satisfies Record<StopCode | 'unknown', string>;

function codeOf({ stopCode }: TaskObservation): StopCode | 'unknown' {
  return stopCodes.find((known) => known === stopCode) ?? 'unknown';
}

type Containers = { readonly deciding: TaskContainer | undefined; readonly failed: TaskContainer | undefined };

function fateOf({ deciding, failed }: Containers): ContainerFate {
  // The reason is read first: 137 alone may be any SIGKILL.
  if (isOutOfMemory(deciding) || (deciding?.exitCode === undefined && isOutOfMemory(failed))) return 'out-of-memory';
  if (deciding?.exitCode !== undefined) return 'exited';
  return failed === undefined ? 'never-ran' : 'other-failed';
}

function isOutOfMemory(container: TaskContainer | undefined): boolean {
  return /OutOfMemory/i.test(container?.reason ?? '');
}

/** Reads a STOPPED task; `container` names the one whose exit decides. Unknown stop codes count as infrastructure. */
export function outcomeOf(task: TaskObservation, container: string): TaskOutcome {
  const deciding = task.containers.find(({ name }) => name === container);
  const failed = task.containers.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0);
  // Where a container cannot start, ECS gives task and container the same words.
  const words = new Set([task.stoppedReason, deciding?.reason].filter((text) => text !== undefined && text !== ''));
  const told = [...words].join(': ');
  const code = codeOf(task);
  const reason = told === '' ? unexplained[code] : told;
  if (lostHosts.some((pattern) => pattern.test(told))) return { kind: 'infrastructure', reason };
  const verdict: Verdict = verdicts[code][fateOf({ deciding, failed })];
  switch (verdict) {
    case 'exited':
      return { kind: 'exited', exitCode: deciding?.exitCode ?? 0, reason: told };
    case 'other-exited':
      return { kind: 'exited', exitCode: failed?.exitCode ?? 0, reason: `container ${failed?.name} exited: ${told}` };
    case 'out-of-memory':
      return { kind: verdict, reason, ...sizesOf(task) };
    case 'start':
      return { kind: canStartLater(told) ? 'infrastructure' : 'impossible', reason };
    case 'stopped':
    case 'infrastructure':
      return { kind: verdict, reason };
  }
}

function canStartLater(reason: string): boolean {
  return passingStarts.test(reason) || !impossibleStarts.some((pattern) => pattern.test(reason));
}

/** Sizes are Fargate's: a task on EC2 has whatever its host has left. */
function sizesOf({ launchType, cpu, memory }: TaskObservation): { size?: FargateSize; next?: FargateSize } {
  if (cpu === undefined || memory === undefined) return {};
  const size = { cpu, memory };
  const next = launchType === undefined || launchType === 'FARGATE' ? moreMemory(size) : undefined;
  return next === undefined ? { size } : { size, next };
}
