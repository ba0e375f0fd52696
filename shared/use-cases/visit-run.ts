// The clock's visit to a run whose deadline came: Late, a pause that timed out, last words that never came,
// a task that outlives its run. Asks "due by now", never "since last time".
import { awaitsWords, dueOf, isCancelledByNobody, withDue } from '../domain/run/due.ts';
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import { hintWaiting, withDeadline } from './change-run.ts';
import { type VisitDeps, visitAttempt } from './visit-attempt.ts';

export async function visitRun(deps: VisitDeps, runId: string): Promise<void> {
  const run = await deps.runs.read(runId);
  if (run === undefined) return;
  const proposed = overdueState(run, deps.world.now());
  if (proposed !== undefined) await enter(deps, run, proposed);
  else if (isWaiting(run)) await keepWaiting(deps, run);
  else if (run.isAttemptOpen) await visitAttempt(deps, { runId, attempt: run.attempt });
  await settleDeadline(deps, runId);
}

/** The state that time alone brings, if any. */
export function overdueState(run: Run, now: number): ProposedState | undefined {
  if (isWaiting(run)) {
    const isLate = mayBeLate(run) && now >= startsAt(run) + timing.lateAfter;
    return isLate ? { ...run.state, name: 'Late', details: run.state.details } : undefined;
  }
  if (run.dueAt === undefined || run.dueAt > now) return undefined;
  if (awaitsWords(run)) {
    return {
      type: 'CRASHED',
      name: 'Crashed',
      message: 'The container exited with code 0 without a final state.',
      details: {},
    };
  }
  if (isCancelledByNobody(run)) {
    return { type: 'CANCELLED', name: 'Cancelled', message: 'There was no task to stop.', details: {} };
  }
  const timeout = run.state.details.pauseTimeout;
  if (run.state.type === 'PAUSED' && timeout !== undefined && timeout <= now) {
    return { type: 'FAILED', name: 'Failed', message: 'The flow was paused and never resumed.', details: {} };
  }
  return undefined;
}

/** Prefect marks only runs that are plainly Scheduled: a retry or a resumption keeps its name. */
function mayBeLate(run: Run): boolean {
  return run.state.name === 'Scheduled';
}

async function enter(deps: VisitDeps, run: Run, proposed: ProposedState): Promise<void> {
  const { data: _data, ...plain } = proposed;
  const state = mintState(run, plain, { id: deps.world.newId(), now: deps.world.now() });
  const attempt = run.isAttemptOpen ? await deps.runs.readAttempt(run.id, run.attempt) : undefined;
  const head = withDeadline(enterState(run, state), attempt);
  if ((await deps.runs.change(run, head)) === 'lost') return;
  deps.telemetry.stateChanged(run.id, state);
  await hintWaiting(deps, head);
}

/** Still waiting: its lane is hinted, and the run is looked at again later. */
async function keepWaiting(deps: VisitDeps, run: Run): Promise<void> {
  await hintWaiting(deps, run);
  const now = deps.world.now();
  if (run.dueAt === undefined || run.dueAt > now || startsAt(run) > now) return;
  await deps.runs.change(
    run,
    withDue(run, mayBeLate(run) ? startsAt(run) + timing.lateAfter : now + timing.waitingCheck),
  );
}

/** A head whose attempt carries the obligation on is not visited again for it. */
async function settleDeadline(deps: VisitDeps, runId: string): Promise<void> {
  const run = await deps.runs.read(runId);
  const now = deps.world.now();
  if (run === undefined || run.dueAt === undefined || run.dueAt > now || isWaiting(run)) return;
  const attempt = run.isAttemptOpen ? await deps.runs.readAttempt(run.id, run.attempt) : undefined;
  const dueAt = dueOf(run, attempt);
  await deps.runs.change(run, withDue(run, dueAt !== undefined && dueAt > now ? dueAt : undefined));
}
