// Who holds the slots of a limit: Slipway's own. Prefect shows how many slots are in use, and for tags which task runs
// hold them, but not who else.
import { z } from 'zod';
import { holderTypes } from '../domain/limit/limit.ts';
import { defineRoutes } from './define-routes.ts';
import { timeOrNull, uuid } from './scalars.ts';

const holders = z.array(
  z
    .object({
      type: z.enum(holderTypes).nullable(),
      id: z.string().nullable(),
      slots: z.number().int(),
      since: z.string(),
      expires: timeOrNull,
      lease_id: z.string().nullable(),
    })
    .meta({ id: 'SlipwayLimitHolder' }),
);

export const limitHolderRoutes = defineRoutes({
  read_limit_holders: {
    method: 'GET',
    path: '/slipway/concurrency_limits/{id_or_name}/holders',
    summary: 'List who holds the slots of a global limit, longest first',
    status: 200,
    params: z.object({ id_or_name: z.string() }),
    response: holders,
    errors: ['not_found'],
  },
  read_work_pool_holders: {
    method: 'GET',
    path: '/slipway/work_pools/{name}/holders',
    summary: 'List the runs that hold the slots of a work pool, longest first',
    status: 200,
    params: z.object({ name: z.string() }),
    response: holders,
    errors: ['not_found'],
  },
  read_work_queue_holders: {
    method: 'GET',
    path: '/slipway/work_queues/{id}/holders',
    summary: 'List the runs that hold the slots of a work queue, longest first',
    status: 200,
    params: z.object({ id: uuid }),
    response: holders,
    errors: ['not_found', 'invalid_request'],
  },
  read_deployment_holders: {
    method: 'GET',
    path: '/slipway/deployments/{id}/holders',
    summary: 'List who holds the slots of the limit that a deployment keeps to, longest first',
    status: 200,
    params: z.object({ id: uuid }),
    response: holders,
    errors: ['not_found', 'invalid_request'],
  },
});
