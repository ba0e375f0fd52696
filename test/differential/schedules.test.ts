// When our schedules fire against Prefect's own code, around the hours in which clocks are set.
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCron } from '../../shared/domain/schedule/cron-fields.ts';
import { parseRules } from '../../shared/domain/schedule/rrule-text.ts';
import { scheduleOf, scheduleTimes } from '../../shared/domain/schedule/schedule.ts';
import { fieldOf, isJsonObject } from '../../shared/domain/template/json-value.ts';
import { type Answer, askPython } from './prefect-oracle.ts';
import { oddSchedules, type ScheduleCase, scheduleCase } from './schedule-cases.ts';

const count = 300;
const firstSeed = 4_100;
const cases = Array.from({ length: count }, (_, index) => scheduleCase(firstSeed + index));

function ourTimes({ schedule, ...span }: ScheduleCase): readonly number[] {
  const known = scheduleOf(schedule);
  return known === undefined ? [] : [...scheduleTimes(known, span)].map(Math.round);
}

describe('300 generated schedules', () => {
  let theirs: readonly Answer[] = [];
  let checks: readonly Answer[] = [];

  beforeAll(async () => {
    const answers = await askPython('prefect', 'schedules.py', [
      ...cases.map((given) => ({ ask: 'times', ...given })),
      ...oddSchedules.map((schedule) => ({ ask: 'check', schedule })),
    ]);
    theirs = answers.slice(0, count);
    checks = answers.slice(count);
  }, 600_000);

  it("fire when Prefect's do", () => {
    const differences = cases.flatMap((given, index) => {
      const answer = theirs[index];
      const expected = answer?.ok === true ? answer.answer : [];
      const ours = ourTimes(given);
      return JSON.stringify(ours) === JSON.stringify(expected)
        ? []
        : [{ seed: firstSeed + index, given, ours: ours.slice(0, 8).map(iso), expected: isoAll(expected) }];
    });

    expect(differences.length, JSON.stringify(differences.slice(0, 3), undefined, 1)).toBe(0);
  });

  it('fire in their majority, so that there is something to compare', () => {
    const firing = cases.filter((given) => ourTimes(given).length > 0).length;

    expect(firing).toBeGreaterThan(190);
  });

  it.each(oddSchedules.map((schedule, at) => [JSON.stringify(schedule), schedule, at] as const))(
    'are taken or refused as by Prefect: %s',
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

function isoAll(instants: unknown): readonly string[] {
  return Array.isArray(instants) ? instants.slice(0, 8).map((instant) => iso(Number(instant))) : [];
}
