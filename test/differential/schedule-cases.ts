// Seeded schedules around the hours in which clocks are set: the same seed gives the same case everywhere.
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { offsetAt } from '../../shared/domain/schedule/zone.ts';

export type ScheduleCase = {
  readonly schedule: JsonObject & { readonly timezone: string };
  readonly start: number;
  readonly end: number;
  readonly most: number;
};

/** Zones that set their clocks in 2026 and 2027, each in its own way where there is one, and two that never do. */
export const zones = [
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Adak',
  'America/Anchorage',
  'America/Chicago',
  'America/Denver',
  'America/Halifax',
  'America/Havana',
  'America/Los_Angeles',
  'America/Miquelon',
  'America/Nassau',
  'America/New_York',
  'America/Nuuk',
  'America/Port-au-Prince',
  'America/Santiago',
  'America/Scoresbysund',
  'America/St_Johns',
  'America/Tijuana',
  'America/Toronto',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Jerusalem',
  'Asia/Kathmandu',
  'Asia/Nicosia',
  'Atlantic/Azores',
  'Atlantic/Bermuda',
  'Atlantic/Canary',
  'Atlantic/Madeira',
  'Australia/Adelaide',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Europe/Athens',
  'Europe/Berlin',
  'Europe/Bucharest',
  'Europe/Chisinau',
  'Europe/Dublin',
  'Europe/Helsinki',
  'Europe/Kyiv',
  'Europe/Lisbon',
  'Europe/London',
  'Europe/Madrid',
  'Europe/Paris',
  'Europe/Rome',
  'Europe/Warsaw',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Easter',
  'Pacific/Norfolk',
  'UTC',
];

/** The dates that schedules are compared on lie within, and so do those that zone data is compared on. */
export const firstDate = Date.parse('2025-09-01T00:00:00Z');
export const lastDate = Date.parse('2029-06-01T00:00:00Z');

function findEdges(zone: string): readonly number[] {
  const edges: number[] = [];
  for (let day = firstDate; day < lastDate; day += 86_400_000) {
    if (offsetAt(zone, day) !== offsetAt(zone, day + 86_400_000)) edges.push(edgeWithin(zone, day));
  }
  return edges;
}

function edgeWithin(zone: string, day: number): number {
  let [before, after] = [day, day + 86_400_000];
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (offsetAt(zone, middle) === offsetAt(zone, day)) before = middle;
    else after = middle;
  }
  return after;
}

/** Days at which calendars turn, for starts away from any edge. */
const quiet = ['2026-02-27T22:00:00Z', '2028-02-28T12:00:00Z', '2026-12-31T20:00:00Z', '2026-06-15T11:11:11Z'].map(
  (text) => Date.parse(text),
);

const zoneEdges: ReadonlyMap<string, readonly number[]> = new Map(zones.map((zone) => [zone, findEdges(zone)]));

/** The instants at which the clocks of a zone are set, to the second. */
export function edgesOf(zone: string): readonly number[] {
  return zoneEdges.get(zone) ?? [];
}

/** A small generator (mulberry32): tests must not depend on the platform's. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Dice {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.whole(0, values.length - 1)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

export function scheduleCase(seed: number, among: readonly string[]): ScheduleCase {
  const dice = new Dice(seed);
  const zone = dice.one(among);
  const edges = edgesOf(zone).filter((edge) => edge < Date.UTC(2028, 0));
  const near = dice.one(edges.length > 0 && dice.chance(0.85) ? edges : quiet);
  const start = near + dice.whole(-40, 3) * 900_000 + (dice.chance(0.3) ? dice.whole(1, 59_999) : 0);
  const end = dice.chance(0.2)
    ? Math.max(start, near) + dice.whole(0, 12) * 900_000
    : start + dice.one([2, 10, 40, 400, 400]) * 86_400_000;
  const make = [cron, interval, rrule][seed % 3] ?? cron;
  const schedule = { ...make(dice, start), timezone: zone };
  return { schedule, start, end, most: dice.one([10, 60, 200]) };
}

const aliases = ['@daily', '@hourly', '@weekly', '@monthly', '@yearly'];

function cron(dice: Dice): JsonObject {
  const plain = () => {
    const weekday = dice.one([
      '*',
      '*',
      '*',
      '*',
      '*',
      '1',
      'mon-fri',
      'sun',
      '5#2',
      'l5',
      'mon-fri#1',
      'fri-mon',
      '6-1',
      '0,7',
      '1-5/2',
    ]);
    // A week of the month beside a day of the month can be more than croniter finds.
    const isOfMonth = weekday.includes('#') || weekday.startsWith('l');
    return [
      dice.one(['0', '30', '*/15', '5,35', '10-50/20', '*', '59', '50-10/7', '5/25', '7-7/20']),
      dice.one(['*', '*', '0', '1', '2', '3', '0-3', '*/6', '2,14', '23', '22-4/3']),
      isOfMonth ? '*' : dice.one(['*', '*', '*', '*', '*', '1', '15', '29', '30,31', 'l', '1-7', '*/12']),
      dice.one(['*', '*', '*', '*', '*', '2', 'mar,oct', '1-6/2', 'nov-feb', 'oct-jan/2']),
      weekday,
    ].join(' ');
  };
  const withSeconds = () => `${plain()} ${dice.one(['0', '30', '*/20'])}`;
  const text = dice.one([plain, plain, plain, plain, () => dice.one(aliases), withSeconds])();
  return { cron: text, day_or: dice.chance(0.7) };
}

function interval(dice: Dice, start: number): JsonObject {
  const seconds = dice.one([
    3, 60, 600, 1800, 3600, 5400, 7200, 43_200, 86_400, 90_000, 172_800, 604_800, 0.5, 100_000,
  ]);
  const anchor = new Date(start + dice.whole(-2000, 300) * 3_600_000 + dice.whole(0, 3600) * 1000);
  return { interval: seconds, anchor_date: anchor.toISOString() };
}

/** No rule of hours or minutes that never matches: dateutil would look for it until the year 9999. */
function rrule(dice: Dice, start: number): JsonObject {
  const frequency = dice.one(['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'DAILY', 'WEEKLY']);
  const parts = [`FREQ=${frequency}`];
  const add = (share: number, text: () => string) => {
    if (dice.chance(share)) parts.push(text());
  };
  const day = (days: number) => new Date(start + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  add(0.5, () => `INTERVAL=${dice.whole(1, 5)}`);
  add(0.2, () => `COUNT=${dice.whole(1, 3000)}`);
  add(0.15, () => `UNTIL=${day(dice.one([1, 30, 300]))}T013000`);
  add(0.25, () => `BYDAY=${dice.one(['MO,WE,FR', 'SU', 'SA,SU', '2TU', '-1FR', 'MO,-1SU', 'TH(+1)'])}`);
  add(0.2, () => dice.one(['BYMONTH=3,10', 'BYMONTH=11', 'BYMONTHDAY=1', 'BYMONTHDAY=31', 'BYMONTHDAY=1,15,-2']));
  add(0.3, () => `BYHOUR=${dice.one(['0', '1', '2', '3', '0,1,2,3', '0,2,3', '9,17'])}`);
  add(0.3, () => `BYMINUTE=${dice.one(['0', '30', '15,45'])}`);
  add(0.1, () => `WKST=${dice.one(['SU', 'TH'])}`);
  const isLong = frequency === 'YEARLY' || frequency === 'MONTHLY';
  if (isLong) add(0.2, () => `BYSETPOS=${dice.one(['1', '-1', '2', '1,-1'])}`);
  if (frequency === 'YEARLY')
    add(0.2, () => dice.one(['BYWEEKNO=1,10,-1', 'BYYEARDAY=1,100,-1', 'BYEASTER=0', 'BYEASTER=-2,1', 'BYWEEKNO=53']));
  const clock = () => dice.one(['T000000', 'T003000', 'T013000', 'T023000', 'T020010', 'T033000']);
  const isShort = frequency === 'MINUTELY' || frequency === 'HOURLY';
  const begin = isShort ? day(-dice.whole(1, 10)) : dice.one(['20240229', '20251015', day(-40)]);
  const lines = [`DTSTART:${begin}${clock()}`, `RRULE:${parts.join(';')}`];
  if (dice.chance(0.2)) lines.push(`EXDATE:${day(0)}${clock()},${day(1)}${clock()}`);
  if (dice.chance(0.2)) lines.push(`RDATE:${day(0)}${clock()},${day(1)}${clock()}`);
  if (dice.chance(0.1)) lines.push('EXRULE:FREQ=WEEKLY;INTERVAL=7');
  const isBare = !isShort && dice.chance(0.2);
  return { rrule: isBare ? parts.join(';') : lines.join('\n') };
}

/** Expressions that one side or the other might refuse. */
export const oddSchedules: readonly Json[] = [
  { cron: '* * * *' },
  { cron: '60 * * * *' },
  { cron: '* 24 * * *' },
  { cron: '0 0 0 * *' },
  { cron: '0 0 * 13 *' },
  { cron: '0 0 * * 8' },
  { cron: '0 0 * * 7' },
  { cron: '0 0 ? * ?' },
  { cron: '? 0 * * *' },
  { cron: '0 0 * * mon#6' },
  { cron: '0 0 * * 1,5#2' },
  { cron: '*/0 * * * *' },
  { cron: '1-2-3 * * * *' },
  { cron: 'a * * * *' },
  { cron: '@never' },
  { cron: '@DAILY' },
  { cron: '0 0 L * *' },
  { cron: '5/10 * * * *' },
  { cron: '-5 * * * *' },
  { cron: '0 0 1 1 * 0 2027' },
  { cron: '0 0 1 1 * 0 1900' },
  { cron: 'H * * * *' },
  { cron: '0 0 15w * *' },
  { cron: '0 0 lw * *' },
  { cron: '0 0 l-3 * *' },
  { cron: '0 0 1-l * *' },
  { cron: '0 0 * * 5l' },
  { cron: '0 0 * * fril' },
  { cron: '0 0 * * 1-3#2' },
  { cron: '0 0 * * mon-wed#2' },
  { cron: '0 0 * * +5' },
  { cron: '0 0 * * 7 0' },
  { cron: '0 0 0 * * 0' },
  { cron: '0 0 * monday *' },
  { cron: '0 0 * * monday' },
  { cron: '*/100 * * * *' },
  { cron: '/5 * * * *' },
  { cron: '1,,2 * * * *' },
  { cron: '@midnight' },
  { cron: '@reboot' },
  { cron: '@every 5m' },
  { cron: ' @daily' },
  { cron: '' },
  { rrule: 'FREQ=DAILY' },
  { rrule: 'DAILY' },
  { rrule: 'FREQ=SOMETIMES' },
  { rrule: 'FREQ=DAILY;COLOUR=RED' },
  { rrule: 'FREQ=DAILY;UNTIL=20270101T000000Z' },
  { rrule: 'DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20270101T000000Z' },
  { rrule: 'freq=daily;byday=mo' },
  { rrule: 'DTSTART:20260101T010000\nRRULE:FREQ=HOURLY;INTERVAL=4;BYHOUR=3' },
  { rrule: 'DTSTART:20260101T010000\nRRULE:FREQ=HOURLY;INTERVAL=5;BYHOUR=3' },
  { rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=MINUTELY;INTERVAL=10;BYMINUTE=5,15' },
  { rrule: 'FREQ=DAILY;BYDAY=XX' },
  { rrule: 'FREQ=DAILY;COUNT=many' },
  { rrule: 'RRULE:FREQ=DAILY\nNOTE:hello' },
  { rrule: 'FREQ=DAILY;' },
  { rrule: 'FREQ=DAILY=2' },
  { rrule: 'INTERVAL=2;FREQ=DAILY' },
  { rrule: 'FREQ=DAILY;INTERVAL=1.5' },
  { rrule: 'FREQ=DAILY;BYHOUR=24' },
  { rrule: 'FREQ=DAILY;BYHOUR=+9,09' },
  { rrule: 'FREQ=DAILY;BYHOUR=1,,2' },
  { rrule: 'FREQ=DAILY;BYSECOND=60' },
  { rrule: 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0' },
  { rrule: 'FREQ=MONTHLY;BYDAY=0MO' },
  { rrule: 'FREQ=MONTHLY;BYDAY=MO(-1),TU(2)' },
  { rrule: 'FREQ=WEEKLY;BYWEEKDAY=MO' },
  { rrule: 'FREQ=WEEKLY;WKST=XX' },
  { rrule: 'FREQ=YEARLY;BYEASTER=-2,1' },
  { rrule: 'FREQ=YEARLY;BYEASTER=x' },
  { rrule: 'DTSTART:20260230T000000\nRRULE:FREQ=DAILY' },
  { rrule: 'DTSTART:2026-01-01T09:00:00\nRRULE:FREQ=DAILY' },
  { rrule: 'DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY' },
  { rrule: 'DTSTART:20260101T000000\nRDATE;VALUE=DATE:20260105' },
  { rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260105' },
  { rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=DAILY;UNTIL=20260201T000000Z' },
  { rrule: '' },
];
