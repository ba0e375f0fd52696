// Whoever asks the API from outside: engines, workers and people. They ask again until they are answered, as Prefect's
// client does, and send a proposed state under one transition id.
import { runHeadKey } from '../../../shared/adapters/dynamodb/table.ts';
import { AppError } from '../../../shared/domain/errors.ts';
import type { Caller } from '../../../shared/domain/run/policy-types.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ProposedState, StateType } from '../../../shared/domain/run/state.ts';
import { recordState, type StateAnswer, type StateRequest } from '../../../shared/use-cases/record-state.ts';
import type { Invoked } from './lambdas.ts';
import { headOf } from './publisher.ts';
import type { Deps } from './wiring.ts';
import { report, type World } from './world.ts';

export const clientVersion = '3.8.8';

/** undefined: nobody answered, however often it was asked. */
export async function ask<T>(
  world: World,
  act: (deps: Deps) => Promise<T>,
  mostTries = 40,
): Promise<{ readonly answer: T } | undefined> {
  const { kernel, dice, lambdas, diary, faults } = world;
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    await kernel.sleep(dice.whole(5, 40));
    const outcome = await lambdas.invoke('api', act);
    report(diary, 'api', outcome);
    await kernel.sleep(dice.whole(5, 40));
    const isLost = outcome.kind === 'done' && faults.onMessage('answer') === 'lost';
    if (outcome.kind === 'done' && !isLost) return { answer: outcome.value };
    await kernel.sleep(retryAfterMs(outcome) ?? dice.whole(1_000, 5_000));
  }
  return undefined;
}

function retryAfterMs(outcome: Invoked<unknown>): number | undefined {
  if (outcome.kind !== 'failed' || !(outcome.error instanceof AppError)) return undefined;
  const { retryAfterSeconds } = outcome.error;
  return retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
}

export type Asked = {
  readonly runId: string;
  readonly state: ProposedState;
  readonly who: string;
  readonly caller?: Caller;
  readonly force?: boolean;
  readonly mostTries?: number;
};

export const plain = (type: StateType, name: string): ProposedState => ({ type, name, details: {} });
export const running = plain('RUNNING', 'Running');
export const retrying = plain('RUNNING', 'Retrying');
export const completed = plain('COMPLETED', 'Completed');
export const failed = plain('FAILED', 'Failed');
export const crashed = plain('CRASHED', 'Crashed');
export const cancelling = plain('CANCELLING', 'Cancelling');
export const cancelled = plain('CANCELLED', 'Cancelled');

/** `unanswered`: nobody answered; undefined: there is no such run. */
export async function propose(world: World, asked: Asked): Promise<StateAnswer | undefined | 'unanswered'> {
  const { diary, kernel } = world;
  const { runId, state, caller, force = false, who } = asked;
  const transitionId = world.newId();
  const proposed = { ...state, details: { ...state.details, transitionId } };
  if (force) diary.forced.add(transitionId);
  if (caller?.runId === runId) {
    const word = { runId, attempt: caller.attempt, type: state.type, isForced: force, at: kernel.now() };
    diary.words.set(transitionId, word);
  }
  const request = { runId, proposed, force, clientVersion, ...(caller === undefined ? {} : { caller }) };
  const given = await ask(world, (deps) => recordState(deps, asSabotaged(world, request)), asked.mostTries);
  if (given === undefined) return 'unanswered';
  const { answer } = given;
  diary.note(`${who}: ${state.type} for ${runId.slice(-6)} → ${answer?.status ?? 'no run'} ${answer?.reason ?? ''}`);
  diary.told.push({
    runId,
    who,
    status: answer?.status ?? 'GONE',
    stateId: answer?.state?.id,
    type: answer?.state?.type,
    asked: state.type,
    at: kernel.now(),
  });
  return answer;
}

/** What arrives at the use case: the request itself, unless a guard is switched off. */
function asSabotaged(world: World, request: StateRequest): StateRequest {
  const { sabotage, diary } = world;
  const attempt = peek(world, request.runId)?.attempt;
  const { caller } = request;
  if (sabotage.isUnfenced === true && caller !== undefined && attempt !== undefined) {
    return { ...request, caller: { ...caller, attempt } };
  }
  const former = request.proposed.details.transitionId;
  const word = former === undefined ? undefined : diary.words.get(former);
  if (sabotage.hasNoTransitionIds !== true || word === undefined) return request;
  const transitionId = world.newId();
  diary.words.set(transitionId, word);
  return { ...request, proposed: { ...request.proposed, details: { ...request.proposed.details, transitionId } } };
}

/** The head as it is now: nobody's call, so nothing happens to it. */
export function peek({ tables }: World, runId: string): Run | undefined {
  return headOf(tables.item(runHeadKey(runId)));
}

/** As Prefect's client reads an answer: a refusal that names the very state that was asked for is as good as a yes. */
export function isTaken(answer: StateAnswer | undefined | 'unanswered', asked: StateType): boolean {
  if (answer === undefined || answer === 'unanswered') return false;
  return answer.status === 'ACCEPT' || (answer.status === 'REJECT' && answer.state?.type === asked);
}
