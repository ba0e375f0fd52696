// What becomes of overdue runs of schedules, as pools and deployments want it.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Deployment, DeploymentSchedule } from '../../shared/domain/catalogue.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import { catchUpRule } from '../../shared/domain/schedule/catch-up.ts';
import { activeSchedules, occurrenceOf } from '../../shared/domain/schedule/plan.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const at = (clock: string) => Date.parse(`2026-03-09T${clock}Z`);

const kept = (slug: string, schedule: JsonObject): DeploymentSchedule => ({
  id: slug,
  created: 1,
  updated: 1,
  deploymentId: 'd',
  schedule: { timezone: 'UTC', ...schedule },
  active: true,
  parameters: {},
  slug,
});

const schedules = [
  kept('tens', { cron: '*/10 * * * *' }),
  kept('hours', { cron: '5 * * * *' }),
  kept('seconds', { interval: 2, anchor_date: '2020-01-01T00:00:00Z' }),
];

function deployed(jobVariables: JsonObject): Deployment {
  return {
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
    schedules,
    parameters: {},
    enforceParameterSchema: true,
    jobVariables,
  };
}

function idOf(slug: string, clock: string): string {
  const deployment = deployed({});
  const active = activeSchedules(deployment).find((one) => one.kept.slug === slug);
  if (active === undefined) throw new Error(`no schedule ${slug}`);
  return occurrenceOf(deployment, active, { at: at(clock), sha256 }).id;
}

function verdict(jobVariables: JsonObject, slug: string, [due, now]: readonly [string, string]) {
  const rule = catchUpRule({ deployment: deployed(jobVariables), sha256 });
  return rule?.({ runId: idOf(slug, due), scheduledTime: at(due) }, at(now)) ?? 'no rule';
}

describe('an overdue run of a schedule', () => {
  it.each([{}, { catch_up: 'all' }, { catch_up: null }, { catch_up: 'some' }, { catch_up_of_schedules: 'last' }])(
    'starts by Prefect’s way: %j',
    (jobVariables) => {
      expect(verdict(jobVariables, 'tens', ['09:00:00', '10:00:01'])).toBe('no rule');
    },
  );

  it('gives way to the next one and to the latest, where the last one alone is to start', () => {
    expect(verdict({ catch_up: 'last' }, 'tens', ['09:00:00', '10:04:00'])).toMatchObject({
      kind: 'skip-if-any',
      newer: [idOf('tens', '09:10:00'), idOf('tens', '10:00:00')],
    });
    expect(verdict({ catch_up: 'last' }, 'seconds', ['09:00:00', '10:00:01'])).toMatchObject({
      newer: [idOf('seconds', '09:00:02'), idOf('seconds', '10:00:00')],
    });
  });

  it('starts when no newer one is due', () => {
    expect(verdict({ catch_up: 'last' }, 'tens', ['09:50:00', '09:59:59'])).toEqual({ kind: 'start' });
  });

  it('starts when it is no more than late, whatever the setting', () => {
    expect(verdict({ catch_up: 'last' }, 'seconds', ['09:00:00', '09:00:15'])).toEqual({ kind: 'start' });
    expect(verdict({ catch_up: 'none', catch_up_grace_seconds: 1 }, 'tens', ['09:00:00', '09:00:15'])).toEqual({
      kind: 'start',
    });
  });

  it('is skipped after its grace, where none is to start', () => {
    const none = { catch_up: 'none' };

    expect(verdict(none, 'tens', ['09:00:00', '09:05:00'])).toEqual({ kind: 'start' });
    expect(verdict(none, 'tens', ['09:00:00', '09:05:01'])).toMatchObject({ kind: 'skip' });
    expect(verdict({ ...none, catch_up_grace_seconds: 60 }, 'tens', ['09:00:00', '09:01:01'])).toMatchObject({
      kind: 'skip',
    });
  });

  it('follows the setting of its own slug before that of all', () => {
    const jobVariables = { catch_up: 'none', catch_up_of_schedules: { tens: 'all', seconds: 'last' } };

    expect(verdict(jobVariables, 'tens', ['09:00:00', '12:00:00'])).toEqual({ kind: 'start' });
    expect(verdict(jobVariables, 'seconds', ['09:00:00', '12:00:00'])).toMatchObject({ kind: 'skip-if-any' });
    expect(verdict(jobVariables, 'hours', ['09:05:00', '12:00:00'])).toMatchObject({ kind: 'skip' });
  });

  it('follows its pool where its deployment says nothing', () => {
    const baseJobTemplate = { variables: { properties: { catch_up: { default: 'none' } } } };
    const rule = catchUpRule({ pool: { baseJobTemplate }, deployment: deployed({}), sha256 });

    expect(rule?.({ runId: idOf('tens', '09:00:00'), scheduledTime: at('09:00:00') }, at('10:00:00'))).toMatchObject({
      kind: 'skip',
    });
  });

  it('is not any other run of the deployment', () => {
    const rule = catchUpRule({ deployment: deployed({ catch_up: 'none' }), sha256 });

    expect(rule?.({ runId: 'asked for', scheduledTime: at('09:00:00') }, at('12:00:00'))).toEqual({ kind: 'start' });
  });
});
