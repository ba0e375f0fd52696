// Which artifacts belong to runs that a filter means. The runs of the candidates are read, never all runs.
import type { DeploymentFilter, FlowFilter } from '../../../shared/domain/filter/catalogue-filters.ts';
import type { Maybe } from '../../../shared/domain/filter/condition.ts';
import { type FlowRunFilter, matchesRun, neededFacts } from '../../../shared/domain/filter/run-filter.ts';
import { matchesTaskRun, type TaskRunFilter } from '../../../shared/domain/filter/task-run-filter.ts';
import type { ApiDeps } from '../deps.ts';
import { belongings, readSurroundings } from './surroundings.ts';

export type RunsOfArtifacts = {
  readonly flow_runs?: Maybe<FlowRunFilter>;
  readonly task_runs?: Maybe<TaskRunFilter>;
  readonly flows?: Maybe<FlowFilter>;
  readonly deployments?: Maybe<DeploymentFilter>;
};

type OfRuns = { readonly flowRunId?: string; readonly taskRunId?: string };

/** A filter that is given asks for the run to exist, as with Prefect. */
export async function ofMatchingRuns<T extends OfRuns>(
  deps: ApiDeps,
  items: readonly T[],
  query: RunsOfArtifacts,
): Promise<readonly T[]> {
  const { flow_runs, task_runs: byTask, flows, deployments } = query;
  const asksForRun = Boolean(flow_runs || flows || deployments);
  if (items.length === 0 || (!asksForRun && !byTask)) return items;
  const runIds = items.flatMap(({ flowRunId }) => flowRunId ?? []);
  const taskIds = items.flatMap(({ taskRunId }) => taskRunId ?? []);
  const [runs, tasks] = await Promise.all([
    asksForRun ? matchingRuns(deps, runIds, { flow_runs, flows, deployments }) : undefined,
    byTask ? matchingTasks(deps, taskIds, byTask) : undefined,
  ]);
  return items.filter(
    ({ flowRunId, taskRunId }) => (!runs || runs.has(flowRunId ?? '')) && (!tasks || tasks.has(taskRunId ?? '')),
  );
}

type RunQuery = Omit<RunsOfArtifacts, 'task_runs'>;

async function matchingRuns(deps: ApiDeps, ids: readonly string[], filters: RunQuery): Promise<ReadonlySet<string>> {
  const needed = neededFacts(filters);
  const [runs, around] = await Promise.all([
    deps.runs.readMany([...new Set(ids)]),
    needed.catalogue ? readSurroundings(deps) : undefined,
  ]);
  const bodies = needed.body ? await deps.runs.readBodies(runs) : new Map();
  const matching = runs.filter((run) => {
    const body = bodies.get(run.id);
    return matchesRun(filters, {
      run,
      ...(body === undefined ? {} : { body }),
      ...(around === undefined ? {} : belongings(run, around)),
    });
  });
  return new Set(matching.map(({ id }) => id));
}

async function matchingTasks(
  deps: ApiDeps,
  ids: readonly string[],
  filter: TaskRunFilter,
): Promise<ReadonlySet<string>> {
  const taskRuns = await deps.taskRuns.readMany([...new Set(ids)]);
  const asksForSubflow = filter.subflow_runs !== undefined && filter.subflow_runs !== null;
  const parents = asksForSubflow ? await parentsAmong(deps, ids) : new Set<string>();
  const matching = taskRuns.filter((taskRun) =>
    matchesTaskRun(filter, { taskRun, hasSubflow: parents.has(taskRun.id) }),
  );
  return new Set(matching.map(({ id }) => id));
}

/** The task runs that stand for a subflow. */
async function parentsAmong(deps: ApiDeps, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const children = await deps.runs.readMany(await deps.runs.ofParents([...new Set(ids)]));
  return new Set(children.flatMap(({ parentTaskRunId }) => parentTaskRunId ?? []));
}
