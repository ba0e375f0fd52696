// Which days of a period a recurrence rule means, as dateutil decides it. Days are whole days since the epoch.
import type { Rule } from './rrule-text.ts';

export const dayMilliseconds = 86_400_000;

export type DayRule = {
  readonly rule: Rule;
  readonly months: readonly number[] | undefined;
  readonly monthDays: readonly number[] | undefined;
  readonly plainWeekdays: readonly number[] | undefined;
  readonly nthWeekdays: readonly { readonly day: number; readonly nth: number }[];
};

/** A rule that says nothing of days takes month, day or weekday from its start. */
export function dayRuleOf(rule: Rule, start: number): DayRule {
  const date = new Date(start);
  const { frequency, by } = rule;
  const isFree = !['BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYEASTER'].some((name) => by.has(name)) && !rule.weekdays;
  const monthsOfStart = frequency === 'YEARLY' && isFree ? [date.getUTCMonth() + 1] : undefined;
  const isMonthly = frequency === 'YEARLY' || frequency === 'MONTHLY';
  const days = isFree && frequency === 'WEEKLY' ? [{ day: weekdayOf(dayOf(start)), nth: undefined }] : rule.weekdays;
  const plain = days?.filter(({ nth }) => nth === undefined || !isMonthly).map(({ day }) => day);
  return {
    rule,
    months: by.get('BYMONTH') ?? monthsOfStart,
    monthDays: by.get('BYMONTHDAY') ?? (isFree && isMonthly ? [date.getUTCDate()] : undefined),
    plainWeekdays: plain?.length === 0 ? undefined : plain,
    nthWeekdays: (days ?? []).flatMap(({ day, nth }) => (nth === undefined || !isMonthly ? [] : [{ day, nth }])),
  };
}

export function dayOf(wall: number): number {
  return Math.floor(wall / dayMilliseconds);
}

/** Monday is 0. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

export function yearStart(year: number): number {
  return Date.UTC(year, 0, 1) / dayMilliseconds;
}

export function monthStart(year: number, month: number): number {
  return Date.UTC(year, month - 1, 1) / dayMilliseconds;
}

export function isRuleDay(days: DayRule, day: number): boolean {
  const date = new Date(day * dayMilliseconds);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  const { by } = days.rule;
  return (
    (days.months?.includes(month) ?? true) &&
    (days.plainWeekdays?.includes(weekdayOf(day)) ?? true) &&
    (days.nthWeekdays.length === 0 || isNthWeekday(days, { day, year, month })) &&
    inCounted(days.monthDays, day - monthStart(year, month), monthStart(year, month + 1) - monthStart(year, month)) &&
    inCounted(by.get('BYYEARDAY'), day - yearStart(year), yearStart(year + 1) - yearStart(year)) &&
    isWeek(days.rule, day, year) &&
    (by.get('BYEASTER')?.includes(day - easterOf(year)) ?? true)
  );
}

/** Whether the place (from 0) is listed, counted from 1 or from the end. */
function inCounted(listed: readonly number[] | undefined, place: number, length: number): boolean {
  return listed === undefined || listed.includes(place + 1) || listed.includes(place - length);
}

type Dated = { readonly day: number; readonly year: number; readonly month: number };

function isNthWeekday({ rule, nthWeekdays, months }: DayRule, { day, year, month }: Dated): boolean {
  const isWithinMonth = rule.frequency === 'MONTHLY' || months !== undefined;
  const [first, last] = isWithinMonth
    ? [monthStart(year, month), monthStart(year, month + 1) - 1]
    : [yearStart(year), yearStart(year + 1) - 1];
  return nthWeekdays.some((wanted) => {
    if (weekdayOf(day) !== wanted.day) return false;
    const fromFront = Math.floor((day - first) / 7) + 1;
    const fromBack = -Math.floor((last - day) / 7) - 1;
    return wanted.nth > 0 ? fromFront === wanted.nth : fromBack === wanted.nth;
  });
}

function isWeek(rule: Rule, day: number, year: number): boolean {
  const listed = rule.by.get('BYWEEKNO');
  if (listed === undefined) return true;
  const weekYear = [year + 1, year, year - 1].find((one) => day >= firstWeek(rule, one)) ?? year;
  const number = Math.floor((day - firstWeek(rule, weekYear)) / 7) + 1;
  const weeks = (firstWeek(rule, weekYear + 1) - firstWeek(rule, weekYear)) / 7;
  return listed.includes(number) || (weekYear <= year && listed.includes(number - weeks - 1));
}

/** The first day of week 1: the week with at least four days in the year. */
function firstWeek({ weekStart }: Rule, year: number): number {
  const first = yearStart(year);
  const since = (weekdayOf(first) - weekStart + 7) % 7;
  return since <= 3 ? first - since : first + 7 - since;
}

/** Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher). */
function easterOf(year: number): number {
  const [golden, century, rest] = [year % 19, Math.floor(year / 100), year % 100];
  const leaps = Math.floor(century / 4);
  const moon = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - leaps - moon + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const sum = epact + weekday - 7 * late + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1) / dayMilliseconds;
}
