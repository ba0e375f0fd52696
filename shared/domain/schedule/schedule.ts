// A schedule of a deployment: its times, whatever its kind. The kept form has Prefect's wire names.
import type { JsonObject } from '../json.ts';
import { fieldOf, textOf } from '../template/json-value.ts';
import { type CronSchedule, cronTimes } from './cron.ts';
import { type IntervalSchedule, intervalTimes } from './interval.ts';
import { type RRuleSchedule, rruleTimes } from './rrule.ts';
import { wallAt } from './zone.ts';

export type Schedule = CronSchedule | IntervalSchedule | RRuleSchedule;

/** A kept schedule, by its wire names; undefined when it is none. */
export function scheduleOf(kept: JsonObject): Schedule | undefined {
  const zone = textOf(kept, 'timezone') || 'UTC';
  const cron = textOf(kept, 'cron');
  if (cron !== undefined) return { kind: 'cron', cron, dayOr: kept['day_or'] !== false, zone };
  const rrule = textOf(kept, 'rrule');
  if (rrule !== undefined) return { kind: 'rrule', rrule, zone };
  const seconds = fieldOf(kept, 'interval');
  const anchor = Date.parse(textOf(kept, 'anchor_date') ?? '');
  if (typeof seconds !== 'number' || !(seconds > 0) || Number.isNaN(anchor)) return undefined;
  return { kind: 'interval', seconds, anchor, zone };
}

/** Prefect looks at so many candidates at most. */
const mostCandidates = 1_000;

export type Span = {
  /** Epoch milliseconds; the first time is at or after it. */
  readonly start: number;
  /** No time is after it. */
  readonly end: number;
  /** At most so many times. */
  readonly most: number;
};

/**
 * Instants in the order in which the schedule brings them, each wall time once.
 * Dates of one time zone are told apart and compared by their wall clocks in Prefect's server, so in an hour that comes
 * twice an interval does not fire again at the wall times it has had, and `start` and `end` are wall times as well.
 */
export function* scheduleTimes(schedule: Schedule, { start, end, most }: Span): Generator<number> {
  const { zone } = schedule;
  const seen = new Set<number>();
  const lastWall = wallAt(zone, end);
  let candidates = 0;
  if (most < 1) return;
  for (const instant of candidatesOf(schedule, start, end)) {
    const wall = wallAt(zone, instant);
    if (wall > lastWall && schedule.kind !== 'rrule') return;
    if (!seen.has(wall)) {
      seen.add(wall);
      yield instant;
    }
    if (seen.size >= most || candidates > mostCandidates) return;
    candidates += 1;
  }
}

function candidatesOf(schedule: Schedule, start: number, end: number): Generator<number> {
  switch (schedule.kind) {
    case 'cron':
      return cronTimes(schedule, start);
    case 'interval':
      return intervalTimes(schedule, start);
    case 'rrule':
      return rruleTimes(schedule, start, end);
  }
}
