// Creates, changes and removes limits, and sets their slots in use by hand (/v2/concurrency_limits, /concurrency_limits).
import {
  deploymentLimitName,
  emptyGate,
  type Holder,
  isPlain,
  type Limit,
  leaseHolderKey,
  plainHolderKey,
} from '../domain/limit/limit.ts';
import { activeSlots } from '../domain/limit/room.ts';
import { type LimitDeps, pause } from './acquire-slots.ts';
import { ContentionError, maximumRaces } from './change-run.ts';

export type LimitSettings = {
  readonly name: string;
  readonly limit: number;
  readonly active?: boolean;
  readonly slotDecayPerSecond?: number;
  readonly activeSlots?: number;
  readonly deniedSlots?: number;
};

/** undefined: the name is taken. */
export async function createLimit(deps: LimitDeps, settings: LimitSettings): Promise<Limit | undefined> {
  const now = deps.world.now();
  const limit: Limit = {
    id: deps.world.newId(),
    version: 1,
    created: now,
    updated: now,
    name: settings.name,
    limit: settings.limit,
    active: settings.active ?? true,
    slotDecayPerSecond: settings.slotDecayPerSecond ?? 0,
  };
  if ((await deps.limits.create(limit)) === 'exists') return undefined;
  if (settings.activeSlots) await setActiveSlots(deps, limit, settings.activeSlots);
  if (settings.deniedSlots) await setDeniedSlots(deps, limit, settings.deniedSlots);
  return limit;
}

export type LimitPatch = Partial<LimitSettings>;

/** Asked for anew in each round, so that a patch meets the limit as it is. undefined: there is none. */
export type FindLimit = () => Promise<Limit | undefined>;

export async function updateLimit(
  deps: LimitDeps,
  find: FindLimit,
  patch: LimitPatch,
): Promise<Limit | 'missing' | 'exists'> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const before = await find();
    if (before === undefined) return 'missing';
    const after: Limit = {
      ...before,
      updated: deps.world.now(),
      name: patch.name ?? before.name,
      limit: patch.limit ?? before.limit,
      active: patch.active ?? before.active,
      slotDecayPerSecond: patch.slotDecayPerSecond ?? before.slotDecayPerSecond,
    };
    const write = await deps.limits.change(before, after);
    if (write === 'exists') return 'exists';
    if (write === 'lost') continue;
    const changed = { ...after, version: before.version + 1 };
    if (patch.activeSlots !== undefined) await setActiveSlots(deps, changed, patch.activeSlots);
    if (patch.deniedSlots !== undefined) await setDeniedSlots(deps, changed, patch.deniedSlots);
    return changed;
  }
  throw new ContentionError('this limit');
}

/** @returns the limit that was removed; undefined: there was none */
export async function removeLimit(deps: LimitDeps, find: FindLimit): Promise<Limit | undefined> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const limit = await find();
    if (limit === undefined) return undefined;
    if ((await deps.limits.remove(limit)) === 'written') return limit;
  }
  throw new ContentionError('this limit');
}

async function setDeniedSlots({ limits, world }: LimitDeps, limit: Limit, denied: number): Promise<void> {
  await limits.noteWaits(limit.id, { ...(await limits.readWaits(limit.id)), denied, deniedAt: world.now() });
}

/**
 * So many slots are in use from now on. Holders that are there keep their leases and count no longer; what is missing
 * is held by nobody in particular. First the new slots, then the old ones go: in between there are too many, never too
 * few.
 */
async function setActiveSlots(deps: LimitDeps, limit: Limit, slots: number): Promise<void> {
  const { limits, world } = deps;
  for (let race = 0; race < maximumRaces; race += 1) {
    const [gate = emptyGate(limit.id)] = await limits.gates([limit.id]);
    const now = world.now();
    const holder: Holder = { key: plainHolderKey(world.newId()), slots, since: now };
    const isRate = limit.slotDecayPerSecond > 0;
    const taking = isRate ? { spent: { slots, at: now } } : slots > 0 ? { holder } : {};
    if ((await limits.take([{ gateId: gate.id, version: gate.version, ...taking }])) === 'written') {
      return isRate ? undefined : forgive(deps, gate.id, gate.holders);
    }
    await pause(world, race);
  }
  throw new ContentionError(`limit ${limit.name}`);
}

/** Whatever changes meanwhile was given back, or was forgiven by somebody else. */
async function forgive({ limits }: LimitDeps, gateId: string, holders: readonly Holder[]): Promise<void> {
  await limits.release(holders.filter(isPlain).map(({ key }) => ({ gateId, key })));
  const others = holders.filter((holder) => !isPlain(holder) && holder.slots > 0);
  await Promise.all(others.map((holder) => limits.shrink({ gateId, key: holder.key }, holder, 0)));
}

export type LimitInUse = { readonly limit: Limit; readonly activeSlots: number; readonly holders: readonly Holder[] };

/** Limits with the slots in use now. */
export async function withUse({ limits, world }: LimitDeps, found: readonly Limit[]): Promise<readonly LimitInUse[]> {
  const gates = await limits.gates(found.map(({ id }) => id));
  const now = world.now();
  return found.map((limit, at) => {
    const gate = gates[at] ?? emptyGate(limit.id);
    return { limit, activeSlots: activeSlots(gate, limit.slotDecayPerSecond, now), holders: gate.holders };
  });
}

/** Every lease on a limit ends; then these task runs hold a slot each (POST /concurrency_limits/tag/{tag}/reset). */
export async function resetLimit(deps: LimitDeps, limit: Limit, taskRunIds: readonly string[]): Promise<void> {
  await endHolders(deps, limit.id);
  for (const id of new Set(taskRunIds)) await holdByHand(deps, limit, id);
}

/** Ends whatever is held of a limit, leases included: their renewals are answered 410. */
export async function endHolders({ limits }: LimitDeps, gateId: string): Promise<void> {
  const [gate] = await limits.gates([gateId]);
  await limits.release((gate?.holders ?? []).map(({ key }) => ({ gateId, key })));
}

/** Beyond the limit too, as whoever resets it says. */
async function holdByHand({ limits, world }: LimitDeps, limit: Limit, taskRunId: string): Promise<void> {
  const leaseId = world.newId();
  const now = world.now();
  const who = { type: 'task_run', id: taskRunId } as const;
  const holder: Holder = { key: leaseHolderKey(leaseId), slots: 1, since: now, who };
  const { id, name, limit: size, slotDecayPerSecond } = limit;
  const leased = { id, name, limit: size, slotDecayPerSecond };
  const lease = { id: leaseId, key: holder.key, slots: 1, created: now, limits: [leased] };
  for (let race = 0; race < maximumRaces; race += 1) {
    const [gate] = await limits.gates([limit.id]);
    if ((await limits.take([{ gateId: limit.id, version: gate?.version ?? 0, holder }], lease)) === 'written') return;
    await pause(world, race);
  }
  throw new ContentionError(`limit ${limit.name}`);
}

/** The limit that Prefect makes for a deployment's `concurrency_limit`; one that is there gets the new number. */
export async function putDeploymentLimit(
  deps: LimitDeps,
  {
    deploymentId,
    limitId,
    limit,
  }: { readonly deploymentId: string; readonly limitId?: string; readonly limit: number },
): Promise<Limit> {
  const name = deploymentLimitName(deploymentId);
  for (let race = 0; race < maximumRaces; race += 1) {
    const known = limitId === undefined ? undefined : await deps.limits.read(limitId);
    const own = known ?? (await deps.limits.readByName(name));
    if (own === undefined) {
      const created = await createLimit(deps, { name, limit });
      if (created !== undefined) return created;
      continue;
    }
    if (own.limit === limit) return own;
    const changed = await updateLimit(deps, () => deps.limits.read(own.id), { limit });
    if (typeof changed === 'object') return changed;
  }
  throw new ContentionError(`limit ${name}`);
}

/** Only its own: a limit that it shares is not a deployment's to remove. */
export async function removeDeploymentLimit(deps: LimitDeps, deploymentId: string): Promise<void> {
  await removeLimit(deps, () => deps.limits.readByName(deploymentLimitName(deploymentId)));
}
