// Task runs: recorded with the event sockets; until then there are none to list. The engine asks for one before each
// subflow, so that one is answered and not kept.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter } from './filters.ts';
import { fields, jsonObject, labels, limit, offset, timeOrNull, timeText, uuid } from './scalars.ts';
import { state, stateCreate, stateType } from './states.ts';

const text = z.string().nullable();

const taskRun = z
  .object({
    id: z.string(),
    created: timeText,
    updated: timeText,
    name: z.string(),
    flow_run_id: text,
    task_key: z.string(),
    dynamic_key: z.string(),
    cache_key: text,
    cache_expiration: timeOrNull,
    task_version: text,
    empirical_policy: jsonObject,
    tags: z.array(z.string()),
    labels: jsonObject,
    state_id: text,
    task_inputs: jsonObject,
    state_type: stateType.nullable(),
    state_name: text,
    run_count: z.number().int(),
    flow_run_run_count: z.number().int(),
    expected_start_time: timeOrNull,
    next_scheduled_start_time: timeOrNull,
    start_time: timeOrNull,
    end_time: timeOrNull,
    total_run_time: z.number(),
    estimated_run_time: z.number(),
    estimated_start_time_delta: z.number(),
    state: state.nullable(),
  })
  .meta({ id: 'TaskRun' });

const taskRunCreate = z
  .strictObject({
    id: uuid.nullish(),
    name: z.string().nullish(),
    flow_run_id: uuid.nullish(),
    task_key: z.string(),
    dynamic_key: z.string(),
    cache_key: z.string().nullish(),
    cache_expiration: z.string().nullish(),
    task_version: z.string().nullish(),
    empirical_policy: jsonObject.optional(),
    tags: z.array(z.string()).optional(),
    labels: labels.nullish(),
    state: stateCreate.nullish(),
    task_inputs: jsonObject.optional(),
  })
  .meta({ id: 'TaskRunCreate' });
export type TaskRunCreateInput = z.output<typeof taskRunCreate>;

const filters = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
};

export const taskRunRoutes = defineRoutes({
  create_task_run: {
    method: 'POST',
    path: '/task_runs/',
    summary: 'Create a task run',
    status: 201,
    body: taskRunCreate,
    response: taskRun,
    errors: ['invalid_request', 'not_found'],
  },
  count_task_runs: {
    method: 'POST',
    path: '/task_runs/count',
    summary: 'Count task runs',
    status: 200,
    body: fields(filters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_task_runs: {
    method: 'POST',
    path: '/task_runs/filter',
    summary: 'List task runs',
    status: 200,
    body: fields({
      ...filters,
      sort: z
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
        .optional(),
      limit,
      offset,
    }),
    response: z.array(jsonObject),
    errors: ['invalid_request'],
  },
});
