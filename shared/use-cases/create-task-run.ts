// Records a task run that a client asks the server to keep (POST /task_runs/): the placeholder of a subflow, or a task
// in the background, which goes into its queue in the same write. Its natural key makes a repeat find the first.
import type { ErrorCode } from '../domain/errors.ts';
import { timedId } from '../domain/identity.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Run } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import { mintTaskState } from '../domain/task-run/policy.ts';
import { isDeferred, type TaskRun, type TaskRunPolicy } from '../domain/task-run/task-run.ts';
import { enterTaskState } from '../domain/task-run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import { type TaskQueueDeps, wakeTaskWorkers } from './wake-task-workers.ts';

export type NewTaskRun = {
  /** The caller's own id, if it brings one. */
  readonly id?: string;
  readonly name?: string;
  readonly flowRunId?: string;
  readonly taskKey: string;
  readonly dynamicKey: string;
  readonly cacheKey?: string;
  readonly cacheExpiration?: number;
  readonly taskVersion?: string;
  readonly policy?: TaskRunPolicy;
  readonly tags?: readonly string[];
  readonly labels?: JsonObject;
  readonly taskInputs?: JsonObject;
  /** @default PENDING, as on Prefect's server */
  readonly state?: ProposedState;
};

export type CreateTaskRunDeps = TaskQueueDeps & {
  readonly taskRuns: Pick<TaskRuns, 'create' | 'read'>;
  readonly runs: Pick<Runs, 'read' | 'readBody'>;
  readonly world: World;
};

export type CreatedTaskRun =
  | { readonly kind: 'created' | 'exists'; readonly taskRun: TaskRun }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string };

const integrity =
  'Data integrity conflict. This usually means a unique or foreign key constraint was violated. See server logs for details.';

export async function createTaskRun(deps: CreateTaskRunDeps, request: NewTaskRun): Promise<CreatedTaskRun> {
  const { flowRunId } = request;
  const run = flowRunId === undefined ? undefined : await deps.runs.read(flowRunId);
  if (flowRunId !== undefined && run === undefined) return { kind: 'refused', code: 'conflict', reason: integrity };
  const inherited = run === undefined ? {} : await labelsOf(deps, run);
  const first = firstTaskRun(deps.world, request, inherited);
  // UpdateFlowRunTrackerOnTasks is among the rules that hold for a deferred state, even for the first one.
  const isCounted = run !== undefined && first.state.type === 'RUNNING' && isDeferred(first.state);
  const answer = await deps.taskRuns.create(isCounted ? { ...first, flowRunRunCount: run.runCount } : first);
  if (answer.kind === 'taken') return { kind: 'refused', code: 'conflict', reason: integrity };
  // A repeat wakes too: the first one may have died between its write and its wake.
  if (answer.taskRun.queuedAt !== undefined) await wakeTaskWorkers(deps, answer.taskRun.taskKey);
  return answer;
}

/** Prefect hands the labels of a flow run down to its task runs. */
async function labelsOf({ runs }: CreateTaskRunDeps, run: Run): Promise<JsonObject> {
  const { labels } = await runs.readBody(run);
  return {
    'prefect.flow.id': run.flowId,
    ...(run.deploymentId === undefined ? {} : { 'prefect.deployment.id': run.deploymentId }),
    ...labels,
    'prefect.flow-run.id': run.id,
  };
}

function firstTaskRun(world: World, request: NewTaskRun, inherited: JsonObject): TaskRun {
  const now = world.now();
  const { flowRunId, cacheKey, cacheExpiration, taskVersion } = request;
  const proposed = request.state ?? { type: 'PENDING', name: 'Pending', details: {} };
  const state = mintTaskState(undefined, proposed, { id: timedId(now, world.newId()), now });
  const blank: TaskRun = {
    id: request.id ?? timedId(now, world.newId()),
    version: 0,
    created: now,
    updated: now,
    name: request.name ?? world.newName(),
    ...(flowRunId === undefined ? {} : { flowRunId }),
    taskKey: request.taskKey,
    dynamicKey: request.dynamicKey,
    ...(cacheKey === undefined ? {} : { cacheKey }),
    ...(cacheExpiration === undefined ? {} : { cacheExpiration }),
    ...(taskVersion === undefined ? {} : { taskVersion }),
    policy: request.policy ?? {},
    tags: request.tags ?? [],
    labels: { ...inherited, ...request.labels },
    taskInputs: request.taskInputs ?? {},
    state,
    runCount: 0,
    flowRunRunCount: 0,
    totalRunTimeMs: 0,
    ...(state.type === 'SCHEDULED' && isDeferred(state) ? { queuedAt: now } : {}),
  };
  const { state: _state, ...unstarted } = blank;
  return enterTaskState({ ...unstarted, state }, state, undefined);
}
