// How long a refused caller is told to wait: Prefect's measure, by how long slots are held on average and by how many
// were refused lately. Numbers of `prefect.server.api.concurrency_limits_v2` and its settings' defaults.
import { type LeasedLimit, tagOfLimit, type Waits } from './limit.ts';

/** Prefect's PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS. */
export const tagWaitSeconds = 10;
/** Prefect's PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS. */
const mostWaitSeconds = 30;

const shortestOccupancySeconds = 0.1;
/** The average goes over the last `limit * 2` slots that were given back. */
const samplesASlot = 2;

function mostWait({ name }: LeasedLimit): number {
  return tagOfLimit(name) === undefined ? mostWaitSeconds : tagWaitSeconds;
}

/** What is remembered of refusals fades as slots come free. */
export function deniedAfterDecay(limit: LeasedLimit, waits: Waits, now: number): number {
  const occupancy = Math.max(shortestOccupancySeconds, Math.min(waits.averageSeconds, mostWait(limit)));
  const rate = limit.slotDecayPerSecond > 0 ? limit.slotDecayPerSecond : 1 / occupancy;
  const gone = Math.floor((rate * Math.max(0, now - waits.deniedAt)) / 1000);
  return Math.max(0, waits.denied - gone);
}

/** The average after slots were held for so long. */
export function waitsAfterUse(
  limit: LeasedLimit,
  waits: Waits,
  use: { readonly slots: number; readonly seconds: number },
): Waits {
  if (limit.limit <= 0 || use.slots <= 0) return waits;
  const held = Math.max(use.seconds / use.slots, shortestOccupancySeconds);
  const samples = limit.limit * samplesASlot;
  return { ...waits, averageSeconds: waits.averageSeconds + (held - waits.averageSeconds) / samples };
}

export function waitsAfterRefusal(
  limit: LeasedLimit,
  waits: Waits,
  { slots, now }: { slots: number; now: number },
): Waits {
  return { ...waits, denied: deniedAfterDecay(limit, waits, now) + slots, deniedAt: now };
}

export type Refused = { readonly limit: LeasedLimit; readonly waits: Waits };

/**
 * Seconds until a refused caller may try again, before any jitter: by the limit that is asked for most.
 * A rate is waited for by its own pace; other limits never for longer than the settings say.
 */
export function averageWaitSeconds(
  refused: readonly Refused[],
  { slots, now }: { readonly slots: number; readonly now: number },
): number {
  const queues = refused.map(({ limit, waits }) => {
    const wanted = slots + deniedAfterDecay(limit, waits, now);
    return { limit, waits, queued: limit.slotDecayPerSecond > 0 ? wanted : wanted / Math.max(1, limit.limit) };
  });
  const [worst] = queues.toSorted((one, other) => other.queued - one.queued);
  if (worst === undefined) return 0;
  const { limit, waits, queued } = worst;
  if (limit.slotDecayPerSecond > 0) return queued / limit.slotDecayPerSecond;
  return Math.min(Math.min(waits.averageSeconds, mostWait(limit)) * queued, mostWait(limit));
}

/**
 * Spreads callers who were refused together: an exponential interval around `averageSeconds`, at most 30 % above it
 * and cut below so that the average stays about where it was.
 *
 * @param chance from 0 to 1, evenly spread
 */
export function spreadWaitSeconds(averageSeconds: number, chance: number): number {
  if (averageSeconds <= 0) return 0;
  const upper = 1.3;
  // As much chance below the median as between it and the upper bound (the median of the law is ln 2).
  const lower = Math.log2(2 ** upper / (2 ** upper - 1));
  const [from, to] = [1 - Math.exp(-lower), 1 - Math.exp(-upper)];
  const drawn = from + (to - from) * chance;
  return -Math.log(Math.max(1 - drawn, 1e-10)) * averageSeconds;
}

/** A chance from 0 to 1 out of a random UUID. */
export function chanceOf(randomId: string): number {
  return Number.parseInt(randomId.slice(0, 8), 16) / 2 ** 32;
}
