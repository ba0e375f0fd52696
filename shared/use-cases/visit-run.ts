// The clock's visit to a run whose deadline came: Late, a pause that timed out, last words that never came, an engine
// that gives no sign of life, a parent that has ended, a task that outlives its run. Asks "due by now", never "since".
import { awaitsWords, dueOf, endsWithHost, isCancelledByNobody, withDue } from '../domain/run/due.ts';
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import { type Fate, fateOfChild, fateOfSilent, type Signs } from '../domain/run/liveness.ts';
import { decideState, type PolicyName } from '../domain/run/policy.ts';
import type { Run } from '../domain/run/run.ts';
import { isTerminal, type ProposedState } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import { cancelTaskRuns } from './cancel-task-runs.ts';
import { hintAfterState, withDeadline } from './change-run.ts';
import { hintChildren } from './follow-parent.ts';
import { hintFreedSlot } from './hint-room.ts';
import { readSlotFacts, type SlotDeps } from './slot-facts.ts';
import { judgeSilent, type TellDeps, tellSilence } from './tell-silence.ts';
import { type VisitDeps, visitAttempt } from './visit-attempt.ts';

export type VisitRunDeps = VisitDeps &
  TellDeps &
  SlotDeps & {
    readonly heartbeats: Heartbeats;
    readonly taskRuns: Pick<TaskRuns, 'ofFlowRun' | 'readMany' | 'change'>;
  };

export async function visitRun(deps: VisitRunDeps, runId: string): Promise<void> {
  // The signs first: whatever state they were given in, the run that is read then is in it or beyond.
  const signs = await deps.heartbeats.read(runId);
  const run = await deps.runs.read(runId);
  const now = deps.world.now();
  const fate = run === undefined ? none : await fateOf(deps, run, { signs, now });
  if (run !== undefined) await takeStep(deps, run, { fate, now });
  if (run !== undefined && isCleanedUpNow(run, now)) await cancelTaskRuns(deps, runId);
  const after = run === undefined ? undefined : await deps.runs.read(runId);
  // A silence is judged once, if what comes of it was written: the next sign of life begins anew.
  const isWatched = fate.kind === 'later' && run?.state.type === 'RUNNING';
  const isUndone = (fate.kind === 'end' || fate.kind === 'reschedule') && after?.state.id === run?.state.id;
  if (signs !== undefined && !isWatched && !isUndone) await deps.heartbeats.forget(runId, signs);
  if (after !== undefined) await settleDeadline(deps, after, { fate, now });
}

const none: Fate = { kind: 'none' };

function isCleanedUpNow({ state, dueAt }: Run, now: number): boolean {
  return state.type === 'CANCELLED' && dueAt !== undefined && dueAt <= now;
}

async function fateOf(
  deps: VisitRunDeps,
  run: Run,
  { signs, now }: { readonly signs: Signs | undefined; readonly now: number },
): Promise<Fate> {
  if (isTerminal(run.state.type)) return none;
  const ofChild = run.parentRunId === undefined ? none : fateOfChild(run, await readFamily(deps, run));
  return ofChild.kind === 'none' ? fateOfSilent(run, signs, now) : ofChild;
}

async function readFamily({ runs }: VisitRunDeps, { parentRunId, within }: Run) {
  const [parent, host] = await Promise.all([
    parentRunId === undefined ? undefined : runs.read(parentRunId),
    within === undefined ? undefined : runs.readAttempt(within.runId, within.attempt),
  ]);
  return { parent, host };
}

async function takeStep(deps: VisitRunDeps, run: Run, { fate, now }: { fate: Fate; now: number }): Promise<void> {
  if (fate.kind === 'end') {
    if (fate.silence !== undefined) await tellSilence(deps, run, fate.silence);
    return propose(deps, run, { proposed: fate.state, policy: 'core' });
  }
  if (fate.kind === 'silent') return judgeSilent(deps, run, fate.silence);
  if (fate.kind === 'reschedule') return reschedule(deps, run, fate.state);
  const proposed = overdueState(run, now);
  if (proposed !== undefined && isWaiting(run)) return propose(deps, run, { proposed, policy: 'late' });
  if (proposed !== undefined) return enter(deps, run, proposed);
  if (isWaiting(run)) return keepWaiting(deps, run);
  if (run.isAttemptOpen) return visitAttempt(deps, { runId: run.id, attempt: run.attempt });
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
    const message = run.launched ? 'There was no task to stop.' : 'Nobody reported the end of this run in time.';
    return { type: 'CANCELLED', name: 'Cancelled', message, details: {} };
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

/** A state that the rules have a say in. A refusal needs nobody's attention: the run is in a state that forbids it. */
async function propose(
  deps: VisitRunDeps,
  run: Run,
  { proposed, policy }: { readonly proposed: ProposedState; readonly policy: PolicyName },
): Promise<void> {
  const now = deps.world.now();
  const { data: _data, ...plain } = proposed;
  const { known: _known, ...facts } =
    policy === 'late' ? await readSlotFacts(deps, { run, proposed: plain, leaseId: deps.world.newId() }) : {};
  const answer = decideState(policy, { run, proposed: plain, now, ...facts }, { id: deps.world.newId(), now });
  if ('run' in answer && answer.run !== undefined) await write(deps, run, answer.run);
}

async function enter(deps: VisitRunDeps, run: Run, proposed: ProposedState): Promise<void> {
  const { data: _data, ...plain } = proposed;
  await write(deps, run, enterState(run, mintState(run, plain, { id: deps.world.newId(), now: deps.world.now() })));
}

/** The retry is nobody's now: whoever submits the run takes it, and its old engine may not (rule 9). */
async function reschedule(deps: VisitRunDeps, run: Run, proposed: ProposedState): Promise<void> {
  const freed: Run = { ...run, empiricalPolicy: { ...run.empiricalPolicy, retryType: 'reschedule' } };
  const state = mintState(run, proposed, { id: deps.world.newId(), now: deps.world.now() });
  await write(deps, run, { ...enterState(freed, state), isLeftBehind: true });
}

async function write(deps: VisitRunDeps, before: Run, after: Run): Promise<void> {
  const attempt = before.isAttemptOpen ? await deps.runs.readAttempt(before.id, before.attempt) : undefined;
  const head = withDeadline(after, attempt);
  if ((await deps.runs.change(before, head)) === 'lost') return;
  deps.telemetry.stateChanged(before.id, head.state);
  // Who waited before is no news to the pump: the clock hints the lanes of all that are overdue.
  if (!isWaiting(before)) await hintAfterState(deps, head);
  await hintFreedSlot(deps, before, head);
  if (isTerminal(head.state.type)) await hintChildren(deps, before.id);
}

/** Still waiting: the run is looked at again later. Its lane is hinted by the clock, once for all that wait there. */
async function keepWaiting(deps: VisitRunDeps, run: Run): Promise<void> {
  const now = deps.world.now();
  if (run.dueAt === undefined || run.dueAt > now || startsAt(run) > now) return;
  await deps.runs.change(
    run,
    withDue(run, mayBeLate(run) ? startsAt(run) + timing.lateAfter : now + timing.waitingCheck),
  );
}

/**
 * A head whose attempt carries the obligation on is not visited again for it.
 *
 * @param now when this visit judged the run: a deadline that came meanwhile, or whose write was lost, is the next one's
 */
async function settleDeadline(
  deps: VisitRunDeps,
  run: Run,
  { fate, now }: { readonly fate: Fate; readonly now: number },
): Promise<void> {
  if (run.dueAt === undefined || run.dueAt > now || isWaiting(run)) return;
  if (overdueState(run, now) !== undefined) return;
  const attempt = run.isAttemptOpen ? await deps.runs.readAttempt(run.id, run.attempt) : undefined;
  const dueAt = dueOf(run, attempt);
  await deps.runs.change(run, withDue(run, dueAt !== undefined && dueAt > now ? dueAt : nextLook(run, fate, now)));
}

function nextLook(run: Run, fate: Fate, now: number): number | undefined {
  if (endsWithHost(run)) return now + timing.childCheck;
  return fate.kind === 'later' && run.state.type === 'SCHEDULED' ? fate.dueAt : undefined;
}
