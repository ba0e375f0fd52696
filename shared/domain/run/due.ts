// When the clock must look at a run: every open obligation of a head has a time here, or none is open.
import type { Attempt } from './attempt.ts';
import { graceBeforeStop, isRescheduled } from './attempt-step.ts';
import { isWaiting, startsAt } from './lane.ts';
import type { Run } from './run.ts';
import { isTerminal } from './state.ts';
import { timing } from './timing.ts';

/** Epoch ms, or undefined. `attempt` is the run's open attempt. */
export function dueOf(run: Run, attempt: Attempt | undefined): number | undefined {
  if (isWaiting(run)) return waitingDue(run);
  const { state } = run;
  if (state.type === 'PAUSED') return state.details.pauseTimeout;
  const isUnwanted = state.type === 'CANCELLING' || isTerminal(state.type) || isRescheduled(run);
  if (attempt !== undefined && run.isAttemptOpen && isUnwanted) {
    return state.timestamp + graceBeforeStop(run, attempt);
  }
  return isCancelledByNobody(run) ? state.timestamp + timing.cancelGraceEngine : undefined;
}

/** A run of ours that is CANCELLING without a task of ours: whoever executes it has an engine's grace to say so. */
export function isCancelledByNobody(run: Run): boolean {
  return run.launched && !run.isAttemptOpen && run.state.type === 'CANCELLING';
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
