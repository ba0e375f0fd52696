// The one table of what may follow what, and the one function that moves a run's head to its next state.
// Nobody compares states to allow or refuse a change outside domain/run.
import type { EmpiricalPolicy, Run } from './run.ts';
import { withoutStaleSlots } from './slots.ts';
import {
  briefState,
  isTerminal,
  type ProposedState,
  recentStateCount,
  type State,
  type StateDetails,
  type StateType,
} from './state.ts';

/** Which state types may follow which when nobody forces it. Rules in policy.ts narrow this further. */
export const successors = {
  SCHEDULED: ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'CANCELLING'],
  PENDING: ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'CANCELLING'],
  RUNNING: ['SCHEDULED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'CANCELLING'],
  PAUSED: ['SCHEDULED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'CANCELLING'],
  CANCELLING: ['CANCELLED'],
  COMPLETED: ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
  FAILED: ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
  CRASHED: ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
  CANCELLED: ['SCHEDULED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'],
} as const satisfies Record<StateType, readonly StateType[]>;

export function mayFollow(from: StateType, to: StateType): boolean {
  const allowed: readonly StateType[] = successors[from];
  return allowed.includes(to);
}

export type Mint = { readonly id: string; readonly now: number };

/** Gives a proposed state its id and a timestamp that no earlier state of the run has. */
export function mintState(run: Run | undefined, proposed: ProposedState, mint: Mint): State {
  const after = run === undefined ? mint.now : Math.max(mint.now, run.state.timestamp + 1);
  const details = run === undefined ? proposed.details : withTracker(proposed.details, run.parentTaskRunId);
  return { ...proposed, details, id: mint.id, timestamp: after };
}

/** A subflow's states name the task run that tracks it in its parent, as Prefect's do. */
export function withTracker(details: StateDetails, parentTaskRunId: string | undefined): StateDetails {
  if (parentTaskRunId === undefined) return details;
  return { ...details, other: { ...details.other, task_run_id: parentTaskRunId } };
}

/**
 * The head after a state change: Prefect's global transforms, in its order
 * (start and end times, run time, run count, scheduled times, resuming flag), then our own: a slot that the state frees
 * is no longer listed, and a run of a push pool that was recorded otherwise is launched once it is SCHEDULED (rule 13).
 * A new attempt after an infrastructure failure enters RUNNING without raising the run count; whoever retries a run that
 * was over begins with a new budget for such failures (rule 11).
 */
export function enterState(run: Run, state: State): Run {
  const isRunning = state.type === 'RUNNING';
  const isFinal = isTerminal(state.type);
  const wasFinal = isTerminal(run.state.type);
  const {
    endTime: _end,
    startTime: _start,
    nextScheduledStartTime: _next,
    dueAt: _due,
    infrastructurePid,
    mayLaunch: _mayLaunch,
    isLeftBehind,
    ...rest
  } = run;
  const empiricalPolicy = policyAfter(run, state.type);
  // A run that waits for a new task has no infrastructure; a retry inside its living engine keeps it.
  const losesTask = state.type === 'SCHEDULED' && empiricalPolicy.retryType !== 'in_process';
  const startTime = run.startTime ?? (isRunning || isFinal ? state.timestamp : undefined);
  const endTime = isFinal ? (wasFinal && run.endTime !== undefined ? run.endTime : state.timestamp) : undefined;
  const scheduled = state.type === 'SCHEDULED' ? state.details.scheduledTime : undefined;
  const isCounted = isRunning && !run.empiricalPolicy.resuming && !run.isRestart;
  const isRetried = wasFinal && !isFinal;
  return withoutStaleSlots({
    ...rest,
    ...launching(run, losesTask),
    // A silent engine may wake at any time until somebody else has taken the run.
    ...(isLeftBehind === true && state.type === 'SCHEDULED' ? { isLeftBehind } : {}),
    infrastructureRestarts: isRetried ? 0 : run.infrastructureRestarts,
    state,
    updated: state.timestamp,
    recentStates: [briefState(run.state), ...run.recentStates].slice(0, recentStateCount),
    ...(infrastructurePid === undefined || losesTask ? {} : { infrastructurePid }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    ...(scheduled === undefined ? {} : { nextScheduledStartTime: scheduled }),
    totalRunTimeMs: run.totalRunTimeMs + (run.state.type === 'RUNNING' ? state.timestamp - run.state.timestamp : 0),
    runCount: run.runCount + (isCounted ? 1 : 0),
    isRestart: isRunning || isFinal || isRetried ? false : run.isRestart,
    empiricalPolicy,
  });
}

function launching({ mayLaunch, launched }: Run, waitsForTask: boolean): Pick<Run, 'launched' | 'mayLaunch'> {
  if (mayLaunch !== true) return { launched };
  return waitsForTask ? { launched: true } : { launched, mayLaunch };
}

/**
 * Beyond Prefect's resuming flag: `in_process` marks the waiting of a living engine (design rule 9), so it ends with
 * that waiting, and a run of ours whose task is known to be over waits for a new attempt instead.
 */
function policyAfter(run: Run, to: StateType): EmpiricalPolicy {
  const { retryType, ...policy } = run.empiricalPolicy;
  const isOver = to === 'RUNNING' || isTerminal(to);
  const after = isOver && policy.resuming ? { ...policy, resuming: false } : policy;
  if (retryType !== 'in_process') return retryType === undefined ? after : { ...after, retryType };
  if (to !== 'SCHEDULED') return after;
  return { ...after, retryType: run.launched && !run.isAttemptOpen ? 'reschedule' : 'in_process' };
}
