// What an open attempt needs next: pure, so that an event, a reply, a visit of the clock and a restart all ask the same
// question and may ask it twice.
import type { Attempt, StopCause } from './attempt.ts';
import type { Run } from './run.ts';
import { isTerminal } from './state.ts';
import { timing } from './timing.ts';

export type AttemptStep =
  /** Nothing before `dueAt`. */
  | { readonly kind: 'wait'; readonly dueAt: number }
  /** Send the current try's request (again). Needs a reservation. */
  | { readonly kind: 'send' }
  /** No request of the current try was ever sent, and none will be. */
  | { readonly kind: 'give-up-launch'; readonly reason: string }
  /** The token may be dead: only listings of ECS can tell what became of the launch. */
  | { readonly kind: 'prove-absence' }
  /** Ask ECS about the task. */
  | { readonly kind: 'look' }
  | { readonly kind: 'stop'; readonly cause: StopCause }
  /** The task is known STOPPED. */
  | { readonly kind: 'close' }
  | { readonly kind: 'done' };

export type AttemptFacts = { readonly run: Run | undefined; readonly attempt: Attempt; readonly now: number };

export function nextAttemptStep(facts: AttemptFacts): AttemptStep {
  const { attempt } = facts;
  if (attempt.closed !== undefined) return { kind: 'done' };
  if (attempt.task?.lastStatus === 'STOPPED') return { kind: 'close' };
  return attempt.taskArn === undefined ? launchStep(facts) : taskStep(facts);
}

/** Why nobody wants this open attempt's task any more, if so. A run created again under its id never opened it. */
export function unwantedBecause({ run, attempt }: Pick<AttemptFacts, 'run' | 'attempt'>): StopCause | undefined {
  if (run === undefined || attempt.isRunDeleted === true) return 'run-deleted';
  if (run.attempt !== attempt.number || !run.isAttemptOpen) return 'not-current';
  if (run.state.type === 'CANCELLING') return 'cancelled';
  return isTerminal(run.state.type) || isRescheduled(run) ? 'run-ended' : undefined;
}

/** The run waits for another attempt: whatever this one's task still does is in nobody's name. */
export function isRescheduled(run: Run): boolean {
  return run.state.type === 'SCHEDULED' && run.empiricalPolicy.retryType !== 'in_process';
}

function launchStep({ run, attempt, now }: AttemptFacts): AttemptStep {
  const { currentTry } = attempt;
  if (currentTry.firstSentAt === undefined || currentTry.lastSentAt === undefined) {
    const unwanted = unwantedBecause({ run, attempt });
    if (unwanted !== undefined) return { kind: 'give-up-launch', reason: unwanted };
    if (now >= startDeadlineOf(attempt)) return { kind: 'give-up-launch', reason: 'start-deadline' };
    const dueAt = attempt.dueAt ?? now;
    return dueAt <= now ? { kind: 'send' } : { kind: 'wait', dueAt };
  }
  if (now >= currentTry.firstSentAt + timing.tokenLife) return { kind: 'prove-absence' };
  const dueAt = currentTry.lastSentAt + repeatDelay(currentTry.sends);
  return dueAt <= now ? { kind: 'send' } : { kind: 'wait', dueAt };
}

/** Milliseconds after the n-th send of a try until it is repeated. */
export function repeatDelay(sends: number): number {
  return Math.min(timing.repeatLaunch * 2 ** Math.max(0, sends - 1), timing.repeatLaunchMax);
}

/** When the attempt's task must be RUNNING, epoch ms. */
export function startDeadlineOf(attempt: Attempt): number {
  return attempt.openedAt + attempt.startDeadlineSeconds * 1000;
}

function taskStep(facts: AttemptFacts): AttemptStep {
  const { attempt, now } = facts;
  const requested = attempt.stopRequested;
  if (requested !== undefined) {
    const dueAt = requested.at + timing.repeatStop;
    return dueAt <= now ? { kind: 'stop', cause: requested.cause } : { kind: 'wait', dueAt };
  }
  // Once the run itself is over, the task is only one that outlives its run.
  if (attempt.heldCrash !== undefined && unwantedBecause(facts) === undefined) {
    const dueAt = attempt.heldCrash.timestamp + timing.heldCrash;
    return dueAt <= now ? { kind: 'look' } : { kind: 'wait', dueAt };
  }
  return stopStep(facts) ?? aliveStep(facts);
}

function stopStep({ run, attempt, now }: AttemptFacts): AttemptStep | undefined {
  const cause = unwantedBecause({ run, attempt });
  if (cause === undefined) return undefined;
  const isAtOnce = run === undefined || cause === 'run-deleted' || cause === 'not-current';
  const dueAt = isAtOnce ? now : run.state.timestamp + graceBeforeStop(run, attempt);
  return dueAt <= now ? { kind: 'stop', cause } : { kind: 'wait', dueAt };
}

/** Milliseconds between a state that makes a task unwanted and StopTask (rule 10). */
export function graceBeforeStop(run: Run, attempt: Attempt): number {
  switch (run.state.type) {
    case 'CANCELLING':
      return attempt.reports === 'engine' && isEngineUp(run) ? timing.cancelGraceEngine : timing.cancelGraceExitCode;
    case 'CANCELLED':
    case 'CRASHED':
    case 'SCHEDULED':
      return timing.stopAfterCancelledOrCrashed;
    default:
      return timing.stopAfterCompletedOrFailed;
  }
}

/** Cancelled before its engine said a word: no hook waits to be run, and nobody would report the end. */
function isEngineUp({ recentStates: [before] }: Run): boolean {
  return before?.type !== 'PENDING';
}

function aliveStep({ run, attempt, now }: AttemptFacts): AttemptStep {
  const { task } = attempt;
  // RUNNING is known from ECS, or from the engine, whose word comes from inside the task.
  const isRunning = task?.lastStatus === 'RUNNING' || run?.state.type === 'RUNNING' || run?.state.type === 'PAUSED';
  if (isRunning) {
    const started = task?.startedAt ?? run?.startTime ?? attempt.openedAt;
    const dueAt = started + attempt.maximumDurationSeconds * 1000;
    return dueAt <= now ? { kind: 'stop', cause: 'maximum-duration' } : { kind: 'wait', dueAt };
  }
  if (startDeadlineOf(attempt) <= now) return { kind: 'stop', cause: 'start-deadline' };
  const dueAt = attempt.dueAt ?? now;
  return dueAt <= now ? { kind: 'look' } : { kind: 'wait', dueAt };
}
