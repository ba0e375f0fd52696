// When the clock must look at a run: every open obligation of a head has a time here, or none is open.
import type { Attempt } from './attempt.ts';
import { graceBeforeStop, isRescheduled } from './attempt-step.ts';
import { isWaiting, startsAt } from './lane.ts';
import type { Run } from './run.ts';
import { isTerminal } from './state.ts';
import { timing } from './timing.ts';

/** Epoch ms, or undefined. `attempt` is the run's open attempt. */
export function dueOf(run: Run, attempt: Attempt | undefined): number | undefined {
  const own = ownDue(run, attempt);
  if (!endsWithHost(run)) return own;
  const check = run.state.timestamp + timing.childCheck;
  return own === undefined ? check : Math.min(own, check);
}

function ownDue(run: Run, attempt: Attempt | undefined): number | undefined {
  if (isWaiting(run)) return waitingDue(run);
  const { state } = run;
  if (state.type === 'PAUSED') return state.details.pauseTimeout;
  const isUnwanted = state.type === 'CANCELLING' || isTerminal(state.type) || isRescheduled(run);
  if (attempt !== undefined && run.isAttemptOpen && isUnwanted) {
    return state.timestamp + graceBeforeStop(run, attempt);
  }
  if (isRetryElsewhere(run)) return startsAt(run) + timing.retrySilence;
  // What it leaves unfinished is ended once its engine has had time to report it.
  if (state.type === 'CANCELLED') return state.timestamp + timing.cancelledCleanUp;
  return isCancelledByNobody(run) ? cancelDeadline(run) : undefined;
}

/** CANCELLING without a task of ours: whoever executes the run has to say so, and is not waited for for ever. */
export function isCancelledByNobody(run: Run): boolean {
  return !run.isAttemptOpen && run.state.type === 'CANCELLING';
}

function cancelDeadline({ launched, state }: Run): number {
  return state.timestamp + (launched ? timing.cancelGraceEngine : timing.cancelTimeout);
}

/** A retry that waits in an engine whose process is none of ours: only its signs of life tell that it is there. */
export function isRetryElsewhere(run: Run): boolean {
  return run.state.type === 'SCHEDULED' && !run.isAttemptOpen && !isWaiting(run);
}

/** A run that executes inside another's task, and is not over yet. */
export function endsWithHost(run: Run): boolean {
  return run.within !== undefined && !isTerminal(run.state.type);
}

/** Who waits without a pool and a deployment waits for nobody: such runs are only recorded. */
function waitingDue(run: Run): number | undefined {
  if (run.workPoolName === undefined && run.deploymentId === undefined) return undefined;
  return run.state.name === 'Late' ? run.state.timestamp + timing.waitingCheck : startsAt(run);
}

export function withDue(run: Run, dueAt: number | undefined): Run {
  const { dueAt: _dueAt, ...rest } = run;
  return dueAt === undefined ? rest : { ...rest, dueAt };
}

/** A push run whose engine exited in peace without a final state, and whose last words are waited for. */
export function awaitsWords(run: Run): boolean {
  return (
    run.launched &&
    !run.isAttemptOpen &&
    run.attempt > 0 &&
    (run.state.type === 'RUNNING' || run.state.type === 'PENDING')
  );
}
