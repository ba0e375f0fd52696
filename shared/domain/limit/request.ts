// What a request for slots means before any gate is read: which limits it is about, what refuses it at once, and
// whether it asks for what it has already.

import { type Gate, type Limit, tagOfLimit, type Who } from './limit.ts';
import { isExpired, type Limited } from './room.ts';

export type SlotMode = 'concurrency' | 'rate_limit';

/** Two items a gate and one lease must fit into one transaction of 100. */
const mostLimits = 40;

/** DynamoDB's longest sort key has 1,024 bytes. No limit has a name that cannot be stored. */
const longestNameBytes = 1_000;

export function canBeName(name: string): boolean {
  return name !== '' && new TextEncoder().encode(name).length <= longestNameBytes;
}

/** Prefect's 422, in its words where it has some. undefined: nothing is wrong with it. */
export function refusalOf(
  limits: readonly Limit[],
  { slots, mode }: { slots: number; mode: SlotMode },
): string | undefined {
  const active = limits.filter((limit) => limit.active);
  if (active.some(({ limit }) => limit < slots)) return 'Slots requested is greater than the limit';
  const steady = active.filter(({ slotDecayPerSecond }) => slotDecayPerSecond === 0).map(({ name }) => name);
  if (mode === 'rate_limit' && steady.length > 0) {
    const why = 'Only concurrency limits with slot decay can be used for rate limiting.';
    return `${why} The following limits do not have a decay configured: '${steady.join(',')}'`;
  }
  if (active.length <= mostLimits) return undefined;
  return `slots of ${active.length} limits were asked for at once, at most ${mostLimits} can be taken together`;
}

export function limitedGates(limits: readonly Limit[], gates: readonly Gate[]): readonly Limited[] {
  return limits.flatMap(({ id, limit, slotDecayPerSecond }) => {
    const gate = gates.find((candidate) => candidate.id === id);
    return gate === undefined ? [] : [{ gate, limit, slotDecayPerSecond }];
  });
}

/**
 * The key that a task run holds these slots by already. A task run takes the slots of its tags once, so asking again
 * means that the answer was lost; anybody else may well want the same slots twice.
 */
export function keyHeldBy(
  who: Who | undefined,
  limits: readonly Limit[],
  { gates, slots, now }: { readonly gates: readonly Gate[]; readonly slots: number; readonly now: number },
): string | undefined {
  if (who?.type !== 'task_run' || limits.some(({ name }) => tagOfLimit(name) === undefined)) return undefined;
  const steady = new Set(limits.filter((limit) => limit.slotDecayPerSecond <= 0).map(({ id }) => id));
  const [first, ...others] = gates.filter(({ id }) => steady.has(id));
  const held = (gate: Gate) =>
    gate.holders.filter(
      (holder) =>
        holder.who?.type === 'task_run' &&
        holder.who.id === who.id &&
        holder.slots === slots &&
        !isExpired(holder, now),
    );
  if (first === undefined) return undefined;
  return held(first).find(({ key }) => others.every((gate) => held(gate).some((holder) => holder.key === key)))?.key;
}
