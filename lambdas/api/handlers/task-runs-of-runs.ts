// The task runs of some flow runs, for filters that ask for them. One query a flow run, so not for many of them.
import type { TaskRunFacts, TaskRunFilter } from '../../../shared/domain/filter/task-run-filter.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';

const mostFlowRuns = 500;
const mostTaskRuns = 1_000;

/** @throws Refusal invalid_request when too many flow runs would have to be looked into */
export async function taskRunsOfRuns(
  { taskRuns, runs: store }: ApiDeps,
  runs: readonly Run[],
  filter: TaskRunFilter | null | undefined,
): Promise<ReadonlyMap<string, readonly TaskRunFacts[]>> {
  if (runs.length > mostFlowRuns) {
    const cure = 'add flow_runs.id.any_, task_runs.id.any_ or flow_runs.expected_start_time';
    const problem = `the task runs of more than ${mostFlowRuns} flow runs would have to be read for this filter: ${cure}`;
    throw new Refusal('invalid_request', problem);
  }
  const found = await Promise.all(
    runs.map(async (run): Promise<[string, TaskRunFacts[]]> => {
      const tasks = await taskRuns.readMany(await taskRuns.ofFlowRun(run.id, mostTaskRuns));
      const isAsked = filter?.subflow_runs?.exists_ !== undefined;
      const subflows = new Set(isAsked ? await trackersOf(store, run.id) : []);
      return [run.id, tasks.map((taskRun) => ({ taskRun, hasSubflow: subflows.has(taskRun.id) }))];
    }),
  );
  return new Map(found);
}

/** The task runs that stand for subflows. */
async function trackersOf(runs: ApiDeps['runs'], runId: string): Promise<readonly string[]> {
  const children = await runs.readMany(await runs.children(runId));
  return children.flatMap(({ parentTaskRunId }) => parentTaskRunId ?? []);
}
