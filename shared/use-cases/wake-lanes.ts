// A pool or queue that was paused takes runs again: its lanes, which a pause lets sleep for longer, are awake at once.
import type { Lane } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import type { Hints } from '../ports/hints.ts';
import type { Lanes } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import { hintMoreRoom } from './hint-room.ts';

export type WakeDeps = {
  readonly world: Pick<World, 'now'>;
  readonly lanes: Pick<Lanes, 'ofPool' | 'touch'>;
  readonly hints: Hints;
};

/** Wakes the lanes of a pool, or of one queue of it. */
export async function wakeLanes(
  deps: WakeDeps,
  { workPoolName, workQueueId }: { readonly workPoolName: string; readonly workQueueId?: string },
): Promise<void> {
  const lanes = (await deps.lanes.ofPool(workPoolName)).map(({ lane }) => lane);
  const isMeant = (lane: Lane) => workQueueId === undefined || lane.workQueueId === workQueueId;
  const dueAt = deps.world.now() + timing.laneCheck;
  await Promise.all(lanes.filter(isMeant).map((lane) => deps.lanes.touch(lane, dueAt)));
  await hintMoreRoom(deps);
}
