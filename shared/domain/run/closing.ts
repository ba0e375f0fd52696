// What the end of an attempt means for its run: engine words win, ECS words decide when the engine is silent (rule 8),
// infrastructure failures come first and have their own budget (rule 11).
import { outcomeOf, type TaskOutcome } from '../task/outcome.ts';
import type { Attempt } from './attempt.ts';
import { isRescheduled } from './attempt-step.ts';
import { ruledAction, standardPolicy } from './infrastructure-rules.ts';
import type { Run } from './run.ts';
import { isTerminal, type ProposedState } from './state.ts';
import { timing } from './timing.ts';

export type Ending =
  /** The run keeps its state; only its attempt is over. */
  | { readonly kind: 'keep' }
  /** The engine exited in peace without a final state: its last words may still be on the way. */
  | { readonly kind: 'await-words' }
  /** A retry that waited inside the engine waits for a new attempt instead (rule 9). */
  | { readonly kind: 'reschedule-retry' }
  /** `id` is the state's, when somebody was told it already. */
  | { readonly kind: 'end'; readonly state: ProposedState; readonly id?: string }
  /** A new attempt, paid from the infrastructure's budget. */
  | { readonly kind: 'restart'; readonly reason: string; readonly delayMs: number };

function ended(type: 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'CRASHED', message?: string, name?: string): Ending {
  const names = { COMPLETED: 'Completed', FAILED: 'Failed', CANCELLED: 'Cancelled', CRASHED: 'Crashed' } as const;
  return {
    kind: 'end',
    state: { type, name: name ?? names[type], ...(message === undefined ? {} : { message }), details: {} },
  };
}

/** A restart, or Crashed once the budget of the attempt's pool is spent. */
export function restartOrCrash(run: Run, attempt: Attempt, reason: string): Ending {
  return (
    restart(run, attempt, reason) ?? ended('CRASHED', `${reason} (after ${run.infrastructureRestarts} new attempts)`)
  );
}

function restart({ infrastructureRestarts }: Run, { infrastructure }: Attempt, reason: string): Ending | undefined {
  const { retries } = infrastructure ?? standardPolicy;
  const delayMs = timing.restartDelays[infrastructureRestarts] ?? timing.restartDelays.at(-1);
  if (infrastructureRestarts >= retries || delayMs === undefined) return undefined;
  return { kind: 'restart', reason, delayMs };
}

/** Decides for a task known STOPPED. `run` is the current head of the attempt's run, and the attempt its current one. */
export function endingOf(run: Run, attempt: Attempt): Ending {
  if (attempt.task === undefined) throw new Error(`attempt ${attempt.number} of run ${run.id} has no task to judge`);
  if (isTerminal(run.state.type) || isRescheduled(run)) return { kind: 'keep' };
  if (run.state.type === 'CANCELLING') return ended('CANCELLED', 'The task was stopped.');
  const outcome = outcomeOf(attempt.task, attempt.container);
  switch (attempt.stopRequested?.cause) {
    case 'maximum-duration':
      return ended(
        'FAILED',
        `The run exceeded its maximum duration of ${attempt.maximumDurationSeconds} s.`,
        'TimedOut',
      );
    case 'silent':
      return ended('CRASHED', 'The engine of this run gave no sign of life, and its pool has such tasks stopped.');
    case 'start-deadline':
      return restartOrCrash(run, attempt, `the task was not running within ${attempt.startDeadlineSeconds} s`);
    default:
      return endingByRule(run, attempt, outcome) ?? endingByOutcome(run, attempt, outcome);
  }
}

/**
 * Decides for an attempt whose task never was or cannot be asked about: `otherwise` is only for a run that still
 * waits for this attempt. `run` as for `endingOf`; none when the attempt is no longer its run's current one.
 */
export function endingWithoutTask(run: Run | undefined, message: string, otherwise: (run: Run) => Ending): Ending {
  if (run === undefined || isTerminal(run.state.type) || isRescheduled(run) || isSuspended(run))
    return { kind: 'keep' };
  return run.state.type === 'CANCELLING' ? ended('CANCELLED', message) : otherwise(run);
}

/** The container ended, of itself or by its own use of memory. */
type Exit = Extract<TaskOutcome, { kind: 'exited' | 'out-of-memory' }>;

/** The pool's own rules go before the table, and after the engine's last words. */
function endingByRule(run: Run, attempt: Attempt, outcome: TaskOutcome): Ending | undefined {
  if (isSuspended(run) || attempt.heldCrash !== undefined) return undefined;
  const { task, container, infrastructure = standardPolicy } = attempt;
  const exitCode = task?.containers.find(({ name }) => name === container)?.exitCode;
  const action = ruledAction(infrastructure.rules, {
    reason: outcome.reason,
    ...(task?.stopCode === undefined ? {} : { stopCode: task.stopCode }),
    ...(exitCode === undefined ? {} : { exitCode }),
  });
  switch (action) {
    case 'retry': {
      const told = exitCode === undefined ? '' : `the container exited with code ${exitCode}: `;
      return restart(run, attempt, `${told}${outcome.reason}`);
    }
    case 'end':
      return outcome.kind === 'infrastructure' ? ended('CRASHED', outcome.reason) : undefined;
    case undefined:
      return undefined;
  }
}

function endingByOutcome(run: Run, attempt: Attempt, outcome: TaskOutcome): Ending {
  switch (outcome.kind) {
    case 'infrastructure':
      return isSuspended(run) ? { kind: 'keep' } : restartOrCrash(run, attempt, outcome.reason);
    case 'impossible':
      return ended('CRASHED', outcome.reason);
    case 'stopped':
      return attempt.reports === 'engine' ? engineEnding(run, attempt, outcome) : ended('CRASHED', outcome.reason);
    case 'exited':
    case 'out-of-memory':
      return attempt.reports === 'engine' ? engineEnding(run, attempt, outcome) : exitEnding(outcome);
  }
}

/** A suspended run lost nothing with its task. */
function isSuspended(run: Run): boolean {
  return run.state.type === 'PAUSED' && run.state.details.pauseReschedule === true;
}

function exitEnding(outcome: Exit): Ending {
  if (outcome.kind === 'out-of-memory') return ended('FAILED', memoryMessage(outcome));
  const { exitCode, reason } = outcome;
  return exitCode === 0
    ? ended('COMPLETED')
    : ended('FAILED', `The container exited with code ${exitCode}. ${reason}`.trim());
}

/** The next size in the terms of the job variables. */
function memoryMessage({ reason, size, next }: Extract<TaskOutcome, { kind: 'out-of-memory' }>): string {
  const had = size === undefined ? '' : ` of ${size.memory} MiB`;
  const cure =
    next === undefined ? 'Give the task more.' : `The next size is cpu ${next.cpu} with memory ${next.memory}.`;
  return `The container ran out of its memory${had}. ${cure} ${reason}`;
}

function engineEnding(run: Run, attempt: Attempt, outcome: Exit | Extract<TaskOutcome, { kind: 'stopped' }>): Ending {
  if (isSuspended(run)) return { kind: 'keep' };
  if (attempt.heldCrash !== undefined) {
    const { id, timestamp: _timestamp, ...state } = attempt.heldCrash;
    return { kind: 'end', id, state };
  }
  if (run.state.type === 'SCHEDULED') return { kind: 'reschedule-retry' };
  if (run.state.type === 'PAUSED')
    return ended('CRASHED', `The task ended while its run was paused: ${outcome.reason}`);
  if (outcome.kind === 'stopped') return ended('CRASHED', outcome.reason);
  if (outcome.kind === 'out-of-memory') return ended('CRASHED', memoryMessage(outcome));
  if (outcome.exitCode === 0) return { kind: 'await-words' };
  return ended(
    'CRASHED',
    `The container exited with code ${outcome.exitCode} and reported no final state. ${outcome.reason}`.trim(),
  );
}
