// Which runs of the push pools wait now: one query for the pools, one a pool for its lanes, and the lanes' index.
// From indexes, so only candidates: the claim reads the run itself.
import { isPushPool, type WorkPool, type WorkQueue } from '../domain/catalogue.ts';
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

/** A pool whose runs may start, with the priority of each of its queues that is not paused. */
export type OpenPool = { readonly name: string; readonly priorities: ReadonlyMap<string, number> };

/** The pool and its queues as they are now; nothing while it is paused. */
export async function openPool({ catalogue }: Pick<CandidateDeps, 'catalogue'>, pool: WorkPool): Promise<OpenPool[]> {
  return poolOf(pool, pool.isPaused ? [] : await catalogue.workQueues.list(pool.name));
}

function poolOf(pool: WorkPool, queues: readonly WorkQueue[]): OpenPool[] {
  if (pool.isPaused) return [];
  const open = queues.filter(({ workPoolName, isPaused }) => workPoolName === pool.name && !isPaused);
  return [{ name: pool.name, priorities: new Map(open.map(({ id, priority }) => [id, priority])) }];
}

/** The push pools that are open now: what one call of the pump works on. */
export async function openPushPools({ catalogue }: Pick<CandidateDeps, 'catalogue'>): Promise<OpenPool[]> {
  const [pools, queues] = await Promise.all([catalogue.workPools.list(), catalogue.workQueues.list()]);
  return pools.filter(({ type }) => isPushPool(type)).flatMap((pool) => poolOf(pool, queues));
}

/** The runs that wait in the lanes of open pools. */
export async function waitingCandidates(
  deps: CandidateDeps,
  pools: readonly OpenPool[],
  wanted: Wanted,
): Promise<Candidate[]> {
  const found = await Promise.all(
    pools.map(async ({ name, priorities }) => {
      const lanes = await deps.lanes.ofPool(name);
      return Promise.all(lanes.map((record) => candidatesOfLane(deps, record, { ...wanted, priorities })));
    }),
  );
  return found.flat(2);
}

async function candidatesOfLane(
  deps: CandidateDeps,
  record: LaneRecord,
  { priorities, ...wanted }: Wanted & Pick<OpenPool, 'priorities'>,
): Promise<Candidate[]> {
  const priority = priorities.get(record.lane.workQueueId);
  if (priority === undefined) return [];
  const waiting = await deps.runs.waiting(record.lane, wanted);
  await keepLane(deps, record, waiting.length === 0);
  return waiting.map((run) => ({ ...run, lane: record.lane, priority }));
}

/** An empty lane goes after five minutes of emptiness; one with waiters keeps waking the pump. */
async function keepLane(deps: CandidateDeps, record: LaneRecord, isEmpty: boolean): Promise<void> {
  const now = deps.world.now();
  if (record.dueAt > now) return;
  if (!isEmpty) return deps.lanes.touch(record.lane, now + timing.laneCheck);
  if (record.emptySince === undefined) {
    await deps.lanes.markEmpty({ ...record, dueAt: now + timing.laneEmptyFor }, now);
  } else {
    await deps.lanes.remove(record);
  }
}
