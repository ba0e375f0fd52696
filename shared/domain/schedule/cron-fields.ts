// Reads cron expressions as croniter does, which Prefect's server uses: 5 fields, a 6th of seconds, a 7th of years;
// names, `@daily` and its like, steps, ranges that wrap around, `l` for the last day, `5#2` and `l5` for weekdays.

const aliases: ReadonlyMap<string, string> = new Map([
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type FieldName = 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'second' | 'year';
type Range = {
  readonly name: FieldName;
  readonly low: number;
  readonly high: number;
  readonly countOfAll: number;
  /** A value that stands for another one. */
  readonly alias?: { readonly of: number; readonly is: number };
};

const ranges: readonly Range[] = [
  { name: 'minute', low: 0, high: 59, countOfAll: 60 },
  { name: 'hour', low: 0, high: 23, countOfAll: 24 },
  { name: 'day', low: 1, high: 31, countOfAll: 31 },
  { name: 'month', low: 1, high: 12, countOfAll: 12 },
  { name: 'weekday', low: 0, high: 6, countOfAll: 7 },
  { name: 'second', low: 0, high: 59, countOfAll: 60 },
  { name: 'year', low: 1970, high: 2099, countOfAll: 130 },
];

/** Sunday is also 7 among 5 fields, and day 0 the first one among 6: croniter's own rule. */
function rangesOf(count: number): readonly Range[] {
  return ranges.map((range) => {
    if (range.name === 'weekday' && count === 5) return { ...range, alias: { of: 7, is: 0 } };
    return range.name === 'day' && count === 6 ? { ...range, alias: { of: 0, is: 1 } } : range;
  });
}

/** `*`, or the values that are allowed, ascending; `l` is the last day of the month. */
export type CronValues = '*' | readonly (number | 'l')[];
/** Which weekdays of a month: the nth, or the last. */
export type NthWeekdays = ReadonlyMap<number | '*', ReadonlySet<number | 'l'>>;

export type CronFields = {
  readonly values: Readonly<Record<FieldName, CronValues>>;
  readonly nth: NthWeekdays;
  readonly hasSeconds: boolean;
};

class BadCron extends Error {}

/** The fields of an expression, or why it is none. */
export function parseCron(expression: string): CronFields | { readonly problem: string } {
  const lower = expression.toLowerCase();
  const texts = (aliases.get(lower) ?? lower).split(/\s+/).filter((text) => text !== '');
  if (texts.length < 5 || texts.length > 7) {
    return { problem: `expected 5, 6 or 7 fields, got ${texts.length}` };
  }
  try {
    return fieldsOf(texts);
  } catch (error) {
    if (error instanceof BadCron) return { problem: error.message };
    throw error;
  }
}

function fieldsOf(texts: readonly string[]): CronFields {
  const nth = new Map<number | '*', Set<number | 'l'>>();
  const values: Record<FieldName, CronValues> = {
    minute: '*',
    hour: '*',
    day: '*',
    month: '*',
    weekday: '*',
    second: '*',
    year: '*',
  };
  const known = rangesOf(texts.length);
  for (const [at, text] of texts.entries()) {
    const range = known[at];
    if (range !== undefined) values[range.name] = allowed(range, text, { texts, nth });
  }
  const plain = values.weekday === '*' ? [] : values.weekday.filter((day) => day !== 'l' && !nth.has(day));
  if (nth.size > 0 && plain.length > 0 && values.weekday.length !== 7) {
    throw new BadCron('a weekday field has either plain days or those of a week of the month, got both');
  }
  return { values, nth, hasSeconds: texts.length > 5 };
}

type Context = { readonly texts: readonly string[]; readonly nth: Map<number | '*', Set<number | 'l'>> };

function allowed(range: Range, text: string, context: Context): CronValues {
  if (text.includes('?') && (text !== '?' || (range.name !== 'day' && range.name !== 'weekday'))) {
    throw new BadCron(`? stands alone and for days only, got ${text}`);
  }
  const found = new Set<number | 'l' | '*'>();
  for (const part of (text === '?' ? '*' : text).split(',')) {
    const { body, week } = range.name === 'weekday' ? weekOf(part) : { body: part, week: undefined };
    for (const value of valuesOf(range, body)) {
      found.add(value);
      if (week !== undefined && value !== 'l') context.nth.set(value, (context.nth.get(value) ?? new Set()).add(week));
    }
  }
  return condensed(range, found, context.texts);
}

/** croniter takes a field that lists everything for `*`, but not a day field beside another one that is restricted. */
function condensed(range: Range, found: ReadonlySet<number | 'l' | '*'>, texts: readonly string[]): CronValues {
  const other = range.name === 'day' ? texts[4] : range.name === 'weekday' ? texts[2] : '*';
  const isAll = found.size === range.countOfAll && (other ?? '*').includes('*');
  if (isAll || (found.size === 1 && found.has('*'))) return '*';
  if (found.has('*')) return everyValue(range);
  const values = [...found].filter((value) => value !== '*');
  return values.sort((one, next) => orderOf(one) - orderOf(next));
}

function everyValue({ low, high }: Range): readonly number[] {
  return Array.from({ length: high - low + 1 }, (_, at) => low + at);
}

function orderOf(value: number | 'l'): number {
  return value === 'l' ? Number.POSITIVE_INFINITY : value;
}

/** `5#2` is the second Friday, `l5` the last one. */
function weekOf(part: string): { readonly body: string; readonly week: number | 'l' | undefined } {
  const nth = /^([a-z0-9_]+|[a-z]{3}-[a-z]{3})#(\d+)$/.exec(part);
  if (nth !== null) {
    const week = Number(nth[2]);
    if (week < 1 || week > 5) throw new BadCron(`the week of a month is 1 to 5, got ${week}`);
    return { body: nth[1] ?? '', week };
  }
  const last = /^l(\d+)$/.exec(part);
  return last === null ? { body: part, week: undefined } : { body: last[1] ?? '', week: 'l' };
}

function valuesOf(range: Range, part: string): readonly (number | 'l' | '*')[] {
  if (part === '*') return ['*'];
  const span = spanOf(range, part);
  if (span !== undefined) return steps(range, span);
  if (part === 'l' && range.name === 'day') return ['l'];
  const value = aliased(range, numberOf(range, part));
  if (value < range.low || value > range.high) throw new BadCron(outOf(range, part));
  return [value];
}

type Span = { readonly from: number; readonly to: number; readonly step: number };

function spanOf(range: Range, part: string): Span | undefined {
  const slashed = /^(.+)\/(.+)$/.exec(part);
  const base = slashed?.[1] ?? part;
  const bounds = base === '*' ? [`${range.low}`, `${range.high}`] : base.split('-');
  if (slashed === null && bounds.length < 2) return undefined;
  const [from, to = `${range.high}`, more] = bounds;
  const step = slashed?.[2] ?? '1';
  if (from === undefined || from === '' || to === '' || more !== undefined) throw new BadCron(outOf(range, part));
  if (!/^\d+$/.test(step) || Number(step) === 0) throw new BadCron(`a step is a whole number from 1 on, got ${step}`);
  const high = range.name === 'day' && to === 'l' ? '31' : to;
  return {
    from: aliased(range, numberOf(range, from)),
    to: aliased(range, numberOf(range, high)),
    step: Number(step),
  };
}

function steps(range: Range, { from, to, step }: Span): readonly number[] {
  if (Math.max(from, to) > range.high) throw new BadCron(outOf(range, `${from}-${to}`));
  if (from === to) return stepped(range.low, range.high, step);
  if (from < to) return stepped(from, to, step).map((value) => checked(range, value));
  const upper = stepped(from, range.high, step);
  const last = upper.at(-1) ?? from;
  const size = range.high - range.low + 1;
  const skipped = range.high - last;
  const isPast = last - range.low + step > size && skipped < step;
  return [...upper, ...stepped(range.low + (isPast ? step - skipped : 0), to, step)];
}

function checked(range: Range, value: number): number {
  if (value < range.low) throw new BadCron(outOf(range, `${value}`));
  return value;
}

function stepped(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, at) => from + at * step);
}

function numberOf(range: Range, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const named = range.name === 'month' ? months.indexOf(text) + 1 : weekdays.indexOf(text);
  const isKnown = range.name === 'month' ? named > 0 : range.name === 'weekday' && named >= 0;
  if (!isKnown) throw new BadCron(outOf(range, text));
  return named;
}

function aliased({ alias }: Range, value: number): number {
  return alias?.of === value ? alias.is : value;
}

function outOf({ name, low, high }: Range, text: string): string {
  return `a ${name} is ${low} to ${high}, got ${text}`;
}
