// Concurrency limits for the wire.
import type { z } from 'zod';
import type { globalLimitRoutes, tagLimitRoutes } from '../../../shared/contract/concurrency-limits.ts';
import type { limitHolderRoutes } from '../../../shared/contract/limit-holders.ts';
import { type Holder, isPlain, type Limit, leaseHolderKey, tagOfLimit } from '../../../shared/domain/limit/limit.ts';
import { isExpired } from '../../../shared/domain/limit/room.ts';
import type { LimitInUse } from '../../../shared/use-cases/change-limits.ts';
import { isoOrNull, isoText } from './times.ts';

type GlobalWire = z.input<typeof globalLimitRoutes.read_concurrency_limit_v2.response>;

export function limitToWire({ limit, activeSlots }: LimitInUse): GlobalWire {
  return {
    id: limit.id,
    created: isoText(limit.created),
    updated: isoText(limit.updated),
    active: limit.active,
    name: limit.name,
    limit: limit.limit,
    active_slots: activeSlots,
    slot_decay_per_second: limit.slotDecayPerSecond,
  };
}

export function tagLimitToWire(
  { limit, holders }: LimitInUse,
  now: number,
): z.input<typeof tagLimitRoutes.read_concurrency_limit.response> {
  return {
    id: limit.id,
    created: isoText(limit.created),
    updated: isoText(limit.updated),
    tag: tagOfLimit(limit.name) ?? limit.name,
    concurrency_limit: limit.limit,
    active_slots: holders.flatMap((holder) =>
      holder.who?.type === 'task_run' && holder.slots > 0 && !isExpired(holder, now) ? [holder.who.id] : [],
    ),
  };
}

export function minimalLimit({ id, name, limit }: Limit): { id: string; name: string; limit: number } {
  return { id, name, limit };
}

export type HolderWire = z.input<typeof limitHolderRoutes.read_limit_holders.response>[number];

export function holderToWire(holder: Holder): HolderWire {
  const { who, slots, since, until, key } = holder;
  const prefix = leaseHolderKey('');
  return {
    type: who?.type ?? null,
    id: who?.id ?? null,
    slots,
    since: isoText(since),
    expires: isoOrNull(until),
    lease_id: !isPlain(holder) && key.startsWith(prefix) ? key.slice(prefix.length) : null,
  };
}
