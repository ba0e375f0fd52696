// Reads recurrence rules (RFC 5545) as dateutil does, which Prefect's server uses: one rule, or a set of lines
// RRULE, EXRULE, RDATE, EXDATE, DTSTART. All times are wall-clock times; the schedule's own zone places them.

export const frequencies = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const;
export type Frequency = (typeof frequencies)[number];

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

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

class BadRule extends Error {}

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
    if (error instanceof BadRule) return { problem: error.message };
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

function setOf(texts: readonly string[]): RuleSet {
  const lines = texts.map(lineOf);
  if (lines.length === 0) throw new BadRule('expected a rule such as FREQ=DAILY, got nothing');
  for (const { name, parameters } of lines) checkLine(name, parameters);
  const named = (name: string) => lines.filter((line) => line.name === name).map(({ value }) => value);
  const dates = named('RDATE').flatMap((value) => value.split(',').map(momentOf));
  const rules = named('RRULE').map(ruleOf);
  if (rules.length === 0 && dates.length === 0) throw new BadRule('expected an RRULE or RDATE, got neither');
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
  if (!lineNames.includes(name)) throw new BadRule(`expected one of ${lineNames.join(', ')}, got ${name}`);
  const [odd] = name === 'RRULE' || name === 'EXRULE' ? parameters : parameters.filter((one) => !isDateParameter(one));
  if (odd !== undefined) throw new BadRule(`${name} takes no ${odd}`);
}

function isDateParameter(parameter: string): boolean {
  return parameter.startsWith('TZID=') || parameter === 'VALUE=DATE-TIME' || parameter === 'VALUE=DATE';
}

type Moment = { readonly wall: number; readonly isUtc: boolean };
type ParsedRule = Omit<Rule, 'until'> & { readonly until: Moment | undefined };

/** dateutil wants both or neither in UTC. */
function checkUntil(until: Moment | undefined, start: Moment | undefined): void {
  if (until === undefined || start === undefined || until.isUtc === start.isUtc) return;
  throw new BadRule('UNTIL must be in UTC when DTSTART is, and not when it is not');
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
  if (!isReached) throw new BadRule(`steps of ${interval} from DTSTART never come to a ${list} that is listed`);
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
  if (match === null) throw new BadRule(`expected a time such as 20260131T090000, got ${text}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(wall);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23) {
    throw new BadRule(`expected a time that exists, got ${text}`);
  }
  return { wall, isUtc: match[7] !== undefined };
}

/** Names of lists of numbers, with the range of their values. */
const lists: ReadonlyMap<string, readonly [low: number, high: number]> = new Map([
  ['BYSETPOS', [-366, 366]],
  ['BYMONTH', [1, 12]],
  ['BYMONTHDAY', [-31, 31]],
  ['BYYEARDAY', [-366, 366]],
  ['BYEASTER', [-366, 366]],
  ['BYWEEKNO', [-53, 53]],
  ['BYHOUR', [0, 23]],
  ['BYMINUTE', [0, 59]],
  ['BYSECOND', [0, 59]],
]);

function ruleOf(value: string): ParsedRule {
  const fields = new Map(value.split(';').map(pairOf));
  const known = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYDAY', 'BYWEEKDAY', ...lists.keys()];
  for (const name of fields.keys()) if (!known.includes(name)) throw new BadRule(`a rule has no ${name}`);
  const frequency = frequencies.find((one) => one === fields.get('FREQ'));
  if (frequency === undefined) throw new BadRule(`expected FREQ to be one of ${frequencies.join(', ')}`);
  const count = fields.get('COUNT');
  const until = fields.get('UNTIL');
  const days = fields.get('BYDAY') ?? fields.get('BYWEEKDAY');
  const by = [...lists].flatMap(([name, range]): [string, number[]][] => {
    const text = fields.get(name);
    return text === undefined ? [] : [[name, text.split(',').map((one) => numberIn(name, one, range))]];
  });
  return {
    frequency,
    interval: numberIn('INTERVAL', fields.get('INTERVAL') ?? '1', [1, 1_000_000_000]),
    count: count === undefined ? undefined : numberIn('COUNT', count, [0, 1_000_000_000]),
    until: until === undefined ? undefined : momentOf(until),
    weekStart: weekdayOf(fields.get('WKST') ?? 'MO'),
    weekdays: days?.split(',').map(ruleWeekday),
    by: new Map(by),
  };
}

function pairOf(text: string): [string, string] {
  const [name = '', value, ...more] = text.split('=');
  if (value === undefined || more.length > 0) throw new BadRule(`expected NAME=VALUE, got ${text}`);
  return [name, value];
}

function numberIn(name: string, text: string, [low, high]: readonly [number, number]): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  const isZero = value === 0 && (name === 'BYSETPOS' || name === 'BYMONTHDAY' || name === 'BYYEARDAY');
  if (!(value >= low && value <= high) || isZero) throw new BadRule(`${name} is ${low} to ${high}, got ${text}`);
  return value;
}

function weekdayOf(text: string): number {
  const day = weekdays.indexOf(text);
  if (day < 0) throw new BadRule(`expected one of ${weekdays.join(', ')}, got ${text}`);
  return day;
}

/** `MO`, `+1MO`, `-1FR` and `MO(+1)`. */
function ruleWeekday(text: string): RuleWeekday {
  const [, before, name = text, after] = /^([+-]?\d+)?([A-Z]+)(?:\(([+-]?\d+)\))?$/.exec(text) ?? [];
  const nth = before ?? after;
  const day = weekdayOf(name);
  return {
    day,
    nth: nth === undefined ? undefined : numberIn('the place of a weekday', nth, [-366, 366]) || undefined,
  };
}
