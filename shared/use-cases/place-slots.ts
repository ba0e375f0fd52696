// Slots of pools and queues for a run: read and decided here, written with its state or its attempt (`SlotMove`).
// Nothing is read where nobody set a limit.
import { runHolderKey } from '../domain/limit/limit.ts';
import { limitedPlaces, type PlaceLimits, placeLimits, runHolder } from '../domain/limit/place-slots.ts';
import { planTaking, type Taking } from '../domain/limit/room.ts';
import type { SlotMove } from '../ports/slot-move.ts';
import type { LimitDeps } from './acquire-slots.ts';

export type PlaceVerdict =
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'granted'; readonly takings: readonly Taking[] }
  /** Answer ABORT: the next poll sees the run again. */
  | { readonly kind: 'full' };

export async function securePlaceSlots(
  { limits, world }: LimitDeps,
  { place, runId }: { readonly place: PlaceLimits; readonly runId: string },
): Promise<PlaceVerdict> {
  const wanted = placeLimits(place);
  if (wanted.length === 0) return { kind: 'unlimited' };
  const gates = await limits.gates(wanted.map(({ gateId }) => gateId));
  const now = world.now();
  const plan = planTaking(limitedPlaces(wanted, gates), { holder: runHolder(runId, now), now });
  // These holders never run out, so there is nothing to free.
  return plan.kind === 'take' ? { kind: 'granted', takings: plan.takings } : { kind: 'full' };
}

/** What the transaction does for the slots of these gates once the run, or its task, is done with them. */
export function placeSlotsBack(runId: string, gateIds: readonly string[]): SlotMove {
  return { take: [], give: gateIds.map((gateId) => ({ gateId, key: runHolderKey(runId) })) };
}
