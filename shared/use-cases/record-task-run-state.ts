// Records a state that somebody proposes for a task run (POST /task_runs/{id}/set_state).
// The rules decide, slots of tags are taken when they ask for them and given back when nothing came of it.

import { chanceOf } from '../domain/limit/waiting.ts';
import type { ProposedState, State } from '../domain/run/state.ts';
import {
  decideTaskState,
  givesSlotsBack,
  type TaskAnswer,
  type TaskMint,
  taskPolicyFor,
} from '../domain/task-run/policy.ts';
import type { TagSlots, TaskFacts, TaskProposal } from '../domain/task-run/policy-types.ts';
import { otherDetail, type TaskRun, textDetail } from '../domain/task-run/task-run.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskCache, TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import type { LimitDeps } from './acquire-slots.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { releaseTaskSlots, secureTaskSlots } from './tag-slots.ts';
import { type TaskQueueDeps, wakeTaskWorkers } from './wake-task-workers.ts';

export type TaskStateRequest = {
  readonly taskRunId: string;
  readonly proposed: ProposedState;
  /** Prefect's `force`: the minimal rules, except for tasks in the background, which have their own. */
  readonly force: boolean;
};

export type TaskStateAnswer = {
  readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT';
  readonly state: State;
  readonly taskRun: TaskRun;
  /** Whether `state` was written by this request (201) or was there before (200). */
  readonly isNewState: boolean;
  readonly reason?: string;
  readonly delaySeconds?: number;
};

export type RecordTaskStateDeps = LimitDeps &
  TaskQueueDeps & {
    readonly taskRuns: Pick<TaskRuns, 'read' | 'change'>;
    readonly taskCache: TaskCache;
    readonly runs: Pick<Runs, 'read'>;
    readonly world: World;
  };

/**
 * @returns undefined when there is no such task run
 * @throws ContentionError when it changes faster than this request can
 */
export async function recordTaskRunState(
  deps: RecordTaskStateDeps,
  request: TaskStateRequest,
): Promise<TaskStateAnswer | undefined> {
  const id = deps.world.newId();
  for (let race = 0; race < maximumRaces; race += 1) {
    const taskRun = await deps.taskRuns.read(request.taskRunId);
    if (taskRun === undefined) return undefined;
    const answer = await tryOnce(deps, request, { taskRun, id });
    if (answer !== 'lost') return answer;
  }
  throw new ContentionError(`task run ${request.taskRunId}`);
}

type Round = { readonly taskRun: TaskRun; readonly id: string };

async function tryOnce(
  deps: RecordTaskStateDeps,
  request: TaskStateRequest,
  { taskRun, id }: Round,
): Promise<TaskStateAnswer | 'lost'> {
  const now = deps.world.now();
  const { proposed, force } = request;
  const proposal = { taskRun, proposed, now, facts: await factsFor(deps, request, taskRun) };
  const answer = await decideWithSlots(deps, proposal, { policy: taskPolicyFor(proposed, force), mint: { id, now } });
  if (answer.status === 'WAIT' || answer.status === 'ABORT') return { ...answer, taskRun, isNewState: false };
  const { taskRun: moved, state } = answer;
  if (moved === undefined) return { ...answer, taskRun, isNewState: false };
  const effects = answer.status === 'ACCEPT' ? answer.effects : [];
  const after = effects.includes('enqueue') ? { ...moved, queuedAt: now } : moved;
  if ((await deps.taskRuns.change({ before: taskRun, after })) === 'lost') return 'lost';
  const { tags, taskKey } = after;
  if (givesSlotsBack(state)) await releaseTaskSlots(deps, { taskRunId: after.id, tags });
  const cacheKey = effects.includes('insert-cache') ? textDetail(state, 'cache_key') : undefined;
  if (cacheKey !== undefined) await deps.taskCache.put({ cacheKey, taskRunId: after.id, state });
  if (effects.includes('enqueue')) await wakeTaskWorkers(deps, taskKey);
  return answer.status === 'ACCEPT'
    ? { status: 'ACCEPT', state, taskRun: after, isNewState: true }
    : { status: 'REJECT', reason: answer.reason, state, taskRun: after, isNewState: true };
}

async function factsFor(deps: RecordTaskStateDeps, request: TaskStateRequest, taskRun: TaskRun): Promise<TaskFacts> {
  const { proposed, force } = request;
  const unasked: TaskFacts = { tagSlots: { kind: 'unasked' }, random: chanceOf(deps.world.newId()) };
  if (proposed.type !== 'RUNNING' || taskPolicyFor(proposed, force) === 'minimal') return unasked;
  const cacheKey = otherDetail(proposed, 'refresh_cache') === true ? undefined : textDetail(proposed, 'cache_key');
  const [run, cached] = await Promise.all([
    taskRun.flowRunId === undefined ? undefined : deps.runs.read(taskRun.flowRunId),
    cacheKey === undefined ? undefined : deps.taskCache.find(cacheKey, deps.world.now()),
  ]);
  return {
    ...unasked,
    ...(run === undefined ? {} : { flowRun: { id: run.id, state: run.state, runCount: run.runCount } }),
    ...(cached === undefined ? {} : { cached }),
  };
}

type Decided = Exclude<TaskAnswer, { status: 'ASK_SLOTS' }>;
type HowToDecide = { readonly policy: ReturnType<typeof taskPolicyFor>; readonly mint: TaskMint };

/** A task run that ran before keeps what it held before, whatever comes of this proposal. */
async function decideWithSlots(
  deps: RecordTaskStateDeps,
  proposal: TaskProposal,
  { policy, mint }: HowToDecide,
): Promise<Decided> {
  const answer = decideTaskState(policy, proposal, mint);
  if (answer.status !== 'ASK_SLOTS') return answer;
  const { taskRun } = proposal;
  const wanted = { taskRunId: taskRun.id, tags: taskRun.tags };
  const slots = await secureTaskSlots(deps, wanted);
  const tagSlots: TagSlots = slots.kind === 'granted' ? { kind: 'held' } : slots;
  const decided = decideTaskState(policy, { ...proposal, facts: { ...proposal.facts, tagSlots } }, mint);
  if (decided.status === 'ASK_SLOTS') throw new Error('the rules asked for slots that they had the answer for');
  const isUseless = slots.kind === 'granted' && decided.status !== 'ACCEPT' && givesSlotsBack(taskRun.state);
  if (isUseless) await releaseTaskSlots(deps, wanted);
  return decided;
}
