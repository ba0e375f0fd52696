// Events counted by time, by name or by the resource that they are about.
import { isoText } from '../iso-time.ts';
import type { PrefectEvent } from './event.ts';
import { type Buckets, bucketOf, spansOf, type TimeRange } from './time-buckets.ts';

/** `startTime` and `endTime`: epoch milliseconds, of the first and the last event or of the span. */
export type EventCount = {
  readonly value: string;
  readonly label: string;
  readonly count: number;
  readonly startTime: number;
  readonly endTime: number;
};

/** Counts one event after the other, in any order. */
export type EventCounter = { add(event: PrefectEvent): void; counts(): readonly EventCount[] };

/** One count a span, those without events included. What lies outside of all spans is not counted. */
export function countByTime(buckets: Buckets, range: TimeRange): EventCounter {
  const spans = spansOf(buckets, range);
  const first = bucketOf(buckets, range.since);
  const found = new Map<number, number>();
  return {
    add: ({ occurred }) => {
      const at = bucketOf(buckets, occurred) - first;
      found.set(at, (found.get(at) ?? 0) + 1);
    },
    counts: () =>
      spans.map(({ start, end }, at) => ({
        value: String(at),
        label: isoText(start).replace('.000Z', '+00:00'),
        count: found.get(at) ?? 0,
        startTime: start,
        endTime: end,
      })),
  };
}

export function countByName(): EventCounter {
  return countBy(({ event }) => ({ value: event, label: event }));
}

/** Labelled by the name that the resource had last. */
export function countByResource(): EventCounter {
  return countBy(({ resource }) => {
    const value = resource['prefect.resource.id'] ?? '';
    return { value, label: resource['prefect.resource.name'] ?? resource['prefect.name'] ?? value };
  });
}

/** The most frequent first, then by label. */
function countBy(keyOf: (event: PrefectEvent) => { readonly value: string; readonly label: string }): EventCounter {
  const found = new Map<string, EventCount>();
  return {
    add: (event) => {
      const { value, label } = keyOf(event);
      const at = event.occurred;
      const before = found.get(value) ?? { value, label, count: 0, startTime: at, endTime: at };
      found.set(value, {
        value,
        label: at >= before.endTime ? label : before.label,
        count: before.count + 1,
        startTime: Math.min(before.startTime, at),
        endTime: Math.max(before.endTime, at),
      });
    },
    counts: () =>
      [...found.values()].sort((one, other) => other.count - one.count || (one.label < other.label ? -1 : 1)),
  };
}
