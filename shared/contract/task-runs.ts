// Task runs: kept for subflows and background tasks, recorded from events for all others, listed, moved by states.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter } from './filters.ts';
import { historyRequest, historyResponse } from './history.ts';
import {
  fields,
  jsonObject,
  labels,
  limit,
  offset,
  page,
  pageOf,
  time,
  timeOrNull,
  timeText,
  uuid,
} from './scalars.ts';
import { orchestrationResult, state, stateCreate, stateType } from './states.ts';

const text = z.string().nullable();

const taskRunResult = z
  .object({ input_type: z.literal('task_run').default('task_run'), id: uuid })
  .meta({ id: 'TaskRunResult' });
const flowRunResult = z
  .object({ input_type: z.literal('flow_run').default('flow_run'), id: uuid })
  .meta({ id: 'FlowRunResult' });
const parameter = z
  .object({ input_type: z.literal('parameter').default('parameter'), name: z.string() })
  .meta({ id: 'Parameter' });
const constant = z
  .object({ input_type: z.literal('constant').default('constant'), type: z.string() })
  .meta({ id: 'Constant' });
const taskInputs = z.record(z.string(), z.array(z.union([taskRunResult, flowRunResult, parameter, constant])));

const delays = z
  .array(z.number())
  .refine((list) => list.length <= 50, 'Value error, Can not configure more than 50 retry delays per task.');

const taskRunPolicy = z
  .object({
    max_retries: z.number().int().default(0),
    retry_delay_seconds: z.number().default(0),
    retries: z.number().int().nullish(),
    retry_delay: z.union([z.number(), delays]).nullish(),
    retry_jitter_factor: z
      .number()
      .refine((factor) => factor >= 0, 'Value error, `retry_jitter_factor` must be >= 0.')
      .nullish(),
  })
  .meta({ id: 'TaskRunPolicy' });

const identity = {
  id: z.string(),
  created: timeText,
  updated: timeText,
  name: z.string(),
  flow_run_id: text,
  task_key: z.string(),
  task_version: text,
  empirical_policy: jsonObject,
  tags: z.array(z.string()),
  state_id: text,
  task_inputs: jsonObject,
  start_time: timeOrNull,
  end_time: timeOrNull,
  total_run_time: z.number(),
  estimated_run_time: z.number(),
  estimated_start_time_delta: z.number(),
  state: state.nullable(),
};

const whole = {
  ...identity,
  dynamic_key: z.string(),
  cache_key: text,
  cache_expiration: timeOrNull,
  labels: jsonObject,
  state_type: stateType.nullable(),
  state_name: text,
  run_count: z.number().int(),
  flow_run_run_count: z.number().int(),
  expected_start_time: timeOrNull,
  next_scheduled_start_time: timeOrNull,
};

const taskRun = z.object(whole).meta({ id: 'TaskRun' });
export const uiTaskRun = z.object({ ...whole, flow_run_name: text }).meta({ id: 'UITaskRun' });
/** What a page of task runs tells of each. */
const taskRunResponse = z.object(identity).meta({ id: 'TaskRunResponse' });

const cacheKey = z
  .string()
  .refine(
    (key) => [...key].length <= 2000,
    'Value error, Cache key exceeded maximum allowed length of 2000 characters.',
  );

const taskRunCreate = z
  .strictObject({
    id: uuid.nullish(),
    name: z.string().nullish(),
    flow_run_id: uuid.nullish(),
    task_key: z.string(),
    dynamic_key: z.string(),
    cache_key: cacheKey.nullish(),
    cache_expiration: time.nullish(),
    task_version: z.string().nullish(),
    empirical_policy: taskRunPolicy.optional(),
    tags: z.array(z.string()).optional(),
    labels: labels.nullish(),
    state: stateCreate.nullish(),
    task_inputs: taskInputs.optional(),
  })
  .meta({ id: 'TaskRunCreate' });
export type TaskRunCreateInput = z.output<typeof taskRunCreate>;

const taskRunUpdate = z.strictObject({ name: z.string().nullish() }).meta({ id: 'TaskRunUpdate' });

export const taskRunFilters = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
};

const sort = z
  .enum([
    'ID_DESC',
    'EXPECTED_START_TIME_ASC',
    'EXPECTED_START_TIME_DESC',
    'NAME_ASC',
    'NAME_DESC',
    'NEXT_SCHEDULED_START_TIME_ASC',
    'END_TIME_DESC',
  ])
  .meta({ id: 'TaskRunSort' })
  .default('ID_DESC');

const byId = z.object({ id: uuid });

export const taskRunRoutes = defineRoutes({
  create_task_run: {
    method: 'POST',
    path: '/task_runs/',
    summary: 'Create a task run, or find the one with the same flow run, task and dynamic key',
    status: 200,
    newStatus: 201,
    body: taskRunCreate,
    response: taskRun,
    errors: ['invalid_request', 'conflict', 'too_large'],
  },
  update_task_run: {
    method: 'PATCH',
    path: '/task_runs/{id}',
    summary: 'Rename a task run',
    status: 204,
    params: byId,
    body: taskRunUpdate,
    errors: ['not_found'],
  },
  count_task_runs: {
    method: 'POST',
    path: '/task_runs/count',
    summary: 'Count task runs',
    status: 200,
    body: fields(taskRunFilters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  task_run_history: {
    method: 'POST',
    path: '/task_runs/history',
    summary: 'Count task runs by state, over intervals of their expected start',
    status: 200,
    body: fields({ ...historyRequest, ...taskRunFilters }),
    response: z.array(historyResponse),
    errors: ['invalid_request'],
  },
  read_task_run: {
    method: 'GET',
    path: '/task_runs/{id}',
    summary: 'Read a task run',
    status: 200,
    params: byId,
    response: taskRun,
    errors: ['not_found'],
  },
  read_task_runs: {
    method: 'POST',
    path: '/task_runs/filter',
    summary: 'List task runs',
    status: 200,
    body: fields({ ...taskRunFilters, sort, limit, offset }),
    response: z.array(taskRun),
    errors: ['invalid_request'],
  },
  paginate_task_runs: {
    method: 'POST',
    path: '/task_runs/paginate',
    summary: 'List task runs page by page',
    status: 200,
    body: fields({ ...taskRunFilters, sort, limit, page }),
    response: pageOf('TaskRunPaginationResponse', taskRunResponse),
    errors: ['invalid_request'],
  },
  delete_task_run: {
    method: 'DELETE',
    path: '/task_runs/{id}',
    summary: 'Delete a task run',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
  set_task_run_state: {
    method: 'POST',
    path: '/task_runs/{id}/set_state',
    summary: 'Propose a state; the rules accept, change, delay or refuse it',
    status: 200,
    newStatus: 201,
    params: byId,
    body: fields({ state: stateCreate, force: z.boolean().default(false) }),
    response: orchestrationResult,
    errors: ['not_found', 'too_large'],
  },
});

export const taskRunStateRoutes = defineRoutes({
  read_task_run_state: {
    method: 'GET',
    path: '/task_run_states/{id}',
    summary: 'Read a state of a task run by its id',
    status: 200,
    params: byId,
    response: state,
    errors: ['not_found'],
  },
  read_task_run_states: {
    method: 'GET',
    path: '/task_run_states/',
    summary: 'The states of a task run, oldest first',
    status: 200,
    query: z.object({ task_run_id: uuid }),
    response: z.array(state),
    errors: [],
  },
});
