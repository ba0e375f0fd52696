// Times of a recurrence rule or a set of them. Rules count on the wall clock; a time that comes twice is the first one,
// a skipped one is taken as if the clocks had been set already, as dateutil has it.
import {
  type DayRule,
  dayMilliseconds,
  dayOf,
  dayRuleOf,
  isRuleDay,
  monthStart,
  weekdayOf,
  yearStart,
} from './rrule-days.ts';
import { parseRules, type Rule, type RuleSet } from './rrule-text.ts';
import { offsetsOf } from './zone.ts';

export type RRuleSchedule = { readonly kind: 'rrule'; readonly rrule: string; readonly zone: string };

const lastWall = Date.UTC(9999, 11, 31);
/** A rule that brings nothing for so many periods brings nothing at all: it must not hold up everybody else. */
const mostIdlePeriods = 100_000;

/** Zones whose clocks are set back for winter from what is called standard time: dateutil sees them set an hour late. */
const winterIsSaving: ReadonlySet<string> = new Set(['Africa/Casablanca', 'Africa/El_Aaiun', 'Eire', 'Europe/Dublin']);

/** Instants from the first at or after `start` on, none after `end`. */
export function* rruleTimes({ rrule, zone }: RRuleSchedule, start: number, end: number): Generator<number> {
  const set = parseRules(rrule);
  if ('problem' in set) return;
  const lag = winterIsSaving.has(zone) ? 3_600_000 : 0;
  const window = { from: start - 2 * dayMilliseconds, to: Math.min(lastWall, end + 2 * dayMilliseconds) };
  for (const wall of wallsOf(set, window)) {
    const instant = wall - Math.max(...offsetsOf(zone, wall - lag));
    if (instant > end) return;
    if (instant >= start) yield instant;
  }
}

type Window = { readonly from: number; readonly to: number };

/** The wall times of a set in their order, each once, less the excepted ones. */
function* wallsOf(set: RuleSet, window: Window): Generator<number> {
  const isSingle = set.rules.length === 1 && set.dates.length + set.exceptRules.length + set.exceptDates.length === 0;
  const sources = [
    ...set.rules.map((rule) => timesOf(rule, set.start, window)),
    set.dates
      .filter((date) => date >= window.from && date <= window.to)
      .toSorted((one, other) => one - other)
      [Symbol.iterator](),
  ];
  const excepted = set.exceptRules.map((rule) => createPeek(timesOf(rule, set.start, window)));
  let last: number | undefined;
  for (const wall of merged(sources)) {
    if (wall === last && !isSingle) continue;
    last = wall;
    const isExcepted = set.exceptDates.includes(wall) || excepted.some((peek) => peek(wall));
    if (!isExcepted) yield wall;
  }
}

/** Answers whether an ascending source has a value; questions ascend as well. */
function createPeek(source: Iterator<number>): (wall: number) => boolean {
  let head = source.next();
  return (wall) => {
    while (head.done !== true && head.value < wall) head = source.next();
    return head.done !== true && head.value === wall;
  };
}

function* merged(sources: readonly Iterator<number>[]): Generator<number> {
  const heads = sources.map((source) => ({ source, head: source.next() }));
  for (;;) {
    const open = heads.filter(({ head }) => head.done !== true);
    const [first] = open.toSorted((one, other) => one.head.value - other.head.value);
    if (first === undefined) return;
    yield first.head.value;
    first.head = first.source.next();
  }
}

/** The times of one rule in a window; a rule with a COUNT is followed from its start. */
function* timesOf(rule: Rule, start: number, window: Window): Generator<number> {
  const days = dayRuleOf(rule, start);
  let left = rule.count ?? Number.POSITIVE_INFINITY;
  const from = rule.count === undefined ? Math.max(start, window.from) : start;
  const to = Math.min(window.to, rule.until ?? Number.POSITIVE_INFINITY);
  let idle = 0;
  for (const period of periodsOf(rule, days, { start, from, to })) {
    idle += 1;
    if (idle > mostIdlePeriods) return;
    for (const wall of chosen(rule, period)) {
      idle = 0;
      if (wall > to) return;
      if (wall < start) continue;
      left -= 1;
      if (left < 0) return;
      if (wall >= window.from) yield wall;
    }
  }
}

/** The days of one period and the times of day, both ascending, in milliseconds. */
type Period = { readonly days: readonly number[]; readonly clocks: readonly number[] };

function chosen({ by }: Rule, { days, clocks }: Period): readonly number[] {
  const at = (day: number, clock: number) => day * dayMilliseconds + clock;
  const places = by.get('BYSETPOS');
  if (places === undefined) return days.flatMap((day) => clocks.map((clock) => at(day, clock)));
  if (clocks.length === 0) return [];
  const found = places.flatMap((place) => {
    const index = place > 0 ? place - 1 : place;
    const day = days.at(Math.floor(index / clocks.length));
    const clock = clocks.at(((index % clocks.length) + clocks.length) % clocks.length);
    const isThere = place > 0 ? index < days.length * clocks.length : -index <= days.length * clocks.length;
    return isThere && day !== undefined && clock !== undefined ? [at(day, clock)] : [];
  });
  return [...new Set(found)].sort((one, other) => one - other);
}

type Span = { readonly start: number; readonly from: number; readonly to: number };

function periodsOf(rule: Rule, days: DayRule, span: Span): Generator<Period> {
  switch (rule.frequency) {
    case 'YEARLY':
    case 'MONTHLY':
      return monthPeriods(rule, days, span);
    case 'WEEKLY':
    case 'DAILY':
      return dayPeriods(rule, days, span);
    case 'HOURLY':
    case 'MINUTELY':
    case 'SECONDLY':
      return clockPeriods(rule, days, span);
  }
}

function* monthPeriods(rule: Rule, days: DayRule, { start, from, to }: Span): Generator<Period> {
  const isYearly = rule.frequency === 'YEARLY';
  const clocks = clocksOf(rule, start);
  const months = (wall: number) => new Date(wall).getUTCFullYear() * 12 + (isYearly ? 0 : new Date(wall).getUTCMonth());
  const step = rule.interval * (isYearly ? 12 : 1);
  const skipped = Math.max(0, Math.floor((months(from) - months(start)) / step)) * step;
  for (let at = months(start) + skipped; at <= months(to); at += step) {
    const [year, month] = [Math.floor(at / 12), (at % 12) + 1];
    const [first, after] = isYearly
      ? [yearStart(year), yearStart(year + 1)]
      : [monthStart(year, month), monthStart(year, month + 1)];
    yield { days: daysBetween(first, after).filter((day) => isRuleDay(days, day)), clocks };
  }
}

function* dayPeriods(rule: Rule, days: DayRule, { start, from, to }: Span): Generator<Period> {
  const isWeekly = rule.frequency === 'WEEKLY';
  const clocks = clocksOf(rule, start);
  const sinceWeekStart = (weekdayOf(dayOf(start)) - rule.weekStart + 7) % 7;
  const first = dayOf(start) - (isWeekly ? sinceWeekStart : 0);
  const step = rule.interval * (isWeekly ? 7 : 1);
  const skipped = Math.max(0, Math.floor((dayOf(from) - first) / step)) * step;
  for (let day = first + skipped; day <= dayOf(to); day += step) {
    // The first week of a rule begins with its start: what is before does not count for BYSETPOS.
    const begin = Math.max(day, dayOf(start));
    yield { days: daysBetween(begin, day + (isWeekly ? 7 : 1)).filter((one) => isRuleDay(days, one)), clocks };
  }
}

function daysBetween(first: number, after: number): number[] {
  return Array.from({ length: Math.max(0, after - first) }, (_, at) => first + at);
}

const unitMs = { HOURLY: 3_600_000, MINUTELY: 60_000, SECONDLY: 1000 } as const;

/** Steps of hours, minutes or seconds; whole days, hours and minutes that do not match are passed over. */
function* clockPeriods(rule: Rule, days: DayRule, { start, from, to }: Span): Generator<Period> {
  const { frequency } = rule;
  if (frequency !== 'HOURLY' && frequency !== 'MINUTELY' && frequency !== 'SECONDLY') return;
  const unit = unitMs[frequency];
  const step = rule.interval * unit;
  const first = Math.floor(start / unit) * unit;
  const upTo = (wall: number) => first + Math.ceil((wall - first) / step) * step;
  let at = Math.max(first, upTo(Math.floor(from / unit) * unit - step));
  while (at <= to) {
    const next = passedOver(rule, days, at);
    if (next !== undefined) {
      at = upTo(next);
      continue;
    }
    yield { days: [dayOf(at)], clocks: clocksWithin(rule, start, at) };
    at += step;
  }
}

/** Where to look next when this day, hour, minute or second is none of the rule's. */
function passedOver({ frequency, by }: Rule, days: DayRule, wall: number): number | undefined {
  const date = new Date(wall);
  const ends = (length: number) => (Math.floor(wall / length) + 1) * length;
  if (!isRuleDay(days, dayOf(wall))) return ends(dayMilliseconds);
  if (by.get('BYHOUR')?.includes(date.getUTCHours()) === false) return ends(unitMs.HOURLY);
  if (frequency === 'HOURLY') return undefined;
  if (by.get('BYMINUTE')?.includes(date.getUTCMinutes()) === false) return ends(unitMs.MINUTELY);
  if (frequency === 'MINUTELY') return undefined;
  return by.get('BYSECOND')?.includes(date.getUTCSeconds()) === false ? ends(unitMs.SECONDLY) : undefined;
}

/** Times of day for rules that count days or more. */
function clocksOf({ by }: Rule, start: number): readonly number[] {
  const date = new Date(start);
  const hours = by.get('BYHOUR') ?? [date.getUTCHours()];
  const minutes = by.get('BYMINUTE') ?? [date.getUTCMinutes()];
  const seconds = by.get('BYSECOND') ?? [date.getUTCSeconds()];
  return sorted(
    hours.flatMap((hour) =>
      minutes.flatMap((minute) => seconds.map((second) => (hour * 3600 + minute * 60 + second) * 1000)),
    ),
  );
}

/** Times of day within one hour, minute or second. */
function clocksWithin(rule: Rule, start: number, at: number): readonly number[] {
  const { frequency, by } = rule;
  const [begin, now] = [new Date(start), new Date(at)];
  const minutes = frequency === 'HOURLY' ? (by.get('BYMINUTE') ?? [begin.getUTCMinutes()]) : [now.getUTCMinutes()];
  const seconds = frequency === 'SECONDLY' ? [now.getUTCSeconds()] : (by.get('BYSECOND') ?? [begin.getUTCSeconds()]);
  const hour = now.getUTCHours();
  return sorted(minutes.flatMap((minute) => seconds.map((second) => (hour * 3600 + minute * 60 + second) * 1000)));
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((one, other) => one - other);
}
