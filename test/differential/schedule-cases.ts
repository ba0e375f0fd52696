// Seeded schedules around the hours in which clocks are set: the same seed gives the same case everywhere.
import type { Json, JsonObject } from '../../shared/domain/json.ts';

export type ScheduleCase = {
  readonly schedule: JsonObject;
  readonly start: number;
  readonly end: number;
  readonly most: number;
};

const zones = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kathmandu',
  'Europe/Dublin',
  'Pacific/Auckland',
  'America/St_Johns',
];

/** Hours near which clocks are set somewhere, and some where nothing happens. */
const edges = [
  '2026-03-08T06:30:00Z',
  '2026-11-01T05:30:00Z',
  '2026-03-29T00:30:00Z',
  '2026-10-25T00:30:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2026-04-05T03:00:00Z',
  '2026-09-06T03:30:00Z',
  '2026-02-27T22:00:00Z',
  '2028-02-28T12:00:00Z',
  '2026-12-31T20:00:00Z',
  '2026-06-15T11:11:11Z',
].map((text) => Date.parse(text));

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

export function scheduleCase(seed: number): ScheduleCase {
  const dice = new Dice(seed);
  const start = dice.one(edges) + dice.whole(-48, 48) * 900_000 + (dice.chance(0.3) ? dice.whole(1, 59_999) : 0);
  const days = dice.one([1, 3, 10, 40, 400]);
  const make = [cron, interval, rrule][seed % 3] ?? cron;
  return { schedule: make(dice, start), start, end: start + days * 86_400_000, most: dice.one([3, 10, 40]) };
}

const aliases = ['@daily', '@hourly', '@weekly', '@monthly', '@yearly'];

function cron(dice: Dice): JsonObject {
  const plain = () => {
    const weekday = dice.one(['*', '*', '*', '1', 'mon-fri', 'sun', '5#2', 'l5', '6-1', '0,7', '1-5/2']);
    // A week of the month beside a day of the month can be more than croniter finds.
    const isOfMonth = weekday.includes('#') || weekday.startsWith('l');
    return [
      dice.one(['0', '30', '*/15', '5,35', '10-50/20', '*', '59']),
      dice.one(['*', '0', '1', '2', '3', '1-3', '*/6', '2,14', '23']),
      isOfMonth ? '*' : dice.one(['*', '*', '1', '15', '29', '30,31', 'l', '1-7', '*/12']),
      dice.one(['*', '*', '*', '2', 'mar,oct', '1-6/2', 'nov-feb']),
      weekday,
    ].join(' ');
  };
  const withSeconds = () => `${plain()} ${dice.one(['0', '30', '*/20'])}`;
  const text = dice.one([plain, plain, plain, plain, () => dice.one(aliases), withSeconds])();
  return { cron: text, timezone: dice.one(zones), day_or: dice.chance(0.7) };
}

function interval(dice: Dice, start: number): JsonObject {
  const seconds = dice.one([3, 45, 60, 600, 3600, 5400, 7200, 43_200, 86_400, 90_000, 172_800, 604_800, 0.5, 100_000]);
  const anchor = new Date(start + dice.whole(-2000, 300) * 3_600_000 + dice.whole(0, 3600) * 1000);
  return { interval: seconds, anchor_date: anchor.toISOString(), timezone: dice.one(zones) };
}

function rrule(dice: Dice): JsonObject {
  const frequency = dice.one(['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'DAILY', 'WEEKLY']);
  const parts = [`FREQ=${frequency}`];
  const add = (share: number, text: () => string) => {
    if (dice.chance(share)) parts.push(text());
  };
  add(0.5, () => `INTERVAL=${dice.whole(1, 5)}`);
  add(0.2, () => `COUNT=${dice.whole(1, 3000)}`);
  add(0.15, () => `UNTIL=2026${dice.one(['0401', '1101', '1231'])}T013000`);
  add(0.3, () => `BYDAY=${dice.one(['MO,WE,FR', 'SU', 'SA,SU', '2TU', '-1FR', 'MO,-1SU', 'TH(+1)'])}`);
  add(0.2, () => `BYMONTH=${dice.one(['3,10', '11', '1,2,12'])}`);
  add(0.15, () => `BYMONTHDAY=${dice.one(['1', '-1', '31', '1,15,-2'])}`);
  add(0.4, () => `BYHOUR=${dice.one(['1', '2', '0,2,3', '9,17'])}`);
  add(0.3, () => `BYMINUTE=${dice.one(['0', '30', '15,45'])}`);
  add(0.1, () => `WKST=${dice.one(['SU', 'TH'])}`);
  add(0.12, () => `BYSETPOS=${dice.one(['1', '-1', '2', '1,-1'])}`);
  if (frequency === 'YEARLY')
    add(0.2, () => dice.one(['BYWEEKNO=1,10,-1', 'BYYEARDAY=1,100,-1', 'BYEASTER=0', 'BYEASTER=-2,1', 'BYWEEKNO=53']));
  const lines = [`DTSTART:${dice.one(['20260101T013000', '20251015T023000', '20240229T000000', '20260308T090010'])}`];
  lines.push(`RRULE:${parts.join(';')}`);
  if (dice.chance(0.2)) lines.push(`EXDATE:${dice.one(['20260308T023000', '20261101T013000,20261102T013000'])}`);
  if (dice.chance(0.2)) lines.push('RDATE:20260308T023000,20261101T013000');
  if (dice.chance(0.1)) lines.push('EXRULE:FREQ=WEEKLY;BYDAY=SU');
  const bare = dice.chance(0.15);
  return { rrule: bare ? parts.join(';') : lines.join('\n'), timezone: dice.one(zones) };
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
  { cron: '' },
  { rrule: 'FREQ=DAILY' },
  { rrule: 'DAILY' },
  { rrule: 'FREQ=SOMETIMES' },
  { rrule: 'FREQ=DAILY;COLOUR=RED' },
  { rrule: 'FREQ=DAILY;UNTIL=20270101T000000Z' },
  { rrule: 'DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY;UNTIL=20270101T000000Z' },
  { rrule: 'freq=daily;byday=mo' },
  { rrule: 'FREQ=DAILY;BYDAY=XX' },
  { rrule: 'FREQ=DAILY;COUNT=many' },
  { rrule: 'RRULE:FREQ=DAILY\nNOTE:hello' },
  { rrule: '' },
];
