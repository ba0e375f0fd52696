// The slots of a run in its pool and its queue. Without a limit nothing is counted and nothing is written.
import type { WorkPool, WorkQueue } from '../catalogue.ts';
import { type Gate, type Holder, poolGateId, queueGateId, runHolderKey } from './limit.ts';
import type { Limited } from './room.ts';

export type PlaceLimits = {
  readonly workPool?: Pick<WorkPool, 'id' | 'concurrencyLimit'>;
  readonly workQueue?: Pick<WorkQueue, 'id' | 'concurrencyLimit'>;
};

export type PlaceLimit = { readonly gateId: string; readonly limit: number };

/** The gates that a run of this pool and queue must pass. */
export function placeLimits({ workPool, workQueue }: PlaceLimits): readonly PlaceLimit[] {
  const ofPool = workPool?.concurrencyLimit;
  const ofQueue = workQueue?.concurrencyLimit;
  return [
    ...(workPool === undefined || ofPool === undefined ? [] : [{ gateId: poolGateId(workPool.id), limit: ofPool }]),
    ...(workQueue === undefined || ofQueue === undefined
      ? []
      : [{ gateId: queueGateId(workQueue.id), limit: ofQueue }]),
  ];
}

export function limitedPlaces(limits: readonly PlaceLimit[], gates: readonly Gate[]): readonly Limited[] {
  return limits.flatMap(({ gateId, limit }) => {
    const gate = gates.find(({ id }) => id === gateId);
    return gate === undefined ? [] : [{ gate, limit, slotDecayPerSecond: 0 }];
  });
}

/** What a run puts at each gate it passes. It follows the task (or the state), so it never runs out by itself. */
export function runHolder(runId: string, now: number): Holder {
  return { key: runHolderKey(runId), slots: 1, since: now, who: { type: 'flow_run', id: runId } };
}
