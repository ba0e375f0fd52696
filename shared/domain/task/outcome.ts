// What a stopped ECS task means: one exhaustive table over AWS's stop codes, then the container that decides.
// Sources: ECS API reference, StopCode and Container; docs on stopped-task error messages.
import type { TaskObservation } from '../run/attempt.ts';

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

export type TaskOutcome =
  /** The deciding container ended by itself. */
  | { readonly kind: 'exited'; readonly exitCode: number; readonly reason: string }
  /** Lost to the infrastructure: another attempt may succeed. */
  | { readonly kind: 'infrastructure'; readonly reason: string }
  /** Somebody called StopTask: we, or a person. */
  | { readonly kind: 'stopped'; readonly reason: string }
  /** It can never start as it is. */
  | { readonly kind: 'impossible'; readonly reason: string };

const verdicts = {
  TaskFailedToStart: 'start',
  EssentialContainerExited: 'exit',
  UserInitiated: 'stopped',
  ServiceSchedulerInitiated: 'stopped',
  SpotInterruption: 'infrastructure',
  TerminationNotice: 'infrastructure',
  InfrastructureHealth: 'infrastructure',
} as const satisfies Record<StopCode, 'start' | 'exit' | 'stopped' | 'infrastructure'>;

/** Start failures that no second attempt mends: the image or the definition is wrong. */
const impossibleStarts: readonly RegExp[] = [
  /executable file not found/i,
  /exec format error/i,
  /no such file or directory/i,
  /permission denied/i,
  /repository does not exist|manifest unknown|manifest for .* not found|pull access denied|invalid reference format/i,
  /unable to retrieve secret|ResourceInitializationError.*(AccessDenied|not authorized|ResourceNotFound)/i,
];

function isStopCode(code: string | undefined): code is StopCode {
  return stopCodes.some((known) => known === code);
}

/** Reads a STOPPED task; `container` names the one whose exit decides. Unknown stop codes count as infrastructure. */
export function outcomeOf(task: TaskObservation, container: string): TaskOutcome {
  const deciding = task.containers.find(({ name }) => name === container);
  const reason = [task.stoppedReason, deciding?.reason].filter((text) => text !== undefined && text !== '').join(': ');
  const verdict = isStopCode(task.stopCode) ? verdicts[task.stopCode] : 'unknown';
  switch (verdict) {
    case 'start': {
      const kind = impossibleStarts.some((pattern) => pattern.test(reason)) ? 'impossible' : 'infrastructure';
      return { kind, reason: reason === '' ? 'the task failed to start' : reason };
    }
    case 'exit':
      return exitOf(task, container, reason);
    case 'stopped':
      return { kind: 'stopped', reason: reason === '' ? 'the task was stopped' : reason };
    case 'infrastructure':
      return { kind: 'infrastructure', reason: reason === '' ? `${task.stopCode}` : reason };
    case 'unknown':
      return deciding?.exitCode === undefined
        ? { kind: 'infrastructure', reason: reason === '' ? 'the task stopped and ECS gives no reason' : reason }
        : exitOf(task, container, reason);
  }
}

/** An essential container without an exit code never ran: that is a failure, not a success. */
function exitOf(task: TaskObservation, container: string, reason: string): TaskOutcome {
  const deciding = task.containers.find(({ name }) => name === container);
  if (deciding?.exitCode === undefined) {
    const failed = task.containers.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0);
    return failed?.exitCode === undefined
      ? { kind: 'infrastructure', reason: reason === '' ? 'the container never ran' : reason }
      : { kind: 'exited', exitCode: failed.exitCode, reason: `container ${failed.name} exited: ${reason}` };
  }
  return { kind: 'exited', exitCode: deciding.exitCode, reason };
}
