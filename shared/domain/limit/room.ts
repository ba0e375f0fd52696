// How many slots are in use and whether more may be taken. What is expired counts until somebody needs the room:
// an expired holder that is freed by a conditional delete cannot be renewed at the same time.
import type { Gate, Holder, HolderRef, Spent } from './limit.ts';

export function isExpired(holder: Holder, now: number): boolean {
  return holder.until !== undefined && holder.until <= now;
}

/** What a rate has left of what was spent; whole slots go at once, as on Prefect's server. */
export function spentAfterDecay(spent: Spent, decayPerSecond: number, now: number): Spent {
  const gone = Math.floor((decayPerSecond * Math.max(0, now - spent.at)) / 1000);
  if (gone >= spent.slots) return { slots: 0, at: now };
  // The part of a slot that has decayed already is kept: only whole slots move the time on.
  return { slots: spent.slots - gone, at: spent.at + (gone * 1000) / decayPerSecond };
}

/** Slots in use now, as the API shows them. */
export function activeSlots(gate: Gate, decayPerSecond: number, now: number): number {
  if (decayPerSecond > 0) return spentAfterDecay(gate.spent, decayPerSecond, now).slots;
  return sumOf(gate.holders.filter((holder) => !isExpired(holder, now)));
}

function sumOf(holders: readonly Holder[]): number {
  return holders.reduce((sum, { slots }) => sum + slots, 0);
}

/** A gate with the limit that stands at it. */
export type Limited = {
  readonly gate: Gate;
  readonly limit: number;
  readonly slotDecayPerSecond: number;
};

/** What one transaction does at one gate. Its version must still be the one that was read. */
export type Taking = {
  readonly gateId: string;
  readonly version: number;
  readonly holder?: Holder;
  /** Given for a rate: the slots spent from now on. */
  readonly spent?: Spent;
};

export type ExpiredHolder = HolderRef & { readonly holder: Holder };

export type Plan =
  | { readonly kind: 'take'; readonly takings: readonly Taking[] }
  /** Enough room once these are gone: free them, read again, plan again. */
  | { readonly kind: 'free'; readonly expired: readonly ExpiredHolder[] }
  | { readonly kind: 'full'; readonly gateIds: readonly string[] };

export type Ask = {
  /** Put at every gate, with the slots wanted. Absent: a rate is spent and nobody holds it. */
  readonly holder: Holder;
  readonly now: number;
};

/** All gates or none: slots for one holder at each of them. */
export function planTaking(wanted: readonly Limited[], { holder, now }: Ask): Plan {
  const rooms = wanted.map((limited) => ({ limited, room: roomAt(limited, { holder, now }) }));
  const full = rooms.filter(({ room }) => room.kind === 'full');
  if (full.length > 0) return { kind: 'full', gateIds: full.map(({ limited }) => limited.gate.id) };
  const expired = rooms.flatMap(({ room }) => (room.kind === 'free' ? room.expired : []));
  if (expired.length > 0) return { kind: 'free', expired };
  return { kind: 'take', takings: wanted.map((limited) => takingAt(limited, { holder, now })) };
}

/** For a holder that is there already, room or not. What a rate let through has decayed since. */
export function takeAnyway(wanted: readonly Limited[], ask: Ask): readonly Taking[] {
  return wanted.filter((limited) => limited.slotDecayPerSecond <= 0).map((limited) => takingAt(limited, ask));
}

type Room = { readonly kind: 'room' | 'full' } | { readonly kind: 'free'; readonly expired: readonly ExpiredHolder[] };

function roomAt({ gate, limit, slotDecayPerSecond }: Limited, { holder, now }: Ask): Room {
  if (slotDecayPerSecond > 0) {
    const { slots } = spentAfterDecay(gate.spent, slotDecayPerSecond, now);
    return { kind: slots + holder.slots <= limit ? 'room' : 'full' };
  }
  const others = gate.holders.filter(({ key }) => key !== holder.key);
  if (sumOf(others) + holder.slots <= limit) return { kind: 'room' };
  const expired = others.filter((other) => other.slots > 0 && isExpired(other, now));
  if (sumOf(others) - sumOf(expired) + holder.slots > limit) return { kind: 'full' };
  return { kind: 'free', expired: expired.map((other) => ({ gateId: gate.id, key: other.key, holder: other })) };
}

function takingAt({ gate, slotDecayPerSecond }: Limited, { holder, now }: Ask): Taking {
  const { id: gateId, version } = gate;
  if (slotDecayPerSecond <= 0) return { gateId, version, holder };
  const left = spentAfterDecay(gate.spent, slotDecayPerSecond, now);
  return { gateId, version, spent: { ...left, slots: left.slots + holder.slots } };
}

/** When a rate that is full has room for one slot, epoch ms. */
export function rateRoomAt({ gate, limit, slotDecayPerSecond }: Limited, now: number): number {
  const left = spentAfterDecay(gate.spent, slotDecayPerSecond, now);
  return Math.ceil(left.at + (Math.max(0, left.slots + 1 - limit) * 1000) / slotDecayPerSecond);
}

/** The gate once a taking is written: whoever takes for several runs in a row need not read it again. */
export function gateAfter(gate: Gate, taking: Taking): Gate {
  const { holder, spent } = taking;
  const holders =
    holder === undefined ? gate.holders : [...gate.holders.filter(({ key }) => key !== holder.key), holder];
  return { ...gate, version: taking.version + 1, holders, spent: spent ?? gate.spent };
}
