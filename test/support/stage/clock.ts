// A virtual clock: time passes only when a test says so.
export type VirtualClock = { now(): number; advanceTo(time: number): void };

export function virtualClock(start = Date.parse('2026-01-05T08:00:00Z')): VirtualClock {
  let time = start;
  return {
    now: () => time,
    advanceTo: (later) => {
      time = Math.max(time, later);
    },
  };
}
