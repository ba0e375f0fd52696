// What Prefect's own page asks about task runs, and which task workers are connected.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { taskWorkerRoutes, uiTaskRunRoutes } from '../../../shared/contract/ui-task-runs.ts';
import { terminalTypes } from '../../../shared/domain/run/state.ts';
import { countByState, countOutcomes } from '../../../shared/domain/task-run/counting.ts';
import { taskRunToWire } from '../../../shared/domain/task-run/to-wire.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { isoText } from '../wire/times.ts';
import { allTaskRuns } from './find-task-runs.ts';

export const uiTaskRunHandlers = {
  async read_dashboard_task_run_counts({ body }, deps) {
    const { task_runs: asked, work_queues, ...others } = body;
    const after = asked.start_time?.after_;
    if (after === undefined || after === null) {
      throw new Refusal('invalid_request', 'task_runs.start_time.after_ is required');
    }
    const task_runs = { ...asked, state: { type: { any_: terminalTypes } } };
    const taskRuns = await allTaskRuns(deps, { ...others, task_runs, work_pool_queues: work_queues });
    return [...countOutcomes(taskRuns, { after, before: asked.start_time?.before_ ?? deps.world.now() })];
  },

  async read_task_run_counts_by_state({ body }, deps) {
    return countByState(await allTaskRuns(deps, body));
  },

  async read_task_run_with_flow_run_name({ params }, { taskRuns, runs, world }) {
    const taskRun = found(await taskRuns.read(params.id), 'Task not found');
    const run = taskRun.flowRunId === undefined ? undefined : await runs.read(taskRun.flowRunId);
    return { ...taskRunToWire(taskRun, world.now()), flow_run_name: run?.name ?? null };
  },

  async count_task_runs_by_flow_run({ body }, deps) {
    const asked = body.flow_run_ids;
    const taskRuns = await allTaskRuns(deps, {
      task_runs: { flow_run_id: { any_: asked }, subflow_runs: { exists_: false } },
    });
    const counted = Map.groupBy(taskRuns, ({ flowRunId }) => flowRunId);
    return Object.fromEntries(asked.map((id) => [id, counted.get(id)?.length ?? 0]));
  },
} satisfies Handlers<typeof uiTaskRunRoutes, ApiDeps>;

export const taskWorkerHandlers = {
  /** One entry for each name that workers give themselves, whatever number of connections it has. */
  async read_task_workers({ body }, { taskQueue, world }) {
    const now = world.now();
    const wanted = body.task_worker_filter?.task_keys ?? [];
    const connected = (await taskQueue.workers()).filter(({ expiresAt }) => expiresAt > now);
    const byName = Map.groupBy(connected, ({ clientId }) => clientId);
    return [...byName.entries()].flatMap(([identifier, connections]) => {
      const task_keys = [...new Set(connections.flatMap(({ taskKeys }) => taskKeys))];
      const isWanted = wanted.length === 0 || task_keys.some((key) => wanted.includes(key));
      // Prefect looks at every open connection each second.
      return isWanted ? [{ identifier, task_keys, timestamp: isoText(now) }] : [];
    });
  },
} satisfies Handlers<typeof taskWorkerRoutes, ApiDeps>;
