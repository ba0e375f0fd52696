// Work pools, their scheduled runs and their workers.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { workerFilter, workPoolFilter } from './filters.ts';
import { flowRun } from './flow-runs.ts';
import {
  fields,
  jsonObject,
  limit,
  millisecond,
  nonEmptyName,
  notNegative,
  offset,
  timeOrNull,
  uuid,
} from './scalars.ts';

const step = jsonObject.nullish();
const storageConfiguration = z
  .strictObject({
    bundle_upload_step: step,
    bundle_execution_step: step,
    default_result_storage_block_id: uuid.nullish(),
  })
  .meta({ id: 'WorkPoolStorageConfiguration' });

export const workPool = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    description: z.string().nullable(),
    type: z.string(),
    base_job_template: jsonObject,
    is_paused: z.boolean(),
    concurrency_limit: z.number().int().nullable(),
    active_slots: z.number().int().nullable(),
    status: z.enum(['READY', 'NOT_READY', 'PAUSED']).meta({ id: 'WorkPoolStatus' }).nullable(),
    storage_configuration: jsonObject,
    default_queue_id: z.string().nullable(),
  })
  .meta({ id: 'WorkPoolResponse' });

export const workPoolCreate = z
  .strictObject({
    name: nonEmptyName,
    description: z.string().nullish(),
    type: z.string().default('prefect-agent'),
    base_job_template: jsonObject.optional(),
    is_paused: z.boolean().default(false),
    concurrency_limit: notNegative.nullish(),
    storage_configuration: storageConfiguration.optional(),
  })
  .meta({ id: 'WorkPoolCreate' });
export type WorkPoolCreate = z.output<typeof workPoolCreate>;

export const workPoolUpdate = z
  .strictObject({
    description: z.string().nullish(),
    is_paused: z.boolean().nullish(),
    base_job_template: jsonObject.nullish(),
    concurrency_limit: notNegative.nullish(),
    storage_configuration: storageConfiguration.nullish(),
  })
  .meta({ id: 'WorkPoolUpdate' });
export type WorkPoolUpdate = z.output<typeof workPoolUpdate>;

const byName = z.object({ name: z.string() });

export const workPoolRoutes = defineRoutes({
  create_work_pool: {
    method: 'POST',
    path: '/work_pools/',
    summary: 'Create a work pool and its default queue',
    status: 201,
    body: workPoolCreate,
    response: workPool,
    errors: ['conflict', 'forbidden', 'invalid_request', 'too_large'],
  },
  read_work_pool: {
    method: 'GET',
    path: '/work_pools/{name}',
    summary: 'Read a work pool',
    status: 200,
    params: byName,
    response: workPool,
    errors: ['not_found'],
  },
  read_work_pools: {
    method: 'POST',
    path: '/work_pools/filter',
    summary: 'List work pools',
    status: 200,
    body: fields({ work_pools: workPoolFilter.nullish(), limit, offset }),
    response: z.array(workPool),
    errors: ['invalid_request'],
  },
  count_work_pools: {
    method: 'POST',
    path: '/work_pools/count',
    summary: 'Count work pools',
    status: 200,
    body: fields({ work_pools: workPoolFilter.nullish() }),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  update_work_pool: {
    method: 'PATCH',
    path: '/work_pools/{name}',
    summary: 'Change a work pool',
    status: 204,
    params: byName,
    body: workPoolUpdate,
    errors: ['not_found', 'forbidden', 'invalid_request', 'too_large'],
  },
  delete_work_pool: {
    method: 'DELETE',
    path: '/work_pools/{name}',
    summary: 'Delete a work pool, its queues and workers',
    status: 204,
    params: byName,
    errors: ['not_found', 'forbidden'],
  },
  get_scheduled_flow_runs: {
    method: 'POST',
    path: '/work_pools/{name}/get_scheduled_flow_runs',
    summary: 'List the runs of a pool that wait, for a worker that polls',
    status: 200,
    params: byName,
    body: fields({
      work_queue_names: z.array(z.string()).nullish(),
      scheduled_before: millisecond.nullish(),
      scheduled_after: millisecond.nullish(),
      limit,
    }),
    response: z.array(
      z
        .object({ work_pool_id: z.string(), work_queue_id: z.string(), flow_run: flowRun })
        .meta({ id: 'WorkerFlowRunResponse' }),
    ),
    errors: ['not_found', 'invalid_request'],
  },
});

const workerStatuses = ['ONLINE', 'OFFLINE'] as const;

const worker = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    work_pool_id: z.string(),
    last_heartbeat_time: timeOrNull,
    heartbeat_interval_seconds: z.number().int().nullable(),
    status: z.enum(workerStatuses).meta({ id: 'WorkerStatus' }),
  })
  .meta({ id: 'WorkerResponse' });

const byPool = z.object({ work_pool_name: z.string() });

export const workerRoutes = defineRoutes({
  worker_heartbeat: {
    method: 'POST',
    path: '/work_pools/{work_pool_name}/workers/heartbeat',
    summary: 'Say that a worker is alive',
    status: 204,
    params: byPool,
    body: fields({ name: z.string().min(1).max(500), heartbeat_interval_seconds: z.number().int().nullish() }),
    errors: ['not_found', 'invalid_request'],
  },
  read_workers: {
    method: 'POST',
    path: '/work_pools/{work_pool_name}/workers/filter',
    summary: 'List the workers of a pool',
    status: 200,
    params: byPool,
    body: fields({ workers: workerFilter.nullish(), limit, offset }),
    response: z.array(worker),
    errors: ['not_found', 'invalid_request'],
  },
  delete_worker: {
    method: 'DELETE',
    path: '/work_pools/{work_pool_name}/workers/{name+}',
    summary: 'Forget a worker',
    status: 204,
    params: z.object({ work_pool_name: z.string(), name: z.string() }),
    errors: ['not_found'],
  },
});
