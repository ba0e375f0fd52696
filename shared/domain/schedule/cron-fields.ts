// Reads cron expressions as croniter does, which Prefect's server uses: 5 fields, a 6th of seconds, a 7th of years.
// croner parses them, once what croniter spells in a way of its own is spelled as croner wants it (ADR 32).
import { CronPattern } from 'croner';

type FieldName = 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'second' | 'year';
type Field = {
  readonly name: FieldName;
  readonly low: number;
  readonly high: number;
  /** Names of the values from the lowest on. */
  readonly names?: readonly string[];
  /** A value that stands for another one. */
  readonly alias?: readonly [of: number, is: number];
};

const fields: readonly Field[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  {
    name: 'month',
    low: 1,
    high: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'weekday', low: 0, high: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
  { name: 'second', low: 0, high: 59 },
  { name: 'year', low: 1970, high: 2099 },
];

/** Sunday is also 7 among 5 fields, and day 0 the first one among 6: croniter's own rule. */
function fieldsOf(count: number): readonly Field[] {
  return fields.slice(0, count).map((field) => {
    if (field.name === 'weekday' && count === 5) return { ...field, alias: [7, 0] };
    return field.name === 'day' && count === 6 ? { ...field, alias: [0, 1] } : field;
  });
}

/** `*`, or the values that are allowed, ascending; `l` is the last day of the month. */
export type CronValues = '*' | readonly (number | 'l')[];
/** Which weekdays of a month: the nth, or the last. */
export type NthWeekdays = ReadonlyMap<number, ReadonlySet<number | 'l'>>;

export type CronFields = {
  readonly values: Readonly<Record<FieldName, CronValues>>;
  readonly nth: NthWeekdays;
  readonly hasSeconds: boolean;
};

/** The fields of an expression, or why it is none. */
export function parseCron(expression: string): CronFields | { readonly problem: string } {
  try {
    const lower = expression.toLowerCase();
    // croner knows the names of whole expressions.
    const text = /^@\S+$/.test(lower) ? new CronPattern(lower).pattern : lower;
    return read(
      text
        .toLowerCase()
        .split(/\s+/)
        .filter((field) => field !== ''),
    );
  } catch (error) {
    if (error instanceof Error) return { problem: error.message.replace(/^CronPattern: /, '') };
    throw error;
  }
}

function read(texts: readonly string[]): CronFields {
  if (texts.length < 5 || texts.length > 7) throw new Error(`expected 5, 6 or 7 fields, got ${texts.length}`);
  const spelled = fieldsOf(texts.length).map((field, at) => spelledField(field, texts[at] ?? ''));
  const [minute, hour, day, month, weekday, second = '0', year = '*'] = spelled;
  const pattern = new CronPattern([second, minute, hour, day, month, weekday, year].join(' '));
  const days = [...placesOf(pattern.day, 1), ...(pattern.lastDayOfMonth ? (['l'] as const) : [])];
  const weekdays = placesOf(pattern.dayOfWeek, 0);
  return {
    values: {
      minute: placesOf(pattern.minute, 0),
      hour: placesOf(pattern.hour, 0),
      day: isAll(day, days.length === 31, texts[4]) ? '*' : days,
      month: placesOf(pattern.month, 1),
      weekday: isAll(weekday, weekdays.length === 7, texts[2]) ? '*' : weekdays,
      second: placesOf(pattern.second, 0),
      year: year === '*' ? '*' : placesOf(pattern.year, 0),
    },
    nth: /[#l]/.test(weekday ?? '') ? weeksOf(pattern.dayOfWeek) : new Map(),
    hasSeconds: texts.length > 5,
  };
}

/** croniter takes a day field that lists every day for `*`, but not beside another one that is restricted. */
function isAll(spelled: string | undefined, isFull: boolean, other = '*'): boolean {
  return spelled === '*' || (isFull && other.includes('*'));
}

function placesOf(bits: readonly number[], low: number): readonly number[] {
  return bits.flatMap((bit, at) => (bit === 0 ? [] : [at + low]));
}

/** croner keeps a bit for each of the five weeks of a weekday, and a sixth for its last one. */
function weeksOf(bits: readonly number[]): NthWeekdays {
  const weeks = [1, 2, 3, 4, 5, 'l'] as const;
  return new Map(
    placesOf(bits, 0).map((day) => [day, new Set(weeks.filter((_, at) => ((bits[day] ?? 0) & (1 << at)) !== 0))]),
  );
}

function spelledField(field: Field, text: string): string {
  if (text === '?' && (field.name === 'day' || field.name === 'weekday')) return '*';
  const parts = text.split(',');
  const spelled = parts.map((part) => spelledPart(field, part));
  const weeks = spelled.filter((part) => part.includes('#'));
  if (weeks.length === 0) return spelled.join(',');
  const isMixed = spelled.some(
    (part) => !(part === '*' || weeks.some((week) => week.split('#')[0] === part.split('#')[0])),
  );
  if (isMixed) throw new Error(`a weekday field has either plain days or those of a week of the month, got ${text}`);
  return weeks.join(',');
}

const partPattern = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/;

function spelledPart(field: Field, part: string): string {
  if (field.name === 'day' && part === 'l') return 'L';
  if (field.name === 'weekday') {
    // `5#2` is the second Friday, `l5` the last one.
    const [, days, week] = /^([a-z0-9]+|[a-z]{3}-[a-z]{3})#(\d+)$/.exec(part) ?? [];
    if (days !== undefined) return spelledRange(field, days).replace(/(?=,|$)/g, `#${week}`);
    const [, last] = /^l(\d+)$/.exec(part) ?? [];
    if (last !== undefined) return `${spelledRange(field, last)}#L`;
  }
  return spelledRange(field, part);
}

/** Ranges that wrap around are listed; a range of one value is the whole field, as croniter has it. */
function spelledRange(field: Field, part: string): string {
  const { name, low, high } = field;
  const [, from, to, step] = partPattern.exec(part) ?? [];
  if (from === undefined || (from === '*' && to !== undefined)) throw new Error(outOf(field, part));
  if (to === undefined && step === undefined) return from === '*' ? from : `${numberOf(field, from)}`;
  const first = from === '*' ? low : numberOf(field, from);
  const last = to === undefined || (name === 'day' && to === 'l') ? high : numberOf(field, to);
  const every = Math.min(Number(step ?? 1), high - low + 1);
  if (first > last && every > 0) return wrapped(field, { first, last, every }).join(',');
  return first === last ? `${low}-${high}/${every}` : `${first}-${last}/${every}`;
}

type Steps = { readonly first: number; readonly last: number; readonly every: number };

/** From the first value up and on from the lowest one: where the steps go over the end, they go on in their rhythm. */
function wrapped({ low, high }: Field, { first, last, every }: Steps): readonly number[] {
  const upper = stepped(first, high, every);
  const end = upper.at(-1) ?? first;
  const skipped = high - end;
  const isPast = end - low + every > high - low + 1 && skipped < every;
  return [...upper, ...stepped(low + (isPast ? every - skipped : 0), last, every)];
}

function stepped(from: number, to: number, every: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / every) + 1) }, (_, at) => from + at * every);
}

function numberOf(field: Field, text: string): number {
  const { low, high, names, alias } = field;
  const value = /^\d+$/.test(text) ? Number(text) : low + (names?.indexOf(text) ?? Number.NaN);
  const known = value === alias?.[0] ? alias[1] : value;
  if (!(known >= low && known <= high)) throw new Error(outOf(field, text));
  return known;
}

function outOf({ name, low, high }: Field, text: string): string {
  return `a ${name} is ${low} to ${high}, got ${text}`;
}
