// Records a state that somebody proposes for a run: the engine, a worker, a person (POST /flow_runs/{id}/set_state).
// The rules decide; what they accept is one conditional write. Safe to repeat: transition ids find the copy.
import type { Attempt } from '../domain/run/attempt.ts';
import { decideState } from '../domain/run/policy.ts';
import type { Caller } from '../domain/run/policy-types.ts';
import type { Run } from '../domain/run/run.ts';
import { isTerminal, type ProposedState, type State } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { mintState } from '../domain/run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, type HintDeps, hintAfterState, maximumRaces, withDeadline } from './change-run.ts';

export type StateRequest = {
  readonly runId: string;
  readonly proposed: ProposedState;
  /** Prefect's `force`: the minimal rules, and still our own. */
  readonly force: boolean;
  readonly caller?: Caller;
};

export type StateAnswer = {
  readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT';
  readonly state: State | undefined;
  /** Whether `state` was written by this request (201) or was there before (200). */
  readonly isNewState: boolean;
  readonly reason?: string;
  readonly delaySeconds?: number;
};

export type RecordDeps = HintDeps & { readonly runs: Runs; readonly world: World; readonly telemetry: Telemetry };

/**
 * @returns undefined when there is no such run
 * @throws ContentionError when the run changes faster than this request can
 */
export async function recordState(deps: RecordDeps, request: StateRequest): Promise<StateAnswer | undefined> {
  const id = deps.world.newId();
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(request.runId);
    if (run === undefined) return undefined;
    const attempt = run.isAttemptOpen ? await deps.runs.readAttempt(run.id, run.attempt) : undefined;
    const answer = await tryOnce(deps, { request, run, attempt, id });
    if (answer !== 'lost') return answer;
  }
  throw new ContentionError(`run ${request.runId}`);
}

type Round = {
  readonly request: StateRequest;
  readonly run: Run;
  readonly attempt: Attempt | undefined;
  /** The id of the state to come; the same in every round, so that a copy of our own write is recognised. */
  readonly id: string;
};

async function tryOnce(deps: RecordDeps, round: Round): Promise<StateAnswer | 'lost'> {
  const { request, run, attempt, id } = round;
  const now = deps.world.now();
  if (attempt !== undefined && isHeld(round)) return holdCrash(deps, round, attempt);
  const { proposed, caller } = request;
  const proposal = { run, proposed, now, ...(caller === undefined ? {} : { caller }) };
  const answer = decideState(request.force ? 'minimal' : 'core', proposal, { id, now });
  switch (answer.status) {
    case 'ABORT':
      await keepFenced(deps, round);
      return { status: 'ABORT', state: run.state, isNewState: false, reason: answer.reason };
    case 'WAIT':
      return { ...answer, isNewState: false };
    case 'REJECT':
      if (answer.run === undefined)
        return { status: 'REJECT', state: answer.state, isNewState: false, reason: answer.reason };
      return write(deps, round, { after: answer.run, reason: answer.reason });
    case 'ACCEPT':
      return write(deps, round, { after: answer.run });
  }
}

async function write(
  deps: RecordDeps,
  { run, attempt }: Round,
  { after, reason }: { after: Run; reason?: string },
): Promise<StateAnswer | 'lost'> {
  const head = withDeadline(after, attempt);
  if ((await deps.runs.change(run, head)) === 'lost') return 'lost';
  deps.telemetry.stateChanged(run.id, head.state);
  await hintAfterState(deps, head);
  return reason === undefined
    ? { status: 'ACCEPT', state: head.state, isNewState: true }
    : { status: 'REJECT', state: head.state, isNewState: true, reason };
}

/** Rule 8: a Crashed by the current engine attempt whose task is not yet known STOPPED waits for ECS's word. */
function isHeld({ request, run, attempt }: Round): boolean {
  if (attempt === undefined || attempt.reports !== 'engine' || request.proposed.type !== 'CRASHED') return false;
  const isCurrent = request.caller?.runId === run.id && request.caller.attempt === run.attempt;
  return isCurrent && attempt.closed === undefined && !isTerminal(run.state.type);
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
async function keepFenced(deps: RecordDeps, { request, run }: Round): Promise<void> {
  const { caller, proposed } = request;
  if (caller === undefined || caller.runId !== run.id) return;
  if (caller.attempt === run.attempt && run.isAttemptOpen) return;
  const attempt = await deps.runs.readAttempt(run.id, caller.attempt);
  if (attempt === undefined) return;
  const said = { at: deps.world.now(), type: proposed.type, name: proposed.name };
  await deps.runs.changeAttempt(attempt, { ...attempt, fenced: [...(attempt.fenced ?? []), said].slice(-10) });
}
