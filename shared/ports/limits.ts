// What use cases need from the store of limits and slots. Taking raises the version that was read; releasing only
// deletes holders, so releases never conflict with each other or with anybody who takes.
import type { Gate, Holder, HolderRef, Lease, Limit, Waits } from '../domain/limit/limit.ts';
import type { ExpiredHolder, Taking } from '../domain/limit/room.ts';
import type { Write } from './runs.ts';

export type Limits = {
  /** `exists`: the name is taken. Throws AppError unavailable when somebody else was at it. */
  create(limit: Limit): Promise<'created' | 'exists'>;
  /** Consistent. */
  read(id: string): Promise<Limit | undefined>;
  readByName(name: string): Promise<Limit | undefined>;
  /** Those of these names that there are, by name. */
  readNamed(names: readonly string[]): Promise<readonly Limit[]>;
  /** All of them, by name. */
  list(): Promise<readonly Limit[]>;
  /** Under the version of `before`; `exists`: its new name is taken. */
  change(before: Limit, after: Limit): Promise<Write | 'exists'>;
  /** Under its version. Its gate goes too, but not the holders of leases: they may be renewed until they end. */
  remove(limit: Limit): Promise<Write>;

  /** Consistent, in the order asked for; a gate that nobody used is empty. */
  gates(ids: readonly string[]): Promise<readonly Gate[]>;
  /** One transaction: all or nothing, under the versions that were read. */
  take(takings: readonly Taking[], lease?: Lease): Promise<Write>;
  /** Whoever is gone already is passed over. */
  release(holders: readonly HolderRef[]): Promise<void>;
  /** Only as they were read: one that was renewed meanwhile stays. */
  freeExpired(expired: readonly ExpiredHolder[]): Promise<void>;
  /** Fewer slots for a holder, as it was read. `lost`: it is not what it was. 0 leaves it renewable. */
  shrink(ref: HolderRef, holder: Holder, slots: number): Promise<Write>;
  readWaits(gateId: string): Promise<Waits>;
  noteWaits(gateId: string, waits: Waits): Promise<void>;
  /** Notes that runs wait for slots of this gate, for so long: whoever gives some back then wakes the pump. */
  noteAwaited(gateId: string, until: number): Promise<void>;
  isAwaited(gateId: string, now: number): Promise<boolean>;

  readLease(id: string): Promise<Lease | undefined>;
  /** False: it, or one of its holders, is gone. A holder that does not run out stays as it is. */
  renew(lease: Lease, until: number): Promise<boolean>;
  /** From now on its holders last until they are given back. False as above. */
  pin(lease: Lease): Promise<boolean>;
  removeLease(id: string): Promise<void>;
};
