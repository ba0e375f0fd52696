// When our schedules fire against Prefect's own code, around the hours in which clocks are set.
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseCron } from '../../shared/domain/schedule/cron-fields.ts';
import { parseRules } from '../../shared/domain/schedule/rrule-text.ts';
import { scheduleOf, scheduleTimes } from '../../shared/domain/schedule/schedule.ts';
import { offsetAt } from '../../shared/domain/schedule/zone.ts';
import { fieldOf, isJsonObject } from '../../shared/domain/template/json-value.ts';
import { type Answer, askPython } from './prefect-oracle.ts';
import {
  edgesOf,
  firstDate,
  lastDate,
  oddSchedules,
  type ScheduleCase,
  scheduleCase,
  zones,
} from './schedule-cases.ts';

const count = 2_000;
const firstSeed = 4_100;
const dayMs = 86_400_000;

type Compared = { readonly given: ScheduleCase; readonly ours: readonly number[]; readonly theirs: readonly number[] };

function ourTimes({ schedule, ...span }: ScheduleCase): readonly number[] {
  const known = scheduleOf(schedule);
  return known === undefined ? [] : [...scheduleTimes(known, span)].map(Math.round);
}

function theirTimes(answer: Answer | undefined): readonly number[] {
  return answer?.ok === true ? z.array(z.number()).parse(answer.answer) : [];
}

/** Two processes, one for each core of a small machine. */
async function compare(cases: readonly ScheduleCase[]): Promise<readonly Compared[]> {
  const half = Math.ceil(cases.length / 2);
  const asked = [cases.slice(0, half), cases.slice(half)].map((part) =>
    askPython(
      'prefect',
      'schedules.py',
      part.map((given) => ({ ask: 'times', ...given })),
    ),
  );
  const ours = cases.map(ourTimes);
  const answers = (await Promise.all(asked)).flat();
  return cases.map((given, at) => ({ given, ours: ours[at] ?? [], theirs: theirTimes(answers[at]) }));
}

/** Each day, and the second before and after each time that our clocks are set. */
function instantsOf(zone: string): readonly number[] {
  const days = Array.from({ length: Math.floor((lastDate - firstDate) / dayMs) }, (_, day) => firstDate + day * dayMs);
  return [...days, ...edgesOf(zone).flatMap((edge) => [edge - 1000, edge])];
}

/** By zone, the first instant at which a library of Prefect's has other clocks than Node. */
async function otherClocks(): Promise<ReadonlyMap<string, string>> {
  const asked = zones.map((zone) => ({ ask: 'offsets', zone, instants: instantsOf(zone) }));
  const answers = await askPython('prefect', 'schedules.py', asked);
  const found = asked.flatMap(({ zone, instants }, at): [string, string][] => {
    const answer = answers[at];
    const known = answer?.ok === true ? z.record(z.string(), z.array(z.number())).parse(answer.answer) : {};
    const ours = instants.map((instant) => offsetAt(zone, instant) / 1000);
    const different = Object.entries(known).flatMap(([library, theirs]) => {
      const first = instants.find((_, place) => ours[place] !== theirs[place]);
      return first === undefined ? [] : [`${library} from ${iso(first)}`];
    });
    if (Object.keys(known).length !== 3) return [[zone, JSON.stringify(answer)]];
    return different.length === 0 ? [] : [[zone, different.join(', ')]];
  });
  return new Map(found);
}

describe('2,000 generated schedules', () => {
  let others: ReadonlyMap<string, string> = new Map();
  let compared: readonly Compared[] = [];

  beforeAll(async () => {
    others = await otherClocks();
    const known = zones.filter((zone) => !others.has(zone));
    compared = await compare(Array.from({ length: count }, (_, index) => scheduleCase(firstSeed + index, known)));
  }, 600_000);

  it("fire when Prefect's do", () => {
    const differences = compared.flatMap(({ given, ours, theirs }, index) =>
      JSON.stringify(ours) === JSON.stringify(theirs)
        ? []
        : [{ seed: firstSeed + index, given, ours: ours.slice(0, 8).map(iso), theirs: theirs.slice(0, 8).map(iso) }],
    );

    expect(compared).toHaveLength(count);
    expect(differences.length, JSON.stringify(differences.slice(0, 3), undefined, 1)).toBe(0);
  });

  it('fire in their majority, before and after clocks are set in 40 zones', () => {
    const firing = compared.filter(({ theirs }) => theirs.length > 0);
    const crossing = firing.filter(({ given, theirs }) =>
      edgesOf(given.schedule.timezone).some(
        (edge) => theirs.some((at) => at < edge) && theirs.some((at) => at >= edge),
      ),
    );

    expect(firing.length).toBeGreaterThan(1_300);
    expect(crossing.length).toBeGreaterThan(450);
    expect(new Set(crossing.map(({ given }) => given.schedule.timezone)).size).toBeGreaterThanOrEqual(40);
  });

  it('leave a zone out only where Node and Python have other clocks for it', (context) => {
    for (const [zone, difference] of others) context.annotate(`${zone}: ${difference}`);

    expect(others.size, JSON.stringify([...others])).toBeLessThanOrEqual(zones.length - 44);
  });
});

describe('an expression', () => {
  let checks: readonly Answer[] = [];

  beforeAll(async () => {
    checks = await askPython(
      'prefect',
      'schedules.py',
      oddSchedules.map((schedule) => ({ ask: 'check', schedule })),
    );
  }, 600_000);

  it.each(oddSchedules.map((schedule, at) => [JSON.stringify(schedule), schedule, at] as const))(
    'is taken or refused as by Prefect: %s',
    (_text, schedule, at) => {
      const cron = fieldOf(schedule, 'cron');
      const rrule = fieldOf(schedule, 'rrule');

      const problem = typeof cron === 'string' ? parseCron(cron) : parseRules(typeof rrule === 'string' ? rrule : '');

      expect(isJsonObject(schedule)).toBe(true);
      expect('problem' in problem ? 'refused' : 'taken').toBe(checks[at]?.ok === true ? 'taken' : 'refused');
    },
  );
});

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
