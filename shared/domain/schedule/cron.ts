// Times of a cron schedule: matched on the wall clock of the zone, each wall time once. A time that the clocks skip
// fires an hour earlier, one that comes twice fires the first time, as Prefect's server has it.
import { type CronFields, parseCron } from './cron-fields.ts';
import { instantOf, wallAt } from './zone.ts';

export type CronSchedule = {
  readonly kind: 'cron';
  readonly cron: string;
  /** Whether a day may match by day of the month or by weekday, where both are given. */
  readonly dayOr: boolean;
  readonly zone: string;
};

/** croniter gives up where nothing matches for so long. */
const mostYears = 50;

type Wall = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
};

/** Instants from the first at or after `start` on; ends only where nothing matches any more. */
export function* cronTimes(schedule: CronSchedule, start: number): Generator<number> {
  const fields = parseCron(schedule.cron);
  if ('problem' in fields) return;
  const days = daysOf(fields, schedule.dayOr);
  // Whole seconds, rounded up, less one: a start that matches is itself the first time.
  let wall: number | undefined = wallAt(schedule.zone, Math.ceil(start / 1000) * 1000 - 1000);
  for (;;) {
    wall = nextOf(fields, days, wall);
    if (wall === undefined) return;
    yield instantOf(schedule.zone, wall, 0);
  }
}

type DayTest = (day: { readonly year: number; readonly month: number; readonly day: number }) => boolean;

/** Days that match either of two tests are looked for apart, as croniter does: where one never matches, nothing does. */
function nextOf(fields: CronFields, days: readonly DayTest[], wall: number): number | undefined {
  const walls = days.map((isDay) => nextWall(fields, isDay, wall) ?? Number.NaN);
  const first = Math.min(...walls);
  return Number.isNaN(first) ? undefined : first;
}

function daysOf(fields: CronFields, dayOr: boolean): readonly DayTest[] {
  const { day, weekday } = fields.values;
  const byMonth: DayTest = (date) =>
    day === '*' ||
    day.some((value) => (value === 'l' ? date.day === daysInMonth(date.year, date.month) : value === date.day));
  const byWeek: DayTest = (date) => matchesWeekday(fields, date);
  const isUnion = dayOr && day !== '*' && weekday !== '*';
  // As croniter has it: beside a week of the month the day of the month says nothing.
  if (isUnion && fields.nth.size > 0) return [byWeek];
  return isUnion ? [byMonth, byWeek] : [(date) => byMonth(date) && byWeek(date)];
}

function matchesWeekday({ values, nth }: CronFields, date: { year: number; month: number; day: number }): boolean {
  const weekday = new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay();
  if (nth.size === 0) return values.weekday === '*' || values.weekday.includes(weekday);
  const weeks = [...(nth.get(weekday) ?? [])];
  const isLast = date.day + 7 > daysInMonth(date.year, date.month);
  return weeks.some((week) => (week === 'l' ? isLast : Math.ceil(date.day / 7) === week));
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The first matching wall time after this one: the next whole minute, or second where there is a field for it. */
function nextWall(fields: CronFields, isDay: DayTest, wall: number): number | undefined {
  const unit = fields.hasSeconds ? 1000 : 60_000;
  const first = partsOf(Math.floor(wall / unit) * unit + unit);
  const { year: years, month: months } = fields.values;
  for (let { year, month, day, ...clock } = first; year <= first.year + mostYears; ) {
    if (!includes(years, year)) [year, month, day, clock] = [year + 1, 1, 1, midnight];
    else if (!includes(months, month)) [year, month, day, clock] = [...monthAfter(year, month), 1, midnight];
    else if (day > daysInMonth(year, month)) [year, month, day, clock] = [...monthAfter(year, month), 1, midnight];
    else {
      const time = isDay({ year, month, day }) ? nextClock(fields, clock) : undefined;
      if (time !== undefined) return Date.UTC(year, month - 1, day, time.hour, time.minute, time.second);
      [day, clock] = [day + 1, midnight];
    }
  }
  return undefined;
}

type Clock = Pick<Wall, 'hour' | 'minute' | 'second'>;
const midnight: Clock = { hour: 0, minute: 0, second: 0 };

function monthAfter(year: number, month: number): readonly [number, number] {
  return month === 12 ? [year + 1, 1] : [year, month + 1];
}

/** The first matching time of day from this one on. */
function nextClock({ values, hasSeconds }: CronFields, from: Clock): Clock | undefined {
  for (let hour = from.hour; hour < 24; hour += 1) {
    if (!includes(values.hour, hour)) continue;
    const isFirstHour = hour === from.hour;
    for (let minute = isFirstHour ? from.minute : 0; minute < 60; minute += 1) {
      if (!includes(values.minute, minute)) continue;
      const earliest = isFirstHour && minute === from.minute ? from.second : 0;
      const second = hasSeconds ? nextIn(values.second, earliest, 59) : earliest === 0 ? 0 : undefined;
      if (second !== undefined) return { hour, minute, second };
    }
  }
  return undefined;
}

function nextIn(values: CronFields['values']['second'], from: number, last: number): number | undefined {
  for (let value = from; value <= last; value += 1) if (includes(values, value)) return value;
  return undefined;
}

function includes(values: CronFields['values']['second'], value: number): boolean {
  return values === '*' || values.includes(value);
}

function partsOf(wall: number): Wall {
  const date = new Date(wall);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}
