// Whoever gives slots back, or lets more runs through, wakes the pump: the run that may go next starts at once, not when
// the clock comes round.
import type { Run } from '../domain/run/run.ts';
import type { Hints } from '../ports/hints.ts';
import type { Limits } from '../ports/limits.ts';
import type { World } from '../ports/world.ts';

export type RoomDeps = { readonly hints: Hints };

export async function hintRoom({ hints }: RoomDeps): Promise<void> {
  await hints.submit([{ kind: 'room' }]);
}

/** The pump remembers pools and queues for a second: once it has forgotten them, it is woken again. */
const afterMemorySeconds = 2;

/** A pool, a queue or a limit was changed so that more runs may go. */
export async function hintMoreRoom(deps: RoomDeps): Promise<void> {
  await Promise.all([hintRoom(deps), deps.hints.submit([{ kind: 'room' }], { delaySeconds: afterMemorySeconds })]);
}

/** Whether this write gave back the slot that a run held of its deployment. */
export function isSlotFreed({ slot }: Pick<Run, 'slot'>, after: Pick<Run, 'slot'> | undefined): boolean {
  return slot !== undefined && slot.leaseId !== after?.slot?.leaseId;
}

export type FreedDeps = RoomDeps & {
  readonly limits: Pick<Limits, 'isAwaited'>;
  readonly world: Pick<World, 'now'>;
};

/** After a head was written, or deleted (`after` undefined). */
export async function hintFreedSlot(deps: FreedDeps, before: Run, after: Run | undefined): Promise<void> {
  if (before.slot === undefined || !isSlotFreed(before, after)) return;
  // Runs of hybrid pools are polled for; only a limit that they share with others has the pump waiting.
  if (before.launched) await hintRoom(deps);
  else await hintIfAwaited(deps, [before.slot.limitId]);
}

/** After slots of global limits were given back: the pump is woken where runs of its own wait for them. */
export async function hintIfAwaited({ limits, world, ...deps }: FreedDeps, limitIds: readonly string[]): Promise<void> {
  const now = world.now();
  const awaited = await Promise.all(limitIds.map((id) => limits.isAwaited(id, now)));
  if (awaited.includes(true)) await hintRoom(deps);
}
