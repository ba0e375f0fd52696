// States of runs on the wire: what is proposed, what is answered, and Prefect's verdict on a proposal.
import { z } from 'zod';
import { stateTypes } from '../domain/run/state.ts';
import { json, millisecond, timeOrNull, timeText, uuid } from './scalars.ts';

export const stateType = z.enum(stateTypes).meta({ id: 'StateType' });

const stateDetailsInput = z
  .object({
    flow_run_id: uuid.nullish(),
    task_run_id: uuid.nullish(),
    child_flow_run_id: uuid.nullish(),
    scheduled_time: millisecond.nullish(),
    cache_key: z.string().nullish(),
    cache_expiration: z.string().nullish(),
    deferred: z.boolean().nullish(),
    untrackable_result: z.boolean().optional(),
    pause_timeout: millisecond.nullish(),
    pause_reschedule: z.boolean().optional(),
    pause_key: z.string().nullish(),
    run_input_keyset: z.record(z.string(), z.string()).nullish(),
    refresh_cache: z.boolean().nullish(),
    retriable: z.boolean().nullish(),
    transition_id: uuid.nullish(),
    task_parameters_id: uuid.nullish(),
    traceparent: z.string().nullish(),
    deployment_concurrency_lease_id: uuid.nullish(),
  })
  .meta({ id: 'StateDetails' });

export const stateCreate = z
  .strictObject({
    type: stateType,
    name: z.string().nullish(),
    message: z.string().nullish(),
    data: json.nullish(),
    state_details: stateDetailsInput.optional(),
  })
  .meta({ id: 'StateCreate' });

const text = z.string().nullable();
const flag = z.boolean().nullable();

export const stateDetails = z
  .object({
    flow_run_id: text,
    task_run_id: text,
    child_flow_run_id: text,
    scheduled_time: timeOrNull,
    cache_key: text,
    cache_expiration: text,
    deferred: flag,
    untrackable_result: z.boolean(),
    pause_timeout: timeOrNull,
    pause_reschedule: z.boolean(),
    pause_key: text,
    run_input_keyset: json,
    refresh_cache: flag,
    retriable: flag,
    transition_id: text,
    task_parameters_id: text,
    traceparent: text,
    deployment_concurrency_lease_id: text,
  })
  .meta({ id: 'StateDetailsOutput' });

export const state = z
  .object({
    id: z.string(),
    type: stateType,
    name: text,
    timestamp: timeText,
    message: text,
    data: json,
    state_details: stateDetails,
  })
  .meta({ id: 'State' });

export const setStateStatus = z.enum(['ACCEPT', 'REJECT', 'ABORT', 'WAIT']).meta({ id: 'SetStateStatus' });

export const orchestrationDetails = z.union([
  z.object({ type: z.literal('accept_details') }).meta({ id: 'StateAcceptDetails' }),
  z
    .object({ type: z.literal('wait_details'), delay_seconds: z.number().int(), reason: text })
    .meta({ id: 'StateWaitDetails' }),
  z.object({ type: z.literal('reject_details'), reason: text }).meta({ id: 'StateRejectDetails' }),
  z.object({ type: z.literal('abort_details'), reason: text }).meta({ id: 'StateAbortDetails' }),
]);

export const orchestrationResult = z
  .object({ state: state.nullable(), status: setStateStatus, details: orchestrationDetails })
  .meta({ id: 'OrchestrationResult' });
