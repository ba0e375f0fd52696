// What Prefect's own page asks about task runs, and the task workers that are connected.
import { z } from 'zod';
import { stateTypes } from '../domain/run/state.ts';
import { defineRoutes } from './define-routes.ts';
import { taskRunFilter, workPoolFilter, workQueueFilter } from './filters.ts';
import { fields, timeText, uuid } from './scalars.ts';
import { taskRunFilters, uiTaskRun } from './task-runs.ts';

const count = z.number().int();

const countByState = z.partialRecord(z.enum(stateTypes), count).meta({ id: 'CountByState' });

const taskRunCount = z.object({ completed: count, failed: count }).meta({ id: 'TaskRunCount' });

export const uiTaskRunRoutes = defineRoutes({
  read_dashboard_task_run_counts: {
    method: 'POST',
    path: '/ui/task_runs/dashboard/counts',
    summary: 'How many task runs completed and failed, in twenty intervals of their start',
    status: 200,
    body: fields({
      ...taskRunFilters,
      task_runs: taskRunFilter,
      work_pools: workPoolFilter.nullish(),
      work_queues: workQueueFilter.nullish(),
    }),
    response: z.array(taskRunCount),
    errors: ['invalid_request'],
  },
  read_task_run_counts_by_state: {
    method: 'POST',
    path: '/ui/task_runs/count',
    summary: 'Count task runs by the type of their state',
    status: 200,
    body: fields(taskRunFilters),
    response: countByState,
    errors: ['invalid_request'],
  },
  read_task_run_with_flow_run_name: {
    method: 'GET',
    path: '/ui/task_runs/{id}',
    summary: 'Read a task run with the name of its flow run',
    status: 200,
    params: z.object({ id: uuid }),
    response: uiTaskRun,
    errors: ['not_found'],
  },
  count_task_runs_by_flow_run: {
    method: 'POST',
    path: '/ui/flow_runs/count-task-runs',
    summary: 'How many task runs flow runs have, those that stand for subflows left out',
    status: 200,
    body: fields({ flow_run_ids: z.array(uuid).max(200) }),
    response: z.record(z.string(), count),
    errors: ['invalid_request'],
  },
});

const taskWorkerFilter = z.object({ task_keys: z.array(z.string()) }).meta({ id: 'TaskWorkerFilter' });

const taskWorkerResponse = z
  .object({ identifier: z.string(), task_keys: z.array(z.string()), timestamp: timeText })
  .meta({ id: 'TaskWorkerResponse' });

export const taskWorkerRoutes = defineRoutes({
  read_task_workers: {
    method: 'POST',
    path: '/task_workers/filter',
    summary: 'The task workers that are connected, all or those of some tasks',
    status: 200,
    body: fields({ task_worker_filter: taskWorkerFilter.nullish() }),
    response: z.array(taskWorkerResponse),
    errors: [],
  },
});
