// Ends an attempt and gives its run what follows from that, in one transaction.
// Decided again on what is stored whenever somebody was faster.
import type { Attempt, AttemptEnd } from '../domain/run/attempt.ts';
import type { Ending } from '../domain/run/closing.ts';
import { withDue } from '../domain/run/due.ts';
import { isWaiting } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, type HintDeps, hintAfterState, maximumRaces, withDeadline } from './change-run.ts';
import { hintChildren } from './follow-parent.ts';
import { hintRoom, isSlotFreed } from './hint-room.ts';

export type CloseDeps = HintDeps & { readonly runs: Runs; readonly world: World; readonly telemetry: Telemetry };

export type Closing = { readonly end: AttemptEnd; readonly ending: Ending; readonly reason?: string };

/** Asked with the current head and attempt; undefined leaves the attempt open. */
export type DecideClosing = (run: Run | undefined, attempt: Attempt) => Closing | undefined;

export async function closeAttempt(
  deps: CloseDeps,
  id: { readonly runId: string; readonly number: number },
  decide: DecideClosing,
  known?: { readonly run: Run | undefined; readonly attempt: Attempt },
): Promise<void> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const [run, attempt] =
      race === 0 && known !== undefined
        ? [known.run, known.attempt]
        : await Promise.all([deps.runs.read(id.runId), deps.runs.readAttempt(id.runId, id.number)]);
    if (attempt === undefined || attempt.closed !== undefined) return;
    const isCurrent = run?.attempt === attempt.number && run.isAttemptOpen;
    const closing = decide(isCurrent ? run : undefined, attempt);
    if (closing === undefined) return;
    const round = { run: isCurrent ? run : undefined, attempt, closing, isDeleted: run === undefined };
    if (await closeOnce(deps, round)) return;
  }
  throw new ContentionError(`attempt ${id.number} of run ${id.runId}`);
}

type Round = {
  readonly run: Run | undefined;
  readonly attempt: Attempt;
  readonly closing: Closing;
  /** Nobody will ask for the attempt of a run that is gone, except for its number. */
  readonly isDeleted: boolean;
};

async function closeOnce(deps: CloseDeps, { run, attempt, closing, isDeleted }: Round): Promise<boolean> {
  const { end, ending, reason = reasonOf(ending) } = closing;
  const { dueAt: _dueAt, ...rest } = attempt;
  const at = deps.world.now();
  const after: Attempt = {
    ...rest,
    closed: { at, end, ...(reason === undefined ? {} : { reason }) },
    ...(isDeleted ? { expiresAt: at + timing.tracesKept } : {}),
  };
  const head = run === undefined ? undefined : headAfter(deps, run, ending);
  const write = await deps.runs.closeAttempt(
    { before: attempt, after },
    run === undefined || head === undefined ? undefined : { before: run, after: head },
  );
  if (write === 'lost') return false;
  deps.telemetry.attemptClosed(attempt, end);
  if (run !== undefined && head !== undefined) {
    if (head.state.id !== run.state.id) deps.telemetry.stateChanged(run.id, head.state);
    await hintAfterState(deps, head);
  }
  if (attempt.placeGateIds !== undefined || (run !== undefined && isSlotFreed(run, head))) await hintRoom(deps);
  // Only an engine has subflows; they end with its task (rule 12).
  if (attempt.reports === 'engine') await hintChildren(deps, attempt.runId);
  return true;
}

/** Why the attempt is over, as far as its run is told. */
function reasonOf(ending: Ending): string | undefined {
  if (ending.kind === 'restart') return ending.reason;
  return ending.kind === 'end' ? ending.state.message : undefined;
}

/** The attempt is over. A run that waits for the next one has no infrastructure; any other keeps its last. */
function withoutTask(run: Run): Run {
  const freed: Run = { ...run, isAttemptOpen: false };
  const { infrastructurePid: _stopped, ...waiting } = freed;
  return isWaiting(freed) ? waiting : freed;
}

function headAfter(deps: CloseDeps, run: Run, ending: Ending): Run {
  const now = deps.world.now();
  const freed = withoutTask(run);
  const enter = (head: Run, proposed: ProposedState, id = deps.world.newId()): Run =>
    withDeadline(enterState(head, mintState(head, proposed, { id, now })), undefined);
  switch (ending.kind) {
    case 'keep':
      return withDeadline(freed, undefined);
    case 'await-words':
      return withDue(freed, now + timing.finalWords);
    case 'reschedule-retry':
      return withDeadline(
        withoutTask({ ...run, empiricalPolicy: { ...run.empiricalPolicy, retryType: 'reschedule' } }),
        undefined,
      );
    case 'end':
      return enter(freed, ending.state, ending.id);
    case 'restart': {
      const wasRunning = run.state.type === 'RUNNING' || run.state.type === 'PAUSED';
      const restarts = run.infrastructureRestarts + 1;
      const waiting: Run = {
        ...freed,
        infrastructureRestarts: restarts,
        empiricalPolicy: { ...run.empiricalPolicy, retryType: 'reschedule' },
      };
      const message = `Attempt ${run.attempt} was lost: ${ending.reason}. A new attempt follows (${restarts}).`;
      const head = enter(waiting, {
        type: 'SCHEDULED',
        name: 'AwaitingRetry',
        message,
        details: { scheduledTime: now + ending.delayMs },
      });
      return { ...head, isRestart: wasRunning || run.isRestart };
    }
  }
}
