// Work queues: under their pool by name, and by id. A queue keeps its name.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { workQueueFilter } from './filters.ts';
import { flowRun } from './flow-runs.ts';
import { fields, json, limit, millisecond, name, notNegative, offset, positive, timeOrNull, uuid } from './scalars.ts';

export const workQueue = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    description: z.string().nullable(),
    is_paused: z.boolean(),
    concurrency_limit: z.number().int().nullable(),
    active_slots: z.number().int().nullable(),
    priority: z.number().int(),
    work_pool_id: z.string().nullable(),
    work_pool_name: z.string().nullable(),
    last_polled: timeOrNull,
    status: z.enum(['READY', 'NOT_READY', 'PAUSED']).meta({ id: 'WorkQueueStatus' }).nullable(),
    /** Deprecated by Prefect; always null. */
    filter: json.nullable(),
  })
  .meta({ id: 'WorkQueueResponse' });

/** Without what belongs to its pool: how a deprecated route answers. */
export const plainWorkQueue = workQueue
  .omit({ work_pool_name: true, status: true, active_slots: true })
  .meta({ id: 'WorkQueue' });

const queueFilter = z
  .object({ tags: z.array(z.string()).nullish(), deployment_ids: z.array(uuid).nullish() })
  .meta({ id: 'QueueFilter' })
  .nullish();

const workQueueCreate = z
  .strictObject({
    name,
    description: z.string().nullish(),
    is_paused: z.boolean().default(false),
    concurrency_limit: notNegative.nullish(),
    priority: positive.nullish(),
    filter: queueFilter,
  })
  .meta({ id: 'WorkQueueCreate' });
export type WorkQueueCreate = z.output<typeof workQueueCreate>;

const workQueueUpdate = z
  .strictObject({
    name: z.string().nullish(),
    description: z.string().nullish(),
    is_paused: z.boolean().optional(),
    concurrency_limit: notNegative.nullish(),
    priority: positive.nullish(),
    last_polled: millisecond.nullish(),
    filter: queueFilter,
  })
  .meta({ id: 'WorkQueueUpdate' });
export type WorkQueueUpdate = z.output<typeof workQueueUpdate>;

const listed = fields({ work_queues: workQueueFilter.nullish(), limit, offset });
const byPool = z.object({ work_pool_name: z.string() });
const byNames = z.object({ work_pool_name: z.string(), name: z.string() });

export const poolQueueRoutes = defineRoutes({
  create_work_queue: {
    method: 'POST',
    path: '/work_pools/{work_pool_name}/queues',
    summary: 'Add a queue to a pool',
    status: 201,
    params: byPool,
    body: workQueueCreate,
    response: workQueue,
    errors: ['not_found', 'conflict', 'too_large'],
  },
  read_work_queue: {
    method: 'GET',
    path: '/work_pools/{work_pool_name}/queues/{name}',
    summary: 'Read a queue of a pool',
    status: 200,
    params: byNames,
    response: workQueue,
    errors: ['not_found'],
  },
  read_work_queues: {
    method: 'POST',
    path: '/work_pools/{work_pool_name}/queues/filter',
    summary: 'List the queues of a pool',
    status: 200,
    params: byPool,
    body: listed,
    response: z.array(workQueue),
    errors: ['not_found', 'invalid_request'],
  },
  update_work_queue: {
    method: 'PATCH',
    path: '/work_pools/{work_pool_name}/queues/{name}',
    summary: 'Change a queue of a pool',
    status: 204,
    params: byNames,
    body: workQueueUpdate,
    errors: ['not_found', 'invalid_request', 'too_large'],
  },
  delete_work_queue: {
    method: 'DELETE',
    path: '/work_pools/{work_pool_name}/queues/{name}',
    summary: 'Delete a queue of a pool',
    status: 204,
    params: byNames,
    errors: ['not_found', 'conflict'],
  },
});

const byId = z.object({ id: uuid });

export const workQueueRoutes = defineRoutes({
  create_work_queue: {
    method: 'POST',
    path: '/work_queues/',
    summary: 'Add a queue to the pool default-agent-pool',
    status: 201,
    body: workQueueCreate,
    response: workQueue,
    errors: ['conflict', 'too_large'],
  },
  read_work_queue_by_name: {
    method: 'GET',
    path: '/work_queues/name/{name}',
    summary: 'Read a queue of the pool default-agent-pool by name',
    status: 200,
    params: z.object({ name: z.string() }),
    response: workQueue,
    errors: ['not_found'],
  },
  read_work_queue: {
    method: 'GET',
    path: '/work_queues/{id}',
    summary: 'Read a queue',
    status: 200,
    params: byId,
    response: workQueue,
    errors: ['not_found'],
  },
  read_work_queues: {
    method: 'POST',
    path: '/work_queues/filter',
    summary: 'List the queues of all pools',
    status: 200,
    body: listed,
    response: z.array(workQueue),
    errors: ['invalid_request'],
  },
  update_work_queue: {
    method: 'PATCH',
    path: '/work_queues/{id}',
    summary: 'Change a queue',
    status: 204,
    params: byId,
    body: workQueueUpdate,
    errors: ['not_found', 'invalid_request', 'too_large'],
  },
  delete_work_queue: {
    method: 'DELETE',
    path: '/work_queues/{id}',
    summary: 'Delete a queue',
    status: 204,
    params: byId,
    errors: ['not_found', 'conflict'],
  },
  read_work_queue_runs: {
    method: 'POST',
    path: '/work_queues/{id}/get_runs',
    summary: 'List the runs that wait in a queue',
    status: 200,
    params: byId,
    body: fields({ limit, scheduled_before: millisecond.nullish() }),
    response: z.array(flowRun),
    errors: ['not_found', 'invalid_request'],
  },
  read_work_queue_status: {
    method: 'GET',
    path: '/work_queues/{id}/status',
    summary: 'Tell how healthy a queue is',
    status: 200,
    params: byId,
    response: z
      .object({
        healthy: z.boolean(),
        late_runs_count: z.number().int(),
        last_polled: timeOrNull,
        health_check_policy: z
          .object({
            maximum_late_runs: z.number().int().nullable(),
            maximum_seconds_since_last_polled: z.number().int().nullable(),
          })
          .meta({ id: 'WorkQueueHealthPolicy' }),
      })
      .meta({ id: 'WorkQueueStatusDetail' }),
    errors: ['not_found'],
  },
});
