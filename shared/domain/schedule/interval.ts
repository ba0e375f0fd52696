// Times of an interval schedule. Whole days keep the wall clock of the zone, what is shorter keeps the elapsed time,
// as Prefect's server computes them (prefect/server/schemas/schedules.py, IntervalSchedule).
import { instantOf, wallAt } from './zone.ts';

export type IntervalSchedule = {
  readonly kind: 'interval';
  readonly seconds: number;
  /** Epoch milliseconds. */
  readonly anchor: number;
  readonly zone: string;
};

const daySeconds = 86_400;

/** Instants from the first whose wall time is at or after that of `start` on, without end. */
export function* intervalTimes({ seconds, anchor, zone }: IntervalSchedule, start: number): Generator<number> {
  const days = Math.floor(seconds / daySeconds);
  const restMs = (seconds - days * daySeconds) * 1000;
  const advance = (instant: number): number =>
    days === 0 ? instant + restMs : instantOf(zone, wallAt(zone, instant) + days * daySeconds * 1000 + restMs, 1);
  const periods = Math.trunc((start - anchor) / (seconds * 1000));
  let next = anchor + periods * seconds * 1000;
  const from = wallAt(zone, start);
  while (wallAt(zone, next) < from) next = advance(next);
  for (;;) {
    yield next;
    const after = advance(next);
    // A gap as long as the interval would stand still.
    next = after > next ? after : advance(after + 1);
  }
}
