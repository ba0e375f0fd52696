// Slipway's own: the attempts of a flow run, with what each of their tries asked for and why it ended.
import { z } from 'zod';
import { attemptEnds, stopCauses } from '../domain/run/attempt.ts';
import { refusalClasses } from '../domain/task/refusal.ts';
import { defineRoutes } from './define-routes.ts';
import { timeOrNull, uuid } from './scalars.ts';

const outcomes = [...refusalClasses, 'launched', 'sent', 'waiting'] as const;

const launchTry = z
  .object({
    number: z.number().int(),
    capacity: z.string(),
    cpu: z.number().nullable(),
    memory: z.number().nullable(),
    subnets: z.array(z.string()),
    sent_at: timeOrNull,
    sends: z.number().int(),
    ended_at: timeOrNull,
    outcome: z.enum(outcomes),
    code: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'SlipwayTry' });

const attempt = z
  .object({
    number: z.number().int(),
    opened_at: z.string(),
    closed_at: timeOrNull,
    end: z.enum(attemptEnds).nullable(),
    reason: z.string().nullable(),
    reports: z.enum(['engine', 'exit-code']),
    cluster: z.string(),
    task_definition: z.string(),
    task_arn: z.string().nullable(),
    start_deadline: timeOrNull,
    maximum_duration_seconds: z.number(),
    stop_cause: z.enum(stopCauses).nullable(),
    last_status: z.string().nullable(),
    stop_code: z.string().nullable(),
    stopped_reason: z.string().nullable(),
    exit_code: z.number().int().nullable(),
    started_at: timeOrNull,
    stopped_at: timeOrNull,
    /** Tries before the ones that are remembered. */
    forgotten_tries: z.number().int(),
    tries: z.array(launchTry),
  })
  .meta({ id: 'SlipwayAttempt' });

export const attemptRoutes = defineRoutes({
  read_flow_run_attempts: {
    method: 'GET',
    path: '/slipway/flow_runs/{id}/attempts',
    summary: 'List the attempts of a flow run, oldest first',
    status: 200,
    params: z.object({ id: uuid }),
    response: z.array(attempt),
    errors: ['not_found'],
  },
});
