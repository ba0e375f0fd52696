// Gives slots back: by lease, by number, or by who holds them. Only holders are deleted, so nobody is kept waiting;
// a rate is the exception, whose spent slots are lowered under the version that was read.
import { isPlain, type Lease, type LeasedLimit, type Limit, leaseHolders, type Who } from '../domain/limit/limit.ts';
import { canBeName } from '../domain/limit/request.ts';
import { spentAfterDecay } from '../domain/limit/room.ts';
import { waitsAfterUse } from '../domain/limit/waiting.ts';
import { type LimitDeps, pause } from './acquire-slots.ts';
import { ContentionError } from './change-run.ts';

const mostRaces = 12;

/**
 * Ends a lease. One that is gone is passed over, so a repeat does no harm.
 *
 * @returns the limits whose slots came free
 */
export async function releaseLease(deps: LimitDeps, leaseId: string): Promise<readonly LeasedLimit[]> {
  const lease = await deps.limits.readLease(leaseId);
  if (lease === undefined) return [];
  await endLease(deps, lease);
  return lease.limits;
}

/** The holders first: what dies in between is a lease without slots, which the repeat finds. */
async function endLease(deps: LimitDeps, lease: Lease): Promise<void> {
  const seconds = (deps.world.now() - lease.created) / 1000;
  await deps.limits.release(leaseHolders(lease));
  const rates = lease.limits.filter((limit) => limit.slotDecayPerSecond > 0);
  await deps.limits.removeLease(lease.id);
  await Promise.all([
    ...rates.map((limit) => lowerRate(deps, limit, lease.slots)),
    ...lease.limits.map((limit) => noteUse(deps, limit, { slots: lease.slots, seconds })),
  ]);
}

async function noteUse(
  { limits }: LimitDeps,
  limit: LeasedLimit,
  use: { readonly slots: number; readonly seconds: number },
): Promise<void> {
  await limits.noteWaits(limit.id, waitsAfterUse(limit, await limits.readWaits(limit.id), use));
}

async function lowerRate({ limits, world }: LimitDeps, limit: LeasedLimit, slots: number): Promise<void> {
  for (let race = 0; race < mostRaces; race += 1) {
    const [gate] = await limits.gates([limit.id]);
    if (gate === undefined) return;
    const left = spentAfterDecay(gate.spent, limit.slotDecayPerSecond, world.now());
    if (left.slots === 0) return;
    const spent = { ...left, slots: Math.max(0, left.slots - slots) };
    if ((await limits.take([{ gateId: limit.id, version: gate.version, spent }])) === 'written') return;
    await pause(world, race);
  }
  throw new ContentionError(`limit ${limit.name}`);
}

export type Decrement = {
  readonly names: readonly string[];
  readonly slots: number;
  /** How long they were held, where the caller knows. */
  readonly occupancySeconds?: number;
};

/**
 * Gives back slots that were taken without a lease (POST /v2/concurrency_limits/decrement), no more than there are.
 * Those of leases and runs are not touched: whoever holds them gives them back himself.
 *
 * @returns the limits of these names
 */
export async function releaseSlots(deps: LimitDeps, request: Decrement): Promise<readonly Limit[]> {
  const { names, slots, occupancySeconds } = request;
  const limits = await deps.limits.readNamed(names.filter(canBeName));
  const active = limits.filter((limit) => limit.active);
  await Promise.all(
    active.map(async (limit) => {
      await (limit.slotDecayPerSecond > 0 ? lowerRate(deps, limit, slots) : releasePlain(deps, limit, slots));
      if (occupancySeconds !== undefined) await noteUse(deps, limit, { slots, seconds: occupancySeconds });
    }),
  );
  return limits;
}

/** Those who took as many slots as are given back go first, then the oldest. */
async function releasePlain(deps: LimitDeps, { id: gateId, name }: Limit, slots: number): Promise<void> {
  let left = slots;
  for (let race = 0; left > 0; race += 1) {
    if (race >= mostRaces + slots) throw new ContentionError(`limit ${name}`);
    const [gate] = await deps.limits.gates([gateId]);
    const plain = (gate?.holders ?? []).filter((holder) => isPlain(holder) && holder.slots > 0);
    const oldestFirst = plain.toSorted((one, other) => one.since - other.since);
    const next = oldestFirst.find((holder) => holder.slots === left) ?? oldestFirst[0];
    if (next === undefined) return;
    const kept = Math.max(0, next.slots - left);
    if ((await deps.limits.shrink({ gateId, key: next.key }, next, kept)) === 'lost') {
      await pause(deps.world, Math.min(race, 6));
      continue;
    }
    if (kept === 0) await deps.limits.release([{ gateId, key: next.key }]);
    left -= next.slots - kept;
  }
}

/** Gives back whatever one holder has of these limits (POST /concurrency_limits/decrement; a task run's end). */
export async function releaseHeldBy(
  deps: LimitDeps,
  { names, who }: { readonly names: readonly string[]; readonly who: Pick<Who, 'id'> },
): Promise<readonly Limit[]> {
  const limits = await deps.limits.readNamed(names.filter(canBeName));
  const gates = await deps.limits.gates(limits.map(({ id }) => id));
  const held = gates.flatMap((gate) =>
    gate.holders.filter((holder) => holder.who?.id === who.id).map(({ key }) => ({ gateId: gate.id, key })),
  );
  const leaseIds = new Set(held.map(({ key }) => leaseIdOf(key)));
  await Promise.all([...leaseIds].map((leaseId) => (leaseId === undefined ? undefined : releaseLease(deps, leaseId))));
  // Whatever no lease leads to any more.
  await deps.limits.release(held);
  return limits;
}

function leaseIdOf(key: string): string | undefined {
  return key.startsWith('lease#') ? key.slice('lease#'.length) : undefined;
}
