import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment, DeploymentSchedule } from '../../shared/domain/catalogue.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import { anchored } from '../../shared/domain/schedule/anchor.ts';
import {
  activeSchedules,
  nextPlanning,
  occurrenceOf,
  planBounds,
  planSpan,
  replanned,
  timesAhead,
} from '../../shared/domain/schedule/plan.ts';
import { type Schedule, scheduleOf, scheduleTimes } from '../../shared/domain/schedule/schedule.ts';
import { foldAt, instantOf, offsetAt, wallAt } from '../../shared/domain/schedule/zone.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const at = (text: string) => Date.parse(text);
const iso = (instants: readonly number[]) => instants.map((instant) => new Date(instant).toISOString());
const newYork = 'America/New_York';

function schedule(kept: JsonObject): Schedule {
  const known = scheduleOf(kept);
  if (known === undefined) throw new Error(`no schedule: ${JSON.stringify(kept)}`);
  return known;
}

const first = (kept: JsonObject, start: string, most = 3) =>
  iso([...scheduleTimes(schedule(kept), { start: at(start), end: at('2100-01-01T00:00:00Z'), most })]);

describe('zones', () => {
  it.each(['UTC', newYork, 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'Europe/Dublin'])(
    'give each instant of %s a wall time and a fold that lead back to it',
    (zone) => {
      fc.assert(
        fc.property(fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2037-01-01T00:00:00Z') }), (instant) => {
          expect(instantOf(zone, wallAt(zone, instant), foldAt(zone, instant))).toBe(instant);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('tell the hour that comes twice apart by its fold', () => {
    const wall = at('2026-11-01T01:30:00Z');

    expect(iso([instantOf(newYork, wall, 0), instantOf(newYork, wall, 1)])).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-01T06:30:00.000Z',
    ]);
    expect(foldAt(newYork, at('2026-11-01T06:30:00Z'))).toBe(1);
  });

  it('move an hour that is skipped back or forward', () => {
    const wall = at('2026-03-08T02:30:00Z');

    expect(iso([instantOf(newYork, wall, 0), instantOf(newYork, wall, 1)])).toEqual([
      '2026-03-08T06:30:00.000Z',
      '2026-03-08T07:30:00.000Z',
    ]);
    expect(offsetAt(newYork, at('2026-03-08T06:59:59Z')) / 3_600_000).toBe(-5);
  });
});

describe('schedules', () => {
  it.each([
    [
      { cron: '30 2 * * *', timezone: newYork },
      '2026-03-07T12:00:00Z',
      ['2026-03-08T06:30', '2026-03-09T06:30', '2026-03-10T06:30'],
    ],
    [{ cron: '0 0 l 2 *' }, '2027-01-01T00:00:00Z', ['2027-02-28T00:00', '2028-02-29T00:00', '2029-02-28T00:00']],
    [
      { cron: '0 12 1 * mon', day_or: false },
      '2026-01-01T00:00:00Z',
      ['2026-06-01T12:00', '2027-02-01T12:00', '2027-03-01T12:00'],
    ],
    [{ cron: '0 12 1,31 * *' }, '2026-02-02T00:00:00Z', ['2026-03-01T12:00', '2026-03-31T12:00', '2026-04-01T12:00']],
    [
      { interval: 86_400, anchor_date: '2026-03-06T14:00:00Z', timezone: newYork },
      '2026-03-07T00:00:00Z',
      ['2026-03-07T14:00', '2026-03-08T13:00', '2026-03-09T13:00'],
    ],
    [
      { rrule: 'DTSTART:20260101T090000\nRRULE:FREQ=MONTHLY;BYDAY=-1FR', timezone: 'Europe/Berlin' },
      '2026-03-01T00:00:00Z',
      ['2026-03-27T08:00', '2026-04-24T07:00', '2026-05-29T07:00'],
    ],
    [
      { interval: 3600, anchor_date: '2026-10-30T00:30:00Z', timezone: newYork },
      '2026-11-01T05:00:00Z',
      ['2026-11-01T05:30', '2026-11-01T07:30', '2026-11-01T08:30'],
    ],
    [
      { interval: 3600, anchor_date: '2026-10-30T00:30:00Z', timezone: newYork },
      '2026-11-01T06:00:00Z',
      ['2026-11-01T05:30', '2026-11-01T07:30', '2026-11-01T08:30'],
    ],
    [
      { rrule: 'DTSTART:20261024T003000\nRRULE:FREQ=DAILY;BYHOUR=2', timezone: 'Europe/Dublin' },
      '2026-10-24T00:00:00Z',
      ['2026-10-24T01:30', '2026-10-25T01:30', '2026-10-26T02:30'],
    ],
  ])('fire as the clock of their zone goes: %j', (kept, start, expected) => {
    expect(first({ ...kept }, start)).toEqual(expected.map((time) => `${time}:00.000Z`));
  });

  it.each([
    [{ cron: '0 0 31 2 *' }],
    [{ cron: '0 0 31 2 mon' }],
    [{ rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=HOURLY;INTERVAL=3;BYHOUR=2\nRDATE:20260101T000000' }],
    [{ rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=SECONDLY;BYSETPOS=7' }],
    [{ rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }],
    [{ cron: 'nonsense' }],
  ])('that can never fire end by themselves: %j', (kept) => {
    expect(first(kept, '2026-01-01T00:00:00Z')).toEqual([]);
  });

  it('find the next time of a rule that began long ago without counting from there', () => {
    const before = process.cpuUsage();

    const times = first({ rrule: 'DTSTART:19700101T000000\nRRULE:FREQ=SECONDLY;INTERVAL=7' }, '2026-11-23T12:00:00Z');

    expect(times[0]).toBe('2026-11-23T12:00:01.000Z');
    // 250 million steps would take seconds of work; what it takes on the clock says nothing of that.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(500);
  });
});

describe('the plan of a schedule', () => {
  const now = at('2026-11-23T12:00:00Z');
  const plan = (kept: JsonObject, cap: number = planBounds.maxRuns) => {
    const span = { ...planSpan(now), maxRuns: cap };
    const known = schedule(kept);
    const times = timesAhead(known, span);
    return { times, next: nextPlanning(known, times, span) };
  };

  it.each([
    [{ cron: '0 9 * * *' }, 3, '2026-11-24T09:00:00.001Z'],
    [{ cron: '0 * * * *' }, 3, '2026-11-23T12:00:00.001Z'],
    [{ cron: '30 * * * *' }, 3, '2026-11-23T12:30:00.001Z'],
    [{ interval: 3, anchor_date: '2026-11-23T12:00:00Z' }, 100, '2026-11-23T12:01:00.001Z'],
    [{ interval: 0.25, anchor_date: '2026-11-23T12:00:00Z' }, 100, '2026-11-23T12:00:24.251Z'],
    [{ cron: '0 0 1 1 *' }, 1, '2027-09-23T00:00:00.000Z'],
  ])('%j has %i runs ahead and is looked at again at %s', (kept, count, next) => {
    const planned = plan(kept);

    expect(planned.times).toHaveLength(count);
    expect(iso([planned.next ?? 0])).toEqual([next]);
  });

  it('is at an end when the schedule is', () => {
    const rrule = 'DTSTART:20261101T000000\nRRULE:FREQ=DAILY;UNTIL=20261125T000000';

    expect(plan({ rrule })).toEqual({
      times: [at('2026-11-24T00:00:00Z'), at('2026-11-25T00:00:00Z')],
      next: undefined,
    });
  });

  it('never leaves a schedule without a run ahead', () => {
    const seconds = fc.integer({ min: 2, max: 40 * 86_400 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 1, max: 100 }), (interval, cap) => {
        const { times, next } = plan({ interval, anchor_date: '2026-01-01T00:00:00Z' }, cap);

        expect(times.length).toBeGreaterThan(0);
        expect(next).toBeDefined();
        if (times.length >= 2) expect(next).toBeLessThanOrEqual((times.at(-1) ?? 0) + 1);
      }),
    );
  });
});

const kept = (id: string, content: JsonObject): DeploymentSchedule => ({
  id,
  created: 1,
  updated: 1,
  deploymentId: 'd',
  schedule: content,
  active: true,
  parameters: {},
});

describe('a planned run', () => {
  const deployment = { id: 'd', flowId: 'f' };
  const daily = { cron: '0 9 * * *', timezone: 'UTC', day_or: true };
  const idOf = (schedules: readonly DeploymentSchedule[], which: number, instant: number) => {
    const active = activeSchedules({ schedules })[which];
    if (active === undefined) throw new Error('no such schedule');
    return occurrenceOf(deployment, active, { at: instant, sha256 }).id;
  };

  it('has the same id whatever the id of its schedule and the order of its members', () => {
    const one = idOf([kept('1', daily)], 0, 5_000);
    const other = idOf([kept('2', { day_or: true, timezone: 'UTC', cron: '0 9 * * *' })], 0, 5_000);

    expect(one).toBe(other);
  });

  it('has an id of its own for each schedule, equal ones included, and each time', () => {
    const schedules = [kept('1', daily), kept('2', daily), kept('3', { ...daily, cron: '0 8 * * *' })];
    const ids = [0, 1, 2].flatMap((which) => [5_000, 6_000].map((instant) => idOf(schedules, which, instant)));

    expect(new Set(ids).size).toBe(6);
  });

  it('has an id of its own in each of the two hours of one name', () => {
    const schedules = [kept('1', { interval: 3600, anchor_date: '2026-01-01T00:30:00Z', timezone: newYork })];

    expect(idOf(schedules, 0, at('2026-11-01T05:30:00Z'))).not.toBe(idOf(schedules, 0, at('2026-11-01T06:30:00Z')));
  });
});

describe('a deployment that is saved', () => {
  const base: Deployment = {
    id: 'd',
    created: 1,
    updated: 1,
    version: 1,
    name: 'd',
    flowId: 'f',
    flowName: 'f',
    paused: false,
    tags: [],
    labels: {},
    schedules: [],
    parameters: {},
    enforceParameterSchema: true,
    jobVariables: {},
  };

  it('has no plan before it has a schedule', () => {
    expect(replanned(base, { now: 7 })).toBe(base);
  });

  it('is due at once under a new version, and remembers what has to go', () => {
    const once = replanned({ ...base, schedules: [kept('1', { cron: '@daily' })] }, { now: 7 });
    const twice = replanned(once, { now: 8, clearsLate: true });
    const thrice = replanned(twice, { now: 9 });

    expect(once.plan).toEqual({ version: 1, dueAt: 7, covered: [] });
    expect(thrice.plan).toEqual({ version: 3, dueAt: 9, covered: [], clearsLate: true });
  });
});

describe('a rule without a start', () => {
  const now = at('2026-11-23T12:00:30Z');

  it.each([
    ['FREQ=DAILY', 'UTC', 'DTSTART:20200101T000000\nFREQ=DAILY'],
    ['FREQ=MINUTELY;INTERVAL=5', 'UTC', 'DTSTART:20261123T120000\nFREQ=MINUTELY;INTERVAL=5'],
    ['FREQ=SECONDLY', newYork, 'DTSTART:20261123T070030\nFREQ=SECONDLY'],
    ['FREQ=MINUTELY;COUNT=5', 'UTC', 'DTSTART:20200101T000000\nFREQ=MINUTELY;COUNT=5'],
    ['DTSTART:20250101T000000\nRRULE:FREQ=MINUTELY', 'UTC', 'DTSTART:20250101T000000\nRRULE:FREQ=MINUTELY'],
    ['nonsense', 'UTC', 'nonsense'],
  ])('gets one when it is saved: %j in %s', (rrule, zone, expected) => {
    expect(anchored(rrule, { now, zone })).toBe(expected);
  });
});
