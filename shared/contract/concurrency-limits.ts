// Concurrency limits of both generations: none can be created yet, so every name is unknown and nothing is held back.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { globalConcurrencyLimit } from './deployments.ts';
import { fields, limit, offset, positive, timeOrNull, uuid } from './scalars.ts';

const taggedLimit = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    tag: z.string(),
    concurrency_limit: z.number().int(),
    active_slots: z.array(z.string()),
  })
  .meta({ id: 'ConcurrencyLimit' });

const minimalLimit = z
  .object({ id: z.string(), name: z.string(), limit: z.number().int() })
  .meta({ id: 'MinimalConcurrencyLimitResponse' });

const mode = z.enum(['concurrency', 'rate_limit']).default('concurrency');
const names = z.array(z.string()).min(1);
const leaseDuration = z.number().min(60).max(86_400).default(300);

export const tagLimitRoutes = defineRoutes({
  read_concurrency_limits: {
    method: 'POST',
    path: '/concurrency_limits/filter',
    summary: 'List the limits on task tags',
    status: 200,
    body: fields({ limit, offset }),
    response: z.array(taggedLimit),
    errors: ['invalid_request'],
  },
});

export const globalLimitRoutes = defineRoutes({
  read_all_concurrency_limits_v2: {
    method: 'POST',
    path: '/v2/concurrency_limits/filter',
    summary: 'List the global limits',
    status: 200,
    body: fields({ limit, offset }),
    response: z.array(globalConcurrencyLimit),
    errors: ['invalid_request'],
  },
  read_concurrency_limit_v2: {
    method: 'GET',
    path: '/v2/concurrency_limits/{id_or_name}',
    summary: 'Read a global limit',
    status: 200,
    params: z.object({ id_or_name: z.string() }),
    response: globalConcurrencyLimit,
    errors: ['not_found'],
  },
  bulk_increment_active_slots: {
    method: 'POST',
    path: '/v2/concurrency_limits/increment',
    summary: 'Take slots; names without a limit hold nobody back',
    status: 200,
    body: fields({ slots: positive, names, mode, create_if_missing: z.boolean().nullish() }),
    response: z.array(minimalLimit),
    errors: ['invalid_request'],
  },
  bulk_increment_active_slots_with_lease: {
    method: 'POST',
    path: '/v2/concurrency_limits/increment-with-lease',
    summary: 'Take slots for a time; names without a limit hold nobody back',
    status: 200,
    body: fields({
      slots: positive,
      names,
      mode,
      lease_duration: leaseDuration,
      holder: z
        .strictObject({ type: z.enum(['flow_run', 'task_run', 'deployment']), id: uuid })
        .meta({ id: 'ConcurrencyLeaseHolder' })
        .nullish(),
    }),
    response: z
      .object({ lease_id: z.string(), limits: z.array(minimalLimit) })
      .meta({ id: 'ConcurrencyLimitWithLeaseResponse' }),
    errors: ['invalid_request'],
  },
  bulk_decrement_active_slots: {
    method: 'POST',
    path: '/v2/concurrency_limits/decrement',
    summary: 'Give slots back',
    status: 200,
    body: fields({
      slots: positive,
      names,
      occupancy_seconds: z.number().positive().nullish(),
      create_if_missing: z.boolean().nullish(),
    }),
    response: z.array(minimalLimit),
    errors: ['invalid_request'],
  },
  bulk_decrement_active_slots_with_lease: {
    method: 'POST',
    path: '/v2/concurrency_limits/decrement-with-lease',
    summary: 'Give the slots of a lease back',
    status: 204,
    body: fields({ lease_id: uuid }),
    errors: ['invalid_request'],
  },
  renew_concurrency_lease: {
    method: 'POST',
    path: '/v2/concurrency_limits/leases/{lease_id}/renew',
    summary: 'Keep a lease for longer',
    status: 204,
    params: z.object({ lease_id: uuid }),
    body: fields({ lease_duration: leaseDuration }),
    errors: ['gone', 'invalid_request'],
  },
});
