// Which runs of the push pools wait now: one query for the pools, one a pool for its lanes, and the lanes' index.
// From indexes, so only candidates: the claim reads the run itself.
import { isPushPool, type WorkPool, type WorkQueue } from '../domain/catalogue.ts';
import { type PlaceLimit, placeLimits } from '../domain/limit/place-slots.ts';
import type { Lane } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import type { Candidate } from '../domain/submit/order.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { LaneRecord, Lanes, Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';

export type CandidateDeps = {
  readonly world: Pick<World, 'now'>;
  readonly runs: Pick<Runs, 'waiting'>;
  readonly lanes: Lanes;
  readonly catalogue: Pick<Catalogue, 'workPools' | 'workQueues'>;
};

type Wanted = { readonly until: number; readonly limit: number };

/** A pool whose runs may start, with its queues that are not paused, by id. */
export type OpenPool = { readonly pool: WorkPool; readonly queues: ReadonlyMap<string, WorkQueue> };

/** The pool and its queues as they are now; nothing while it is paused. */
export async function openPool({ catalogue }: Pick<CandidateDeps, 'catalogue'>, pool: WorkPool): Promise<OpenPool[]> {
  return poolOf(pool, pool.isPaused ? [] : await catalogue.workQueues.list(pool.name));
}

function poolOf(pool: WorkPool, queues: readonly WorkQueue[]): OpenPool[] {
  if (pool.isPaused) return [];
  const open = queues.filter(({ workPoolName, isPaused }) => workPoolName === pool.name && !isPaused);
  return [{ pool, queues: new Map(open.map((queue) => [queue.id, queue])) }];
}

/** The push pools that are open now: what one call of the pump works on. */
export async function openPushPools({ catalogue }: Pick<CandidateDeps, 'catalogue'>): Promise<OpenPool[]> {
  const [pools, queues] = await Promise.all([catalogue.workPools.list(), catalogue.workQueues.list()]);
  return pools.filter(({ type }) => isPushPool(type)).flatMap((pool) => poolOf(pool, queues));
}

/** The limits of a lane's pool and queue. */
export function placeOfLane(pools: readonly OpenPool[], { workPoolName, workQueueId }: Lane): readonly PlaceLimit[] {
  const place = pools.find(({ pool }) => pool.name === workPoolName);
  const workQueue = place?.queues.get(workQueueId);
  return placeLimits({
    ...(place === undefined ? {} : { workPool: place.pool }),
    ...(workQueue === undefined ? {} : { workQueue }),
  });
}

/** The lanes of an open pool that have, or lately had, waiting runs. */
export type OpenLanes = Pick<OpenPool, 'queues'> & { readonly lanes: readonly LaneRecord[] };

export function openLanes({ lanes }: Pick<CandidateDeps, 'lanes'>, pools: readonly OpenPool[]): Promise<OpenLanes[]> {
  return Promise.all(pools.map(async ({ pool, queues }) => ({ queues, lanes: await lanes.ofPool(pool.name) })));
}

/** The runs that wait in the lanes of open pools. */
export async function waitingCandidates(
  deps: CandidateDeps,
  open: readonly OpenLanes[],
  wanted: Wanted,
): Promise<Candidate[]> {
  const found = await Promise.all(
    open.flatMap(({ lanes, queues }) => lanes.map((record) => candidatesOfLane(deps, record, { ...wanted, queues }))),
  );
  return found.flat();
}

async function candidatesOfLane(
  deps: CandidateDeps,
  record: LaneRecord,
  { queues, ...wanted }: Wanted & Pick<OpenPool, 'queues'>,
): Promise<Candidate[]> {
  const queue = queues.get(record.lane.workQueueId);
  if (queue === undefined) return [];
  const waiting = await deps.runs.waiting(record.lane, wanted);
  await keepLane(deps, record, { isEmpty: waiting.length === 0, checkMs: timing.laneCheck });
  return waiting.map((run) => ({ ...run, lane: record.lane, priority: queue.priority }));
}

/** An empty lane goes after five minutes of emptiness; one with waiters keeps waking the pump. */
async function keepLane(
  deps: CandidateDeps,
  record: LaneRecord,
  { isEmpty, checkMs }: { readonly isEmpty: boolean; readonly checkMs: number },
): Promise<void> {
  const now = deps.world.now();
  if (record.dueAt > now) return;
  if (!isEmpty) return deps.lanes.touch(record.lane, now + checkMs);
  if (record.emptySince === undefined) {
    await deps.lanes.markEmpty({ ...record, dueAt: now + timing.laneEmptyFor }, now);
  } else {
    await deps.lanes.remove(record);
  }
}

/**
 * Keeps or forgets, as the index says, the lanes of a pool whose deadlines came and that the pump passes over: those of
 * hybrid pools, and of pools and queues that are paused or gone. Whoever waits behind a pause wakes nobody each minute.
 */
export async function tendLanes(deps: CandidateDeps, workPoolName: string): Promise<void> {
  const [pool, queues, lanes] = await Promise.all([
    deps.catalogue.workPools.read(workPoolName),
    deps.catalogue.workQueues.list(workPoolName),
    deps.lanes.ofPool(workPoolName),
  ]);
  const now = deps.world.now();
  const isPumped = pool !== undefined && isPushPool(pool.type);
  const open = new Set(pool === undefined ? [] : poolOf(pool, queues).flatMap((place) => [...place.queues.keys()]));
  await Promise.all(
    lanes.map(async (record) => {
      if (pool === undefined) {
        await deps.lanes.remove(record);
        return;
      }
      const isOpen = open.has(record.lane.workQueueId);
      if (record.dueAt > now || (isPumped && isOpen)) return;
      const waiting = await deps.runs.waiting(record.lane, { until: now + timing.earlyHint, limit: 1 });
      const checkMs = isOpen ? timing.laneCheck : timing.waitingCheck;
      await keepLane(deps, record, { isEmpty: waiting.length === 0, checkMs });
    }),
  );
}
