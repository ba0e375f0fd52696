// Concurrency limits: those on task tags (v1) are global limits (v2) of the name `tag:<tag>`, seen another way.
import { z } from 'zod';
import { holderTypes } from '../domain/limit/limit.ts';
import { defineRoutes } from './define-routes.ts';
import { globalConcurrencyLimit } from './deployments.ts';
import { fields, limit, name, notNegative, offset, positive, timeOrNull, uuid } from './scalars.ts';

const kept = { id: z.string(), created: timeOrNull, updated: timeOrNull };

const taggedLimit = z
  .object({
    ...kept,
    tag: z.string(),
    concurrency_limit: z.number().int(),
    active_slots: z.array(z.string()),
  })
  .meta({ id: 'ConcurrencyLimit' });

const globalLimit = z
  .object({
    ...kept,
    active: z.boolean(),
    name: z.string(),
    limit: z.number().int(),
    active_slots: z.number().int(),
    denied_slots: z.number().int(),
    slot_decay_per_second: z.number(),
    avg_slot_occupancy_seconds: z.number(),
  })
  .meta({ id: 'ConcurrencyLimitV2' });

const minimalLimit = z
  .object({ id: z.string(), name: z.string(), limit: z.number().int() })
  .meta({ id: 'MinimalConcurrencyLimitResponse' });

const decay = z.number().min(0);

/** A name is the sort key of the limit's item. */
const limitName = name.max(500);

const globalLimitCreate = z
  .strictObject({
    name: limitName,
    limit: notNegative,
    active: z.boolean().default(true),
    active_slots: notNegative.default(0),
    denied_slots: notNegative.default(0),
    slot_decay_per_second: decay.default(0),
  })
  .meta({ id: 'ConcurrencyLimitV2Create' });

/** `null` passes here and is refused as a conflict, as Prefect's database does. */
const globalLimitUpdate = z
  .strictObject({
    name: limitName.nullish(),
    limit: notNegative.nullish(),
    active: z.boolean().nullish(),
    active_slots: notNegative.nullish(),
    denied_slots: notNegative.nullish(),
    slot_decay_per_second: decay.nullish(),
  })
  .meta({ id: 'ConcurrencyLimitV2Update' });

const mode = z.enum(['concurrency', 'rate_limit']).default('concurrency');
const names = z.array(z.string());
const leaseDuration = z.number().min(60).max(86_400).default(300);
const byTag = z.object({ tag: z.string() });
const byId = z.object({ id: uuid });
const byIdOrName = z.object({ id_or_name: z.string() });
const ofTaskRun = fields({ names, task_run_id: uuid });

export const tagLimitRoutes = defineRoutes({
  create_concurrency_limit: {
    method: 'POST',
    path: '/concurrency_limits/',
    summary: 'Limit the task runs of a tag, or change their limit',
    status: 200,
    newStatus: 201,
    body: z
      .strictObject({ tag: limitName.max(490), concurrency_limit: z.number().int() })
      .meta({ id: 'ConcurrencyLimitCreate' }),
    response: taggedLimit,
    errors: ['invalid_request'],
  },
  read_concurrency_limit: {
    method: 'GET',
    path: '/concurrency_limits/{id}',
    summary: 'Read the limit on a tag by its id',
    status: 200,
    params: byId,
    response: taggedLimit,
    errors: ['not_found'],
  },
  read_concurrency_limit_by_tag: {
    method: 'GET',
    path: '/concurrency_limits/tag/{tag}',
    summary: 'Read the limit on a tag',
    status: 200,
    params: byTag,
    response: taggedLimit,
    errors: ['not_found'],
  },
  read_concurrency_limits: {
    method: 'POST',
    path: '/concurrency_limits/filter',
    summary: 'List the limits on task tags',
    status: 200,
    body: fields({ limit, offset }),
    response: z.array(taggedLimit),
    errors: ['invalid_request'],
  },
  reset_concurrency_limit_by_tag: {
    method: 'POST',
    path: '/concurrency_limits/tag/{tag}/reset',
    summary: 'End whatever is held of the limit on a tag, and say who holds it now',
    status: 200,
    params: byTag,
    body: fields({ slot_override: z.array(uuid).nullish() }),
    errors: ['not_found', 'invalid_request'],
  },
  delete_concurrency_limit: {
    method: 'DELETE',
    path: '/concurrency_limits/{id}',
    summary: 'Remove a limit by its id; its leases end',
    status: 200,
    params: byId,
    errors: ['not_found'],
  },
  delete_concurrency_limit_by_tag: {
    method: 'DELETE',
    path: '/concurrency_limits/tag/{tag}',
    summary: 'Remove the limit on a tag; its leases end',
    status: 200,
    params: byTag,
    errors: ['not_found'],
  },
  increment_concurrency_limits_v1: {
    method: 'POST',
    path: '/concurrency_limits/increment',
    summary: 'Take a slot of each tag for a task run, which holds it once however often it asks',
    status: 200,
    body: ofTaskRun,
    response: z.array(minimalLimit),
    errors: ['locked', 'invalid_request'],
  },
  decrement_concurrency_limits_v1: {
    method: 'POST',
    path: '/concurrency_limits/decrement',
    summary: 'Give the slots of a task run back',
    status: 200,
    body: ofTaskRun,
    response: z.array(minimalLimit),
    errors: ['invalid_request'],
  },
});

export const globalLimitRoutes = defineRoutes({
  create_concurrency_limit_v2: {
    method: 'POST',
    path: '/v2/concurrency_limits/',
    summary: 'Create a global limit',
    status: 201,
    body: globalLimitCreate,
    response: globalLimit,
    errors: ['conflict', 'invalid_request'],
  },
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
    params: byIdOrName,
    response: globalConcurrencyLimit,
    errors: ['not_found'],
  },
  update_concurrency_limit_v2: {
    method: 'PATCH',
    path: '/v2/concurrency_limits/{id_or_name}',
    summary: 'Change a global limit, its slots in use included',
    status: 204,
    params: byIdOrName,
    body: globalLimitUpdate,
    errors: ['not_found', 'conflict', 'invalid_request'],
  },
  delete_concurrency_limit_v2: {
    method: 'DELETE',
    path: '/v2/concurrency_limits/{id_or_name}',
    summary: 'Remove a global limit; leases go on until they end',
    status: 204,
    params: byIdOrName,
    errors: ['not_found'],
  },
  bulk_increment_active_slots: {
    method: 'POST',
    path: '/v2/concurrency_limits/increment',
    summary: 'Take slots of all these limits or of none; names without a limit hold nobody back',
    status: 200,
    body: fields({ slots: positive, names, mode, create_if_missing: z.boolean().nullish() }),
    response: z.array(minimalLimit),
    errors: ['locked', 'invalid_request'],
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
        .strictObject({ type: z.enum(holderTypes), id: uuid })
        .meta({ id: 'ConcurrencyLeaseHolder' })
        .nullish(),
    }),
    response: z
      .object({ lease_id: z.string(), limits: z.array(minimalLimit) })
      .meta({ id: 'ConcurrencyLimitWithLeaseResponse' }),
    errors: ['locked', 'invalid_request'],
  },
  bulk_decrement_active_slots: {
    method: 'POST',
    path: '/v2/concurrency_limits/decrement',
    summary: 'Give slots back that were taken without a lease',
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
    // Any text: what is no id is refused (422) rather than not found, as Prefect does on this route alone.
    params: z.object({ lease_id: z.string() }),
    body: fields({ lease_duration: leaseDuration }),
    errors: ['gone', 'invalid_request'],
  },
});
