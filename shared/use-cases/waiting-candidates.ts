// Which runs of the push pools wait now: one query for the pools, one a pool for its lanes, and the lanes' index.
// From indexes, so only candidates: the claim reads the run itself.
import { isPushPool, type WorkPool } from '../domain/catalogue.ts';
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

/** Candidates of all push pools that are not paused. */
export async function waitingCandidates(deps: CandidateDeps, wanted: Wanted): Promise<Candidate[]> {
  const pools = await deps.catalogue.workPools.list();
  const found = await Promise.all(
    pools.filter(({ type }) => isPushPool(type)).map((pool) => candidatesOfPool(deps, pool, wanted)),
  );
  return found.flat();
}

/** Candidates of one pool, of whatever type; none while it or their queue is paused. */
export async function candidatesOfPool(deps: CandidateDeps, pool: WorkPool, wanted: Wanted): Promise<Candidate[]> {
  if (pool.isPaused) return [];
  const [lanes, queues] = await Promise.all([deps.lanes.ofPool(pool.name), deps.catalogue.workQueues.list(pool.name)]);
  const priorities = new Map(queues.filter(({ isPaused }) => !isPaused).map(({ id, priority }) => [id, priority]));
  const found = await Promise.all(
    lanes.map(async (record) => {
      const priority = priorities.get(record.lane.workQueueId);
      if (priority === undefined) return [];
      const waiting = await deps.runs.waiting(record.lane, wanted);
      await keepLane(deps, record, waiting.length === 0);
      return waiting.map((run) => ({ ...run, lane: record.lane, priority }));
    }),
  );
  return found.flat();
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
