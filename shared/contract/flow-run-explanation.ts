// Slipway's own: why a flow run is not running, or what it does, in one sentence with the evidence for it.
import { z } from 'zod';
import { explainReasons } from '../domain/explain/reasons.ts';
import { defineRoutes } from './define-routes.ts';
import { json, uuid } from './scalars.ts';
import { stateType } from './states.ts';

const seconds = z.number().nullable();

/** Seconds from the time that a run was due, part by part; null where nobody told (yet). */
const startLatency = z
  .object({
    queued: seconds,
    claimed: seconds,
    provisioned: seconds,
    pulled: seconds,
    started: seconds,
    engine_up: seconds,
    total: seconds,
  })
  .meta({ id: 'SlipwayStartLatency' });

const explanation = z
  .object({
    flow_run_id: z.string(),
    state_type: stateType,
    state_name: z.string(),
    reason: z.enum(explainReasons),
    sentence: z.string(),
    evidence: z.record(z.string(), json),
    attempt: z.number().int().nullable(),
    start_latency: startLatency.nullable(),
  })
  .meta({ id: 'SlipwayExplanation' });

export const flowRunExplanationRoutes = defineRoutes({
  explain_flow_run: {
    method: 'GET',
    path: '/flow_runs/{id}/explain',
    summary: 'Say why a flow run is not running, or what it does',
    status: 200,
    params: z.object({ id: uuid }),
    response: explanation,
    errors: ['not_found'],
  },
});
