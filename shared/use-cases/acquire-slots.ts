// Takes slots of limits: all of them or none (POST /v2/concurrency_limits/increment, increment-with-lease).
// Decided on a consistent read of holders, written under the versions that were read, decided again when that is lost.
import { derivedId } from '../domain/identity.ts';
import {
  type Gate,
  type Holder,
  type Lease,
  type Limit,
  leasedLimit,
  leaseHolderKey,
  plainHolderKey,
  type Who,
} from '../domain/limit/limit.ts';
import { canBeName, keyHeldBy, limitedGates, refusalOf, type SlotMode } from '../domain/limit/request.ts';
import { type ExpiredHolder, planTaking } from '../domain/limit/room.ts';
import {
  averageWaitSeconds,
  chanceOf,
  spreadWaitSeconds,
  waitsAfterRefusal,
  waitsAfterUse,
} from '../domain/limit/waiting.ts';
import type { Limits } from '../ports/limits.ts';
import type { World } from '../ports/world.ts';

export type LimitDeps = { readonly limits: Limits; readonly world: World };

export type SlotRequest = {
  /** Names without a limit hold nobody back. */
  readonly names: readonly string[];
  readonly slots: number;
  readonly mode: SlotMode;
  /** Absent: taken without a lease, given back by number. Without `seconds` the lease does not run out. */
  readonly lease?: { readonly seconds?: number };
  readonly holder?: Who;
  /** Two requests of one key are one request. */
  readonly idempotencyKey?: string;
};

export type SlotAnswer =
  | { readonly kind: 'granted'; readonly limits: readonly Limit[]; readonly leaseId: string }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'full'; readonly limits: readonly Limit[]; readonly retryAfterSeconds: number };

/** Many may want the last slot at once: a loser waits for a moment, at most these milliseconds, and looks again. */
const mostRaces = 24;
const longestPauseMs = 200;

export async function acquireSlots(deps: LimitDeps, request: SlotRequest): Promise<SlotAnswer> {
  const id = requestId(deps, request);
  for (let race = 0; race < mostRaces; race += 1) {
    const answer = await tryOnce(deps, request, id);
    if (answer !== 'again') return answer;
    await pause(deps.world, race);
  }
  // Too many at once is no failure of the caller's: he waits as for a slot, and his flow goes on.
  return { kind: 'full', limits: [], retryAfterSeconds: 0.5 + chanceOf(deps.world.newId()) };
}

/** Spreads those who lost the same race. */
export async function pause(world: World, race: number): Promise<void> {
  const longest = Math.min(longestPauseMs, 10 * 2 ** race);
  await world.sleep(chanceOf(world.newId()) * longest);
}

/** One id for all rounds of a request, so that a repeat of our own write meets itself. */
function requestId({ world }: LimitDeps, { idempotencyKey }: SlotRequest): string {
  return idempotencyKey === undefined ? world.newId() : derivedId(world.sha256, 'lease', [idempotencyKey]);
}

async function tryOnce(deps: LimitDeps, request: SlotRequest, id: string): Promise<SlotAnswer | 'again'> {
  const limits = await deps.limits.readNamed(request.names.filter(canBeName));
  const known = request.idempotencyKey === undefined ? undefined : await deps.limits.readLease(id);
  if (known !== undefined) return answerKnown(deps, request, { limits, lease: known });
  const problem = refusalOf(limits, request);
  if (problem !== undefined) return { kind: 'refused', problem };
  const active = limits.filter((limit) => limit.active);
  const gates = await deps.limits.gates(active.map((limit) => limit.id));
  const now = deps.world.now();
  const heldKey = request.lease && keyHeldBy(request.holder, active, { gates, slots: request.slots, now });
  if (heldKey !== undefined) return answerRepeat(deps, request, { limits, heldKey });
  const holder = holderOf(request, { id, now });
  const plan = planTaking(limitedGates(active, gates), { holder, now });
  switch (plan.kind) {
    case 'full':
      return refuse(deps, request, { active, gates });
    case 'free':
      await freeExpired(deps, { expired: plan.expired, active, gates });
      return 'again';
    case 'take': {
      const lease = leaseOf(request, { id, holder, limits: active });
      if ((await deps.limits.take(plan.takings, lease)) === 'lost') return 'again';
      return { kind: 'granted', limits, leaseId: id };
    }
  }
}

function holderOf({ lease, slots, holder: who }: SlotRequest, { id, now }: { id: string; now: number }): Holder {
  return {
    key: lease === undefined ? plainHolderKey(id) : leaseHolderKey(id),
    slots,
    since: now,
    ...(lease?.seconds === undefined ? {} : { until: now + lease.seconds * 1000 }),
    ...(who === undefined ? {} : { who }),
  };
}

/** A request with a key leaves a lease even where none was asked for: the repeat is known by it. */
function leaseOf(
  { lease, idempotencyKey }: SlotRequest,
  { id, holder, limits }: { readonly id: string; readonly holder: Holder; readonly limits: readonly Limit[] },
): Lease | undefined {
  if (lease === undefined && idempotencyKey === undefined) return undefined;
  const { key, slots, since: created, until = created + repeatSeconds * 1000 } = holder;
  const end = lease !== undefined && holder.until === undefined ? {} : { until };
  return { id, key, slots, created, ...end, limits: limits.map(leasedLimit) };
}

/** How long the repeat of a request without a lease is known. */
const repeatSeconds = 600;

/** What was taken under this key already; a lease that was lost since is taken anew. */
async function answerKnown(
  { limits: store, world }: LimitDeps,
  request: SlotRequest,
  { limits, lease }: { readonly limits: readonly Limit[]; readonly lease: Lease },
): Promise<SlotAnswer | 'again'> {
  const isOver = lease.until !== undefined && lease.until <= world.now();
  const seconds = request.lease?.seconds;
  if (!isOver) return { kind: 'granted', limits, leaseId: lease.id };
  if (seconds !== undefined && (await store.renew(lease, world.now() + seconds * 1000))) return 'again';
  await store.removeLease(lease.id);
  return 'again';
}

type Held = { readonly limits: readonly Limit[]; readonly heldKey: string };

async function answerRepeat(
  { limits: store, world }: LimitDeps,
  { lease }: SlotRequest,
  { limits, heldKey }: Held,
): Promise<SlotAnswer | 'again'> {
  const leaseId = heldKey.slice(leaseHolderKey('').length);
  const there = await store.readLease(leaseId);
  if (there === undefined) return 'again';
  if (lease?.seconds !== undefined && !(await store.renew(there, world.now() + lease.seconds * 1000))) return 'again';
  return { kind: 'granted', limits, leaseId };
}

type Scene = { readonly active: readonly Limit[]; readonly gates: readonly Gate[] };

async function refuse(
  { limits, world }: LimitDeps,
  { slots }: SlotRequest,
  { active, gates }: Scene,
): Promise<SlotAnswer> {
  const now = world.now();
  const refused = active.flatMap((limit) => {
    const gate = gates.find(({ id }) => id === limit.id);
    return gate === undefined ? [] : [{ limit, waits: gate.waits }];
  });
  const average = averageWaitSeconds(refused, { slots, now });
  await Promise.all(
    refused.map(({ limit, waits }) => limits.noteWaits(limit.id, waitsAfterRefusal(limit, waits, { slots, now }))),
  );
  return { kind: 'full', limits: active, retryAfterSeconds: spreadWaitSeconds(average, chanceOf(world.newId())) };
}

/** Whoever let his lease run out makes room now that somebody needs it. */
export async function freeExpired(
  { limits, world }: LimitDeps,
  { expired, active, gates }: Scene & { readonly expired: readonly ExpiredHolder[] },
): Promise<void> {
  await limits.freeExpired(expired);
  const now = world.now();
  await Promise.all(
    active.map(async (limit) => {
      const freed = expired.filter(({ gateId }) => gateId === limit.id);
      const gate = gates.find(({ id }) => id === limit.id);
      if (gate === undefined || freed.length === 0) return;
      const waits = freed.reduce(
        (sum, { holder }) => waitsAfterUse(limit, sum, { slots: holder.slots, seconds: (now - holder.since) / 1000 }),
        gate.waits,
      );
      await limits.noteWaits(limit.id, waits);
    }),
  );
}
