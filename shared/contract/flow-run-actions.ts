// What is done to flow runs beyond reading and changing one: resuming, many at once, and the inputs that flows wait for.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { flowRunFilter } from './filters.ts';
import { fields, json, jsonObject, nonEmptyName, timeOrNull, uuid } from './scalars.ts';
import { orchestrationDetails, orchestrationResult, setStateStatus, state, stateCreate } from './states.ts';

const text = z.string().nullable();
const byId = z.object({ id: uuid });
const byKey = z.object({ id: uuid, key: z.string() });

/** Prefect's own bound for one request. */
const bulkLimit = z.number().int().min(1).max(50).default(50);
const bulk = { flow_runs: flowRunFilter.nullish(), limit: bulkLimit };

const flowRunOrchestrationResult = z
  .object({ flow_run_id: z.string(), status: setStateStatus, state: state.nullable(), details: orchestrationDetails })
  .meta({ id: 'FlowRunOrchestrationResult' });

const flowRunInput = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    flow_run_id: z.string(),
    key: z.string(),
    value: z.string(),
    sender: text,
  })
  .meta({ id: 'FlowRunInput' });

export const flowRunActionRoutes = defineRoutes({
  resume_flow_run: {
    method: 'POST',
    path: '/flow_runs/{id}/resume',
    summary: 'Let a paused run go on, with the input that it waits for',
    status: 200,
    newStatus: 201,
    params: byId,
    body: fields({ run_input: jsonObject.nullish() }),
    response: orchestrationResult,
    errors: ['not_found', 'too_large', 'invalid_request'],
  },
  bulk_delete_flow_runs: {
    method: 'POST',
    path: '/flow_runs/bulk_delete',
    summary: 'Delete up to 50 of the runs that a filter means',
    status: 200,
    body: fields(bulk),
    response: z.object({ deleted: z.array(z.string()) }).meta({ id: 'FlowRunBulkDeleteResponse' }),
    errors: ['invalid_request'],
  },
  bulk_set_flow_run_state: {
    method: 'POST',
    path: '/flow_runs/bulk_set_state',
    summary: 'Propose a state for up to 50 of the runs that a filter means',
    status: 200,
    body: fields({ ...bulk, state: stateCreate, force: z.boolean().default(false) }),
    response: z.object({ results: z.array(flowRunOrchestrationResult) }).meta({ id: 'FlowRunBulkSetStateResponse' }),
    errors: ['invalid_request', 'too_large'],
  },
  create_flow_run_input: {
    method: 'POST',
    path: '/flow_runs/{id}/input',
    summary: 'Give a run an input, once for each key',
    status: 201,
    params: byId,
    body: fields({ key: nonEmptyName, value: z.string(), sender: z.string().nullish() }),
    response: json,
    errors: ['not_found', 'conflict', 'invalid_request', 'too_large'],
  },
  filter_flow_run_input: {
    method: 'POST',
    path: '/flow_runs/{id}/input/filter',
    summary: 'List inputs of a run by the beginning of their keys, oldest first',
    status: 200,
    params: byId,
    body: fields({
      prefix: z.string(),
      limit: z.number().int().default(1),
      exclude_keys: z.array(z.string()).default([]),
    }),
    response: z.array(flowRunInput),
    errors: ['invalid_request'],
  },
  read_flow_run_input: {
    method: 'GET',
    path: '/flow_runs/{id}/input/{key}',
    summary: 'The value of an input, as it is',
    status: 200,
    params: byKey,
    response: z.string(),
    mediaType: 'text/plain; charset=utf-8',
    errors: ['not_found'],
  },
  delete_flow_run_input: {
    method: 'DELETE',
    path: '/flow_runs/{id}/input/{key}',
    summary: 'Delete an input of a run',
    status: 204,
    params: byKey,
    errors: ['not_found'],
  },
});
