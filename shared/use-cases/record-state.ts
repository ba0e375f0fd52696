// Records a state that somebody proposes for a run: the engine, a worker, a person (POST /flow_runs/{id}/set_state).
// The rules decide; what they accept is one conditional write. Safe to repeat: transition ids find the copy.
import { AppError } from '../domain/errors.ts';
import type { Attempt } from '../domain/run/attempt.ts';
import { isRescheduled } from '../domain/run/attempt-step.ts';
import { decideState } from '../domain/run/policy.ts';
import type { Caller, Proposal } from '../domain/run/policy-types.ts';
import { executorOfCaller, isAheadOfTable } from '../domain/run/rules-ours.ts';
import type { Run } from '../domain/run/run.ts';
import { isTerminal, type ProposedState, type State } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { mintState } from '../domain/run/transition.ts';
import type { RunInput } from '../ports/run-inputs.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, type HintDeps, hintAfterState, maximumRaces, withDeadline } from './change-run.ts';
import { executesInside, executorOf, hintChildren } from './follow-parent.ts';
import { hintFreedSlot } from './hint-room.ts';
import { readSlotFacts, type SlotDeps, type SlotFacts, slotsTaken } from './slot-facts.ts';

export type StateRequest = {
  readonly runId: string;
  readonly proposed: ProposedState;
  /** Prefect's `force`: the minimal rules, and still our own. */
  readonly force: boolean;
  readonly caller?: Caller;
  /** Of the caller's Prefect, as it says. */
  readonly clientVersion?: string;
  /** Kept in the write that accepts the state, and only then. */
  readonly input?: RunInput;
};

export type StateAnswer = {
  readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT';
  readonly state: State | undefined;
  /** Whether `state` was written by this request (201) or was there before (200). */
  readonly isNewState: boolean;
  readonly reason?: string;
  readonly delaySeconds?: number;
};

export type RecordDeps = HintDeps &
  SlotDeps & { readonly runs: Runs; readonly world: World; readonly telemetry: Telemetry };

/**
 * @returns undefined when there is no such run
 * @throws ContentionError when the run changes faster than this request can
 * @throws AppError `unavailable` for a word of an attempt that a restored table does not know yet
 */
export async function recordState(deps: RecordDeps, request: StateRequest): Promise<StateAnswer | undefined> {
  const ids = { state: deps.world.newId(), lease: deps.world.newId() };
  for (let race = 0; race < maximumRaces; race += 1) {
    const facts = await readFacts(deps, request, ids);
    if (facts === undefined) return undefined;
    const answer = await tryOnce(deps, facts);
    if (answer !== 'lost') return answer;
  }
  throw new ContentionError(`run ${request.runId}`);
}

/** The ids of what is to come; the same in every round, so that a copy of our own write is recognised. */
type Ids = { readonly state: string; readonly lease: string };

type Round = {
  readonly request: StateRequest;
  readonly run: Run;
  readonly attempt: Attempt | undefined;
  readonly executor: Run | 'gone' | undefined;
  readonly slots: SlotFacts;
  readonly id: string;
};

async function readFacts(deps: RecordDeps, request: StateRequest, ids: Ids): Promise<Round | undefined> {
  const first = await deps.runs.read(request.runId);
  if (first === undefined) return undefined;
  const executor = await executorOf(deps.runs, first, request.caller);
  // Who may speak is read before what is spoken of (design rule 5).
  const run = executor === undefined ? first : await deps.runs.read(request.runId);
  if (run === undefined) return undefined;
  const { proposed, clientVersion, force } = request;
  const question = { run, proposed, leaseId: ids.lease, ...(clientVersion === undefined ? {} : { clientVersion }) };
  const [attempt, slots] = await Promise.all([
    run.isAttemptOpen ? deps.runs.readAttempt(run.id, run.attempt) : undefined,
    force ? {} : readSlotFacts(deps, question),
  ]);
  return { request, run, attempt, executor, slots, id: ids.state };
}

async function tryOnce(deps: RecordDeps, round: Round): Promise<StateAnswer | 'lost'> {
  const { request, run, attempt, id } = round;
  const now = deps.world.now();
  const proposal = proposalOf(round, now);
  if (isAheadOfTable(proposal)) throw unknownAttempt(proposal);
  if (attempt !== undefined && isHeld(round)) return holdCrash(deps, round, attempt);
  const answer = decideState(request.force ? 'minimal' : 'core', proposal, { id, now });
  switch (answer.status) {
    case 'ABORT':
      await keepFenced(deps, proposal);
      return { status: 'ABORT', state: run.state, isNewState: false, reason: answer.reason };
    case 'WAIT':
      return { ...answer, isNewState: false };
    case 'REJECT':
      if (answer.run === undefined)
        return { status: 'REJECT', state: answer.state, isNewState: false, reason: answer.reason };
      return write(deps, round, { after: answer.run, reason: answer.reason, now });
    case 'ACCEPT':
      return write(deps, round, { after: hosted(round, answer.run), now });
  }
}

/** The clock's next sweep finds its task. */
function unknownAttempt({ caller }: Proposal): AppError {
  const seen = `attempt ${caller?.attempt} of run ${caller?.runId} is not known yet`;
  const message = `${seen}: the table was set back, and its task is looked for, please try again`;
  return new AppError('unavailable', message, { retryAfterSeconds: timing.unknownAttempt / 1000 });
}

function proposalOf({ request, run, executor, slots }: Round, now: number): Proposal {
  const { proposed, caller, clientVersion } = request;
  const { known: _known, ...facts } = slots;
  return {
    run,
    proposed,
    now,
    ...facts,
    ...(caller === undefined ? {} : { caller }),
    ...(executor === undefined ? {} : { executor }),
    ...(clientVersion === undefined ? {} : { clientVersion }),
  };
}

/** A subflow whose parent is tried again executes in the new attempt's task from now on. */
function hosted({ request: { caller }, executor }: Round, after: Run): Run {
  if (caller === undefined || executor === undefined || !executesInside(after)) return after;
  return { ...after, within: caller };
}

type Change = { readonly after: Run; readonly reason?: string; readonly now: number };

async function write(
  deps: RecordDeps,
  { request: { input }, run, attempt, slots }: Round,
  { after, reason, now }: Change,
): Promise<StateAnswer | 'lost'> {
  const head = withDeadline(after, attempt);
  const taken = slotsTaken(slots, run, head, now);
  const along = {
    ...(taken === undefined ? {} : { slots: taken }),
    ...(input === undefined || reason !== undefined ? {} : { input }),
  };
  if ((await deps.runs.change(run, head, along)) === 'lost') return 'lost';
  deps.telemetry.stateChanged(run.id, head.state);
  await hintAfterState(deps, head);
  await hintFreedSlot(deps, run, head);
  if (head.state.type === 'CANCELLED' || head.state.type === 'CRASHED') await hintChildren(deps, run.id);
  return reason === undefined
    ? { status: 'ACCEPT', state: head.state, isNewState: true }
    : { status: 'REJECT', state: head.state, isNewState: true, reason };
}

/** Rule 8: a Crashed by the current engine attempt whose task is not yet known STOPPED waits for ECS's word. */
function isHeld({ request, run, attempt }: Round): boolean {
  if (attempt === undefined || attempt.reports !== 'engine' || request.proposed.type !== 'CRASHED') return false;
  const isCurrent = request.caller?.runId === run.id && request.caller.attempt === run.attempt;
  return isCurrent && attempt.closed === undefined && !isTerminal(run.state.type) && !isRescheduled(run);
}

async function holdCrash(deps: RecordDeps, round: Round, attempt: Attempt): Promise<StateAnswer | 'lost'> {
  if (attempt.heldCrash !== undefined) {
    return { status: 'ACCEPT', state: attempt.heldCrash, isNewState: true };
  }
  const heldCrash = mintState(round.run, round.request.proposed, { id: round.id, now: deps.world.now() });
  const after = { ...attempt, heldCrash, dueAt: heldCrash.timestamp + timing.heldCrash };
  if ((await deps.runs.changeAttempt(attempt, after)) === 'lost') return 'lost';
  return { status: 'ACCEPT', state: heldCrash, isNewState: true };
}

/** What a fenced attempt said is kept on its item for whoever wonders; it never moves the run. */
async function keepFenced(deps: RecordDeps, proposal: Proposal): Promise<void> {
  const { caller, proposed } = proposal;
  const executor = executorOfCaller(proposal);
  if (caller === undefined || executor === undefined) return;
  if (executor !== 'gone' && caller.attempt === executor.attempt && executor.isAttemptOpen) return;
  const attempt = await deps.runs.readAttempt(caller.runId, caller.attempt);
  if (attempt === undefined) return;
  const said = { at: deps.world.now(), type: proposed.type, name: proposed.name };
  await deps.runs.changeAttempt(attempt, { ...attempt, fenced: [...(attempt.fenced ?? []), said].slice(-10) });
}
