// Global concurrency limits, by id and by name. Whoever finds no slot is told when to come back (423).
import type { globalLimitRoutes } from '../../../shared/contract/concurrency-limits.ts';
import type { Handlers, RequestOf } from '../../../shared/contract/define-routes.ts';
import { uuid } from '../../../shared/contract/scalars.ts';
import { freshWaits } from '../../../shared/domain/limit/limit.ts';
import { acquireSlots, type SlotRequest } from '../../../shared/use-cases/acquire-slots.ts';
import {
  createLimit,
  type LimitPatch,
  removeLimit,
  updateLimit,
  withUse,
} from '../../../shared/use-cases/change-limits.ts';
import { releaseLease, releaseSlots } from '../../../shared/use-cases/release-slots.ts';
import { renewLease } from '../../../shared/use-cases/renew-lease.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { limitToWire, minimalLimit } from '../wire/limits.ts';
import { announceLimit } from './announce-limit.ts';
import { findLimit } from './find-limit.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Concurrency Limit not found';
/** What Prefect says of whatever its database refuses. */
const conflict =
  'Data integrity conflict. This usually means a unique or foreign key constraint was violated. See server logs for details.';

async function grantedTo(deps: ApiDeps, request: SlotRequest) {
  const answer = await acquireSlots(deps, request);
  if (answer.kind === 'refused') throw new Refusal('invalid_request', answer.problem);
  if (answer.kind === 'full') throw new Refusal('locked', 'Locked', { retryAfterSeconds: answer.retryAfterSeconds });
  return { lease_id: answer.leaseId, limits: answer.limits.map(minimalLimit) };
}

function keyOf({ idempotencyKey }: { readonly idempotencyKey?: string }) {
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}

type Update = RequestOf<typeof globalLimitRoutes.update_concurrency_limit_v2>['body'];

/** Without its nulls. */
function patchOf(body: Update): LimitPatch {
  const given = {
    name: body.name,
    limit: body.limit,
    active: body.active,
    activeSlots: body.active_slots,
    deniedSlots: body.denied_slots,
    slotDecayPerSecond: body.slot_decay_per_second,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}

export const globalLimitHandlers = {
  async create_concurrency_limit_v2({ body }, deps) {
    const created = await createLimit(deps, {
      name: body.name,
      limit: body.limit,
      active: body.active,
      activeSlots: body.active_slots,
      deniedSlots: body.denied_slots,
      slotDecayPerSecond: body.slot_decay_per_second,
    });
    if (created === undefined) throw new Refusal('conflict', conflict);
    await announceLimit(deps, 'created', created);
    return {
      ...limitToWire({ limit: created, activeSlots: body.active_slots, holders: [] }),
      denied_slots: body.denied_slots,
      avg_slot_occupancy_seconds: freshWaits.averageSeconds,
    };
  },

  async read_concurrency_limit_v2({ params }, deps) {
    const [used] = await withUse(deps, [found(await findLimit(deps, params.id_or_name), missing)]);
    return limitToWire(found(used, missing));
  },

  async read_all_concurrency_limits_v2({ body }, deps) {
    const window = windowOf(body);
    return (await withUse(deps, cut(await deps.limits.list(), window))).map(limitToWire);
  },

  async update_concurrency_limit_v2({ params, body }, deps) {
    const find = () => findLimit(deps, params.id_or_name);
    if (Object.values(body).includes(null)) {
      found(await find(), missing);
      throw new Refusal('conflict', conflict);
    }
    const outcome = await updateLimit(deps, find, patchOf(body));
    if (outcome === 'missing') throw new Refusal('not_found', missing);
    if (outcome === 'exists') throw new Refusal('conflict', conflict);
    await Promise.all([announceLimit(deps, 'updated', outcome), deps.useCases.moreRoom()]);
  },

  async delete_concurrency_limit_v2({ params }, deps) {
    const removed = await removeLimit(deps, () => findLimit(deps, params.id_or_name));
    await Promise.all([announceLimit(deps, 'deleted', found(removed, missing)), deps.useCases.moreRoom()]);
  },

  async bulk_increment_active_slots({ body, client }, deps) {
    const { names, slots, mode } = body;
    return (await grantedTo(deps, { names, slots, mode, ...keyOf(client) })).limits;
  },

  bulk_increment_active_slots_with_lease({ body, client }, deps) {
    const { names, slots, mode, lease_duration: seconds, holder } = body;
    return grantedTo(deps, {
      names,
      slots,
      mode,
      lease: { seconds },
      ...(holder ? { holder } : {}),
      ...keyOf(client),
    });
  },

  async bulk_decrement_active_slots({ body }, deps) {
    const { names, slots, occupancy_seconds: seconds } = body;
    const limits = await releaseSlots(deps, { names, slots, ...(seconds ? { occupancySeconds: seconds } : {}) });
    await deps.useCases.slotsFreed(limits);
    return limits.map(minimalLimit);
  },

  async bulk_decrement_active_slots_with_lease({ body }, deps) {
    await deps.useCases.slotsFreed(await releaseLease(deps, body.lease_id));
  },

  async renew_concurrency_lease({ params, body }, deps) {
    const leaseId = uuid.safeParse(params.lease_id);
    if (!leaseId.success) {
      const problem = { type: 'uuid_parsing', loc: ['path', 'lease_id'], msg: 'Input should be a valid UUID' };
      throw new Refusal('invalid_request', problem.msg, { problems: [problem] });
    }
    const isKept = await renewLease(deps, { leaseId: leaseId.data, seconds: body.lease_duration });
    if (!isKept) throw new Refusal('gone', 'Lease not found - it may have expired or been revoked');
  },
} satisfies Handlers<typeof globalLimitRoutes, ApiDeps>;
