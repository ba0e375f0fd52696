// Which runs occupy the slots of a pool and of a queue.
import { z } from 'zod';
import { stateTypes } from '../domain/run/state.ts';
import { defineRoutes } from './define-routes.ts';
import { fields, limit, page, timeOrNull, uuid } from './scalars.ts';

const slotSummary = z
  .object({
    id: z.string(),
    name: z.string(),
    state_type: z.enum(stateTypes).nullable(),
    state_name: z.string().nullable(),
    start_time: timeOrNull,
    state_timestamp: timeOrNull,
    /** Seconds. */
    time_in_current_state: z.number().nullable(),
  })
  .meta({ id: 'FlowRunSlotSummary' });

const used = {
  active_slots: z.number().int(),
  concurrency_limit: z.number().int().nullable(),
};

const paging = {
  count: z.number().int(),
  limit: z.number().int(),
  pages: z.number().int(),
  page: z.number().int(),
};

const queueDetail = z
  .object({
    ...used,
    queue_id: z.string(),
    queue_name: z.string(),
    flow_runs: z.array(slotSummary),
    flow_run_count: z.number().int().nullable(),
  })
  .meta({ id: 'WorkQueueConcurrencyStatusDetail' });

export const concurrencyStatusRoutes = defineRoutes({
  read_work_pool_concurrency_status: {
    method: 'POST',
    path: '/work_pools/{name}/concurrency_status',
    summary: 'Show the runs that occupy the slots of a pool, queue by queue',
    status: 200,
    params: z.object({ name: z.string() }),
    body: fields({ page, limit, flow_run_limit: z.number().int().min(0).max(200).default(10) }),
    response: z.object({ ...used, ...paging, queues: z.array(queueDetail) }).meta({ id: 'WorkPoolConcurrencyStatus' }),
    errors: ['not_found', 'invalid_request'],
  },
  read_work_queue_concurrency_status: {
    method: 'POST',
    path: '/work_queues/{id}/concurrency_status',
    summary: 'Show the runs that occupy the slots of a queue',
    status: 200,
    params: z.object({ id: uuid }),
    body: fields({ page, limit }),
    response: z
      .object({ ...used, ...paging, flow_runs: z.array(slotSummary) })
      .meta({ id: 'WorkQueueConcurrencyStatus' }),
    errors: ['not_found', 'invalid_request'],
  },
});
