// Slots as part of another write: beside a state, a claim, the end of an attempt.
import type { HolderRef, Lease } from '../domain/limit/limit.ts';
import type { Taking } from '../domain/limit/room.ts';

/**
 * What a transaction does with slots beside the write that it belongs to. `slotWrites` of the DynamoDB adapter turns
 * it into items of that transaction; when that is lost, plan again on what is read then.
 */
export type SlotMove = {
  readonly take: readonly Taking[];
  readonly give: readonly HolderRef[];
  /** Put with what is taken. */
  readonly lease?: Lease;
  /** Gone with what is given back. */
  readonly endedLeaseId?: string;
};
