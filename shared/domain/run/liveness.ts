// What silence means for a run (design rules 9 and 12), and what the end of a parent means for
// its subflows. Pure: heartbeats and parents are facts that the use case reads.
import type { Attempt } from './attempt.ts';
import { endsWithHost, isRetryElsewhere } from './due.ts';
import { startsAt } from './lane.ts';
import type { Run } from './run.ts';
import { isTerminal, type ProposedState } from './state.ts';
import { missedHeartbeats, timing } from './timing.ts';

/** What is known of an engine's signs of life: the newest, and milliseconds between the ones before it, newest first. */
export type Signs = { readonly lastAt: number; readonly gapsMs: readonly number[] };

/** How many gaps are remembered: an engine that starts again gives a sign out of turn, and that must not set the pace. */
const gapsKept = 3;
/** Prefect allows no shorter interval. */
const shortestInterval = 30_000;

/**
 * The signs with one more; undefined when it is no newer than what is known. What comes when nobody was waited for any
 * more is another engine's, perhaps of another life of the run: its signs begin anew.
 */
export function signsAfter(signs: Signs | undefined, at: number): Signs | undefined {
  if (signs === undefined || at > signs.lastAt + patienceMs(signs)) return { lastAt: at, gapsMs: [] };
  if (at <= signs.lastAt) return undefined;
  return { lastAt: at, gapsMs: [at - signs.lastAt, ...signs.gapsMs].slice(0, gapsKept) };
}

/** Milliseconds between two signs: what was seen, and not less than usual before enough was seen. */
function intervalMs({ gapsMs }: Pick<Signs, 'gapsMs'>): number {
  const least = gapsMs.length < gapsKept ? timing.heartbeat : shortestInterval;
  return Math.max(least, ...gapsMs);
}

/** The last sign of life, and when it counted as one too long ago; the same whenever it is judged. */
export type Silence = { readonly lastAt: number; readonly noticedAt: number };

export type Fate =
  | { readonly kind: 'none' }
  /** Ask again then. */
  | { readonly kind: 'later'; readonly dueAt: number }
  | { readonly kind: 'end'; readonly state: ProposedState; readonly silence?: Silence }
  /** Its task may live or not: ECS is asked. */
  | { readonly kind: 'silent'; readonly silence: Silence }
  /** The retry is taken from its silent engine and waits for whoever submits the run. */
  | { readonly kind: 'reschedule'; readonly state: ProposedState };

const none: Fate = { kind: 'none' };

function crashed(message: string): Extract<Fate, { kind: 'end' }> {
  return { kind: 'end', state: { type: 'CRASHED', name: 'Crashed', message, details: {} } };
}

function cancelled(message: string): Fate {
  return { kind: 'end', state: { type: 'CANCELLED', name: 'Cancelled', message, details: {} } };
}

/** Milliseconds without a sign of life after which an engine counts as gone. */
export function patienceMs(signs: Pick<Signs, 'gapsMs'>): number {
  // After the first sign alone nobody knows how often they come.
  return signs.gapsMs.length === 0 ? timing.firstHeartbeat : missedHeartbeats * intervalMs(signs);
}

/** Whether nothing but signs of life can tell that somebody executes the run. */
function isElsewhere(run: Run): boolean {
  return !run.launched && !run.isAttemptOpen && run.within === undefined;
}

/**
 * Judges a run by its signs of life; without a first one nothing is known, but a retry does not wait for ever. A run
 * with a task of ours is never ended for its silence here. What executes inside another's task is that run's to judge.
 */
export function fateOfSilent(run: Run, signs: Signs | undefined, now: number): Fate {
  if (isElsewhere(run) && isRetryElsewhere(run)) return fateOfRetry(run, signs, now);
  if (run.within !== undefined || run.state.type !== 'RUNNING' || signs === undefined) return none;
  if (run.launched && !run.isAttemptOpen) return none;
  // Signs from before this RUNNING may be a former engine's; clocks may differ by one interval.
  if (signs.lastAt < run.state.timestamp - intervalMs(signs)) return none;
  const dueAt = signs.lastAt + patienceMs(signs);
  if (now < dueAt) return { kind: 'later', dueAt };
  const silence = { lastAt: signs.lastAt, noticedAt: dueAt };
  if (run.isAttemptOpen) return { kind: 'silent', silence };
  const seconds = Math.round((now - signs.lastAt) / 1000);
  return { ...crashed(`The engine of this run gave no sign of life for ${seconds} s.`), silence };
}

function fateOfRetry(run: Run, signs: Signs | undefined, now: number): Fate {
  const begin = startsAt(run);
  const dueAt = signs === undefined ? begin + timing.retrySilence : Math.max(begin, signs.lastAt) + patienceMs(signs);
  if (now < dueAt) return { kind: 'later', dueAt };
  const message = 'The engine that was to retry this run gave no sign of life.';
  if (run.deploymentId === undefined) return crashed(message);
  return {
    kind: 'reschedule',
    state: { type: 'SCHEDULED', name: 'AwaitingRetry', message, details: { scheduledTime: now } },
  };
}

export type Family = {
  /** The run that the task run of this one belongs to; undefined when there is none or it was deleted. */
  readonly parent: Run | undefined;
  /** The attempt inside whose task this run executes; undefined when it is no more. */
  readonly host: Attempt | undefined;
};

/** What the end of its parent, or of the task it executes in, means for a run that is not over. */
export function fateOfChild(run: Run, { parent, host }: Family): Fate {
  if (isTerminal(run.state.type)) return none;
  const isHostless = run.within !== undefined && (host === undefined || host.closed !== undefined);
  if (parent?.state.type === 'CANCELLED') return cancelledWithParent(run);
  if (!isHostless || !endsWithHost(run)) return none;
  const message = 'The task that this run executed in has ended.';
  return run.state.type === 'CANCELLING' ? cancelled(message) : crashed(message);
}

/** As Prefect's clean-up does: what brings its own infrastructure is asked to stop, anything else is stopped already. */
function cancelledWithParent(run: Run): Fate {
  const message = 'The parent flow run was cancelled.';
  if (run.deploymentId === undefined) return cancelled(message);
  if (run.state.type === 'CANCELLING') return none;
  return { kind: 'end', state: { type: 'CANCELLING', name: 'Cancelling', message, details: {} } };
}
