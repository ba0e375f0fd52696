// Even spans of time to count events in. They are counted from one Monday on, so that the same span has the same
// bounds in every answer (source: Prefect's `counting.py`, whose first day this is).

export const timeUnits = ['week', 'day', 'hour', 'minute', 'second'] as const;
export type TimeUnit = (typeof timeUnits)[number];

/** All bounds are epoch milliseconds, with fractions for microseconds; `end` belongs to the span. */
export type TimeSpan = { readonly start: number; readonly end: number };

const pivot = Date.UTC(2024, 3, 1);
const microsecond = 0.001;
export const mostBuckets = 1000;

const unitMs = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
} as const satisfies Record<TimeUnit, number>;

export type Buckets = { readonly unit: TimeUnit; readonly interval: number };

/** How many spans a time would fall into; more than `mostBuckets` are too many. */
export function bucketCount(
  { unit, interval }: Buckets,
  range: { readonly since: number; readonly until: number },
): number {
  return Math.ceil((range.until - range.since) / (unitMs[unit] * interval));
}

/** The spans from the one that holds `since` to the one that holds `until`; none begins after the unit that is now. */
export function spansOf({ unit, interval }: Buckets, range: TimeRange): readonly TimeSpan[] {
  const length = unitMs[unit] * interval;
  const until = range.until > range.now ? endOfUnit(unit, range.now) : range.until;
  const first = bucketOf({ unit, interval }, range.since);
  const count = Math.max(0, Math.ceil((until - (pivot + first * length)) / length));
  return Array.from({ length: count }, (_, at) => {
    const start = pivot + (first + at) * length;
    return { start, end: start + length - microsecond };
  });
}

export type TimeRange = { readonly since: number; readonly until: number; readonly now: number };

/** The number of the span that a time falls into. */
export function bucketOf({ unit, interval }: Buckets, at: number): number {
  return Math.floor((at - pivot) / (unitMs[unit] * interval));
}

/** Weeks end on Sunday, as the pivot's does. */
function endOfUnit(unit: TimeUnit, now: number): number {
  return pivot + (bucketOf({ unit, interval: 1 }, now) + 1) * unitMs[unit] - microsecond;
}
