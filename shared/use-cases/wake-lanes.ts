// A pool or queue that was paused takes runs again: its lanes are hinted at once, not when the clock comes round.
import type { Hints } from '../ports/hints.ts';
import type { Lanes } from '../ports/runs.ts';

export type WakeDeps = { readonly lanes: Pick<Lanes, 'ofPool'>; readonly hints: Hints };

/** Wakes the lanes of a pool, or of one queue of it. */
export async function wakeLanes(
  deps: WakeDeps,
  { workPoolName, workQueueId }: { readonly workPoolName: string; readonly workQueueId?: string },
): Promise<void> {
  const lanes = (await deps.lanes.ofPool(workPoolName)).map(({ lane }) => lane);
  const wanted = lanes.filter((lane) => workQueueId === undefined || lane.workQueueId === workQueueId);
  await deps.hints.submit(wanted.map((lane) => ({ kind: 'wake', lane })));
}
