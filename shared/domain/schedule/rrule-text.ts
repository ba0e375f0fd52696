// Reads recurrence rules (RFC 5545) as dateutil does, which Prefect's server uses: one rule, or a set of lines
// RRULE, EXRULE, RDATE, EXDATE, DTSTART. All times are wall-clock times; the schedule's own zone places them.
// ical.js parses rules; what dateutil reads beyond it is spelled for it, and what it lets pass is refused (ADR 32).
import ICAL from 'ical.js';

export const frequencies = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const;
export type Frequency = (typeof frequencies)[number];

/** Monday is 0. `nth` counts within the month or year, from its end when negative. */
export type RuleWeekday = { readonly day: number; readonly nth: number | undefined };

export type Rule = {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | undefined;
  readonly until: number | undefined;
  readonly weekStart: number;
  readonly weekdays: readonly RuleWeekday[] | undefined;
  /** BYMONTH, BYSETPOS … by their names. */
  readonly by: ReadonlyMap<string, readonly number[]>;
};

export type RuleSet = {
  /** Wall time; Prefect's fixed anchor where the text has none. */
  readonly start: number;
  readonly rules: readonly Rule[];
  readonly dates: readonly number[];
  readonly exceptRules: readonly Rule[];
  readonly exceptDates: readonly number[];
};

/** What rules without DTSTART count from. */
export const defaultRuleStart = Date.UTC(2020, 0, 1);

/** The rules of a text, or why it has none. */
export function parseRules(text: string): RuleSet | { readonly problem: string } {
  try {
    return setOf(
      text
        .toUpperCase()
        .split(/\s+/)
        .filter((line) => line !== ''),
    );
  } catch (error) {
    if (error instanceof Error) return { problem: error.message };
    throw error;
  }
}

type Line = { readonly name: string; readonly parameters: readonly string[]; readonly value: string };

function lineOf(text: string): Line {
  const colon = text.indexOf(':');
  if (colon < 0) return { name: 'RRULE', parameters: [], value: text };
  const [name = '', ...parameters] = text.slice(0, colon).split(';');
  return { name, parameters, value: text.slice(colon + 1) };
}

const lineNames = ['RRULE', 'EXRULE', 'RDATE', 'EXDATE', 'DTSTART'];
const parameterPatterns: ReadonlyMap<string, RegExp> = new Map([
  ['RDATE', /^VALUE=DATE-TIME$/],
  ['EXDATE', /^(TZID=.*|VALUE=DATE(-TIME)?)$/],
  ['DTSTART', /^(TZID=.*|VALUE=DATE(-TIME)?)$/],
]);

function setOf(texts: readonly string[]): RuleSet {
  const lines = texts.map(lineOf);
  if (lines.length === 0) throw new Error('expected a rule such as FREQ=DAILY, got nothing');
  for (const { name, parameters } of lines) checkLine(name, parameters);
  const named = (name: string) => lines.filter((line) => line.name === name).map(({ value }) => value);
  const dates = named('RDATE').flatMap((value) => value.split(',').map(momentOf));
  const rules = named('RRULE').map(ruleOf);
  if (rules.length === 0 && dates.length === 0) throw new Error('expected an RRULE or RDATE, got neither');
  const start = named('DTSTART').map(momentOf).at(-1);
  const exceptRules = named('EXRULE').map(ruleOf);
  for (const { until } of [...rules, ...exceptRules]) checkUntil(until, start);
  for (const rule of [...rules, ...exceptRules]) checkReach(rule, start?.wall ?? defaultRuleStart);
  return {
    start: start?.wall ?? defaultRuleStart,
    rules: rules.map(settled),
    dates: dates.map(({ wall }) => wall),
    exceptRules: exceptRules.map(settled),
    exceptDates: named('EXDATE').flatMap((value) => value.split(',').map((date) => momentOf(date).wall)),
  };
}

function checkLine(name: string, parameters: readonly string[]): void {
  if (!lineNames.includes(name)) throw new Error(`expected one of ${lineNames.join(', ')}, got ${name}`);
  const allowed = parameterPatterns.get(name);
  const odd = parameters.find((one) => allowed?.test(one) !== true);
  if (odd !== undefined) throw new Error(`${name} takes no ${odd}`);
}

type Moment = { readonly wall: number; readonly isUtc: boolean };
type ParsedRule = Omit<Rule, 'until'> & { readonly until: Moment | undefined };

/** dateutil wants both or neither in UTC. */
function checkUntil(until: Moment | undefined, start: Moment | undefined): void {
  if (until === undefined || start === undefined || until.isUtc === start.isUtc) return;
  throw new Error('UNTIL must be in UTC when DTSTART is, and not when it is not');
}

/** What a rule that counts by a unit may list of it, how many there are and how long one is, in milliseconds. */
const reaches: ReadonlyMap<Frequency, readonly [list: string, size: number, unit: number]> = new Map([
  ['HOURLY', ['BYHOUR', 24, 3_600_000]],
  ['MINUTELY', ['BYMINUTE', 60, 60_000]],
  ['SECONDLY', ['BYSECOND', 60, 1_000]],
]);

/** dateutil refuses steps that never come to anything listed, as four hours from 01:00 on never come to 03:00. */
function checkReach({ frequency, interval, by }: ParsedRule, start: number): void {
  const [list = '', size = 1, unit = 1] = reaches.get(frequency) ?? [];
  const step = commonDivisor(interval, size);
  const from = Math.floor(start / unit);
  const isReached = by.get(list)?.some((value) => (value - from) % step === 0) ?? true;
  if (!isReached) throw new Error(`steps of ${interval} from DTSTART never come to a ${list} that is listed`);
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}

function settled({ until, ...rule }: ParsedRule): Rule {
  return { ...rule, until: until?.wall };
}

const momentPattern = /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2}))?)?(Z|\+00:?00)?$/;

function momentOf(text: string): Moment {
  const match = momentPattern.exec(text);
  if (match === null) throw new Error(`expected a time such as 20260131T090000, got ${text}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(wall);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23) {
    throw new Error(`expected a time that exists, got ${text}`);
  }
  return { wall, isUtc: match[7] !== undefined };
}

const parts = 'FREQ|INTERVAL|COUNT|WKST|BY(?:SETPOS|MONTH|MONTHDAY|YEARDAY|WEEKNO|DAY|HOUR|MINUTE|SECOND)';
const rulePattern = new RegExp(`^(?:(?:^|;)(?:${parts})=[^=;]+)+$`);
/** `MO(+1)` is dateutil's other way to write `+1MO`. */
const bracketed = /([A-Z]{2})\(([+-]?\d+)\)/g;

function ruleOf(text: string): ParsedRule {
  const [easters, rest] = takenOut('BYEASTER', text.replace('BYWEEKDAY=', 'BYDAY=').replace(bracketed, '$2$1'));
  const [until, plain] = takenOut('UNTIL', rest);
  if (!rulePattern.test(plain)) throw new Error(`expected a rule such as FREQ=DAILY;INTERVAL=2, got ${text}`);
  const { freq, count, wkst, parts } = ICAL.Recur.fromString(plain);
  const frequency = frequencies.find((one) => one === freq);
  if (frequency === undefined) throw new Error(`expected FREQ to be one of ${frequencies.join(', ')}, got ${text}`);
  const { BYDAY: days, ...lists } = parts;
  const by = new Map(Object.entries(lists).map(([name, values]) => [name, values ?? []]));
  if (easters !== undefined) by.set('BYEASTER', easters.split(',').map(easterOf));
  if (by.get('BYSETPOS')?.includes(0) || by.get('BYSECOND')?.includes(60)) {
    throw new Error('BYSETPOS counts from 1 or from -1, and BYSECOND is 0 to 59');
  }
  return {
    frequency,
    interval: whole('INTERVAL', 1, /INTERVAL=([^;]+)/.exec(plain)?.[1] ?? '1'),
    count: count === null ? undefined : whole('COUNT', 0, `${count}`),
    until: until === undefined ? undefined : momentOf(until),
    weekStart: mondayFirst(wkst),
    weekdays: days?.map(weekdayOf),
    by,
  };
}

/** The value of a part, and the rule without the part. */
function takenOut(name: string, text: string): readonly [value: string | undefined, rest: string] {
  const pattern = new RegExp(`(?:^|;)${name}=([^;]*)`);
  return [pattern.exec(text)?.[1], text.replace(pattern, '').replace(/^;/, '')];
}

function easterOf(text: string): number {
  if (!/^[+-]?\d{1,3}$/.test(text)) throw new Error(`BYEASTER is days from Easter, got ${text}`);
  return Number(text);
}

function whole(name: string, low: number, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < low)
    throw new Error(`${name} is a whole number from ${low} on, got ${text}`);
  return Number(text);
}

/** ical.js counts weekdays from Sunday as 1. */
function mondayFirst(weekday: number): number {
  return (weekday + 5) % 7;
}

function weekdayOf(text: string): RuleWeekday {
  const [, nth, name = ''] = /^([+-]?\d+)?([A-Z]{2})$/.exec(text) ?? [];
  return { day: mondayFirst(ICAL.Recur.icalDayToNumericDay(name)), nth: nth === undefined ? undefined : Number(nth) };
}
