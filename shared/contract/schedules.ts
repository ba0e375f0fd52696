// Schedules of deployments. They are kept by their wire names; times are computed elsewhere.
import { z } from 'zod';
import { parseCron } from '../domain/schedule/cron-fields.ts';
import { parseRules } from '../domain/schedule/rrule-text.ts';
import { durationSeconds, jsonObject, positive, time, timeOrNull } from './scalars.ts';

/** Prefect's setting for how many runs of a schedule may be planned ahead. */
const mostScheduledRuns = 100;

const timezone = z.string().refine(isTimezone, { message: 'Input should be a valid IANA time zone' }).nullish();

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const intervalSchedule = z
  .strictObject({
    interval: durationSeconds.refine((seconds) => seconds > 0, { message: 'The interval must be positive' }),
    anchor_date: time.optional(),
    timezone,
  })
  .meta({ id: 'IntervalSchedule-Input' });

const cronSchedule = z
  .strictObject({
    cron: z.string().superRefine((text, context) => {
      const fields = parseCron(text);
      if (!('problem' in fields)) return;
      context.addIssue({ code: 'custom', message: `Value error, Invalid cron string: "${text}": ${fields.problem}` });
    }),
    timezone,
    day_or: z.boolean().default(true),
  })
  .meta({ id: 'CronSchedule' });

const longestRrule = 6_500;

const rruleSchedule = z
  .strictObject({
    rrule: z
      .string()
      .max(longestRrule)
      .superRefine((text, context) => {
        const rules = parseRules(text);
        if (!('problem' in rules)) return;
        context.addIssue({ code: 'custom', message: `Value error, Invalid RRule string "${text}": ${rules.problem}` });
      }),
    timezone,
  })
  .meta({ id: 'RRuleSchedule' });

export const scheduleInput = z.union([intervalSchedule, cronSchedule, rruleSchedule]);
export type ScheduleInput = z.output<typeof scheduleInput>;

const rest = {
  max_scheduled_runs: positive
    .max(mostScheduledRuns, `\`max_scheduled_runs\` must be less than or equal to ${mostScheduledRuns}.`)
    .nullish(),
  parameters: jsonObject.optional(),
  slug: z.string().nullish(),
  replaces: z.string().nullish(),
};

export const scheduleCreate = z
  .strictObject({ schedule: scheduleInput, active: z.boolean().default(true), ...rest })
  .meta({ id: 'DeploymentScheduleCreate' });
export type ScheduleCreate = z.output<typeof scheduleCreate>;

export const scheduleUpdate = z
  .strictObject({ schedule: scheduleInput.nullish(), active: z.boolean().nullish(), ...rest })
  .meta({ id: 'DeploymentScheduleUpdate' });
export type ScheduleUpdate = z.output<typeof scheduleUpdate>;

export const deploymentSchedule = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    deployment_id: z.string().nullable(),
    schedule: jsonObject,
    active: z.boolean(),
    max_scheduled_runs: z.number().int().nullable(),
    parameters: jsonObject,
    slug: z.string().nullable(),
  })
  .meta({ id: 'DeploymentSchedule' });
