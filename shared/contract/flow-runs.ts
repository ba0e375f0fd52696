// Flow runs. Creating one by an idempotency key that was used answers the run that is there (200 instead of 201).
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { everyFilter } from './filters.ts';
import {
  fields,
  json,
  jsonObject,
  labels,
  limit,
  millisecond,
  offset,
  page,
  pageOf,
  parameters,
  timeOrNull,
  uuid,
} from './scalars.ts';
import { orchestrationResult, state, stateCreate, stateType } from './states.ts';

const text = z.string().nullable();

export const flowRunPolicyInput = z
  .object({
    max_retries: z.number().int().optional(),
    retry_delay_seconds: z.number().optional(),
    retries: z.number().int().nullish(),
    retry_delay: z.number().int().nullish(),
    pause_keys: z.array(z.string()).nullish(),
    resuming: z.boolean().nullish(),
    retry_type: z.enum(['in_process', 'reschedule']).nullish(),
  })
  .meta({ id: 'FlowRunPolicy' });
export type FlowRunPolicyInput = z.output<typeof flowRunPolicyInput>;

export const flowRun = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    flow_id: z.string(),
    state_id: text,
    deployment_id: text,
    deployment_version: text,
    work_queue_id: text,
    work_queue_name: text,
    work_pool_id: text,
    work_pool_name: text,
    flow_version: text,
    parameters: jsonObject,
    idempotency_key: text,
    context: jsonObject,
    empirical_policy: jsonObject,
    tags: z.array(z.string()),
    labels: jsonObject,
    parent_task_run_id: text,
    state_type: stateType.nullable(),
    state_name: text,
    run_count: z.number().int(),
    expected_start_time: timeOrNull,
    next_scheduled_start_time: timeOrNull,
    start_time: timeOrNull,
    end_time: timeOrNull,
    total_run_time: z.number(),
    estimated_run_time: z.number(),
    estimated_start_time_delta: z.number(),
    auto_scheduled: z.boolean(),
    infrastructure_document_id: text,
    infrastructure_pid: text,
    created_by: json,
    state: state.nullable(),
    job_variables: jsonObject.nullable(),
  })
  .meta({ id: 'FlowRunResponse' });

export const flowRunSort = z
  .enum([
    'ID_DESC',
    'START_TIME_ASC',
    'START_TIME_DESC',
    'EXPECTED_START_TIME_ASC',
    'EXPECTED_START_TIME_DESC',
    'NAME_ASC',
    'NAME_DESC',
    'NEXT_SCHEDULED_START_TIME_ASC',
    'END_TIME_DESC',
  ])
  .meta({ id: 'FlowRunSort' });

const asked = {
  name: z.string().nullish(),
  parameters: parameters.optional(),
  context: jsonObject.optional(),
  infrastructure_document_id: uuid.nullish(),
  empirical_policy: flowRunPolicyInput.optional(),
  tags: z.array(z.string()).default([]),
  idempotency_key: z.string().nullish(),
  labels: labels.nullish(),
  parent_task_run_id: uuid.nullish(),
  work_queue_name: z.string().nullish(),
  job_variables: jsonObject.nullish(),
  state: stateCreate.nullish(),
};

export const flowRunCreate = z
  .strictObject({
    ...asked,
    flow_id: uuid,
    flow_version: z.string().nullish(),
    deployment_id: uuid.nullish(),
    work_pool_name: z.string().nullish(),
  })
  .meta({ id: 'FlowRunCreate' });
export type FlowRunCreate = z.output<typeof flowRunCreate>;

export const deploymentFlowRunCreate = z
  .strictObject({ ...asked, enforce_parameter_schema: z.boolean().nullish() })
  .meta({ id: 'DeploymentFlowRunCreate' });
export type DeploymentFlowRunCreate = z.output<typeof deploymentFlowRunCreate>;

export const flowRunUpdate = z
  .strictObject({
    name: z.string().nullish(),
    flow_version: z.string().nullish(),
    parameters: parameters.optional(),
    empirical_policy: flowRunPolicyInput.optional(),
    tags: z.array(z.string()).optional(),
    infrastructure_pid: z.string().nullish(),
    job_variables: jsonObject.nullish(),
  })
  .meta({ id: 'FlowRunUpdate' });
export type FlowRunUpdate = z.output<typeof flowRunUpdate>;

const sort = flowRunSort.default('ID_DESC');
const byId = z.object({ id: uuid });

export const flowRunRoutes = defineRoutes({
  create_flow_run: {
    method: 'POST',
    path: '/flow_runs/',
    summary: 'Record a run',
    status: 200,
    newStatus: 201,
    body: flowRunCreate,
    response: flowRun,
    errors: ['not_found', 'conflict', 'invalid_request', 'too_large', 'throttled'],
  },
  update_flow_run: {
    method: 'PATCH',
    path: '/flow_runs/{id}',
    summary: 'Change what a run says of itself',
    status: 204,
    params: byId,
    body: flowRunUpdate,
    errors: ['not_found', 'bad_request', 'invalid_request', 'too_large'],
  },
  count_flow_runs: {
    method: 'POST',
    path: '/flow_runs/count',
    summary: 'Count runs',
    status: 200,
    body: fields(everyFilter),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_flow_run: {
    method: 'GET',
    path: '/flow_runs/{id}',
    summary: 'Read a run',
    status: 200,
    params: byId,
    response: flowRun,
    errors: ['not_found'],
  },
  read_flow_runs: {
    method: 'POST',
    path: '/flow_runs/filter',
    summary: 'List runs',
    status: 200,
    body: fields({ ...everyFilter, sort, limit, offset }),
    response: z.array(flowRun),
    errors: ['invalid_request'],
  },
  paginate_flow_runs: {
    method: 'POST',
    path: '/flow_runs/paginate',
    summary: 'List runs page by page',
    status: 200,
    body: fields({ ...everyFilter, sort, limit, page }),
    response: pageOf('FlowRunPaginationResponse', flowRun),
    errors: ['invalid_request'],
  },
  delete_flow_run: {
    method: 'DELETE',
    path: '/flow_runs/{id}',
    summary: 'Delete a run; its task, if one lives, is stopped',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
  set_flow_run_state: {
    method: 'POST',
    path: '/flow_runs/{id}/set_state',
    summary: 'Propose a state; the rules accept, change, delay or refuse it',
    status: 200,
    newStatus: 201,
    params: byId,
    body: fields({ state: stateCreate, force: z.boolean().default(false) }),
    response: orchestrationResult,
    errors: ['object_not_found', 'too_large'],
  },
  update_flow_run_labels: {
    method: 'PATCH',
    path: '/flow_runs/{id}/labels',
    summary: 'Merge labels into those of a run',
    status: 204,
    params: byId,
    body: labels,
    errors: ['object_not_found', 'too_large', 'invalid_request'],
  },
});

/** Each of many asked for at once has its own outcome. */
export const flowRunCreateResult = z
  .object({
    flow_run_id: text,
    status: z.enum(['CREATED', 'FAILED']),
    error: text,
  })
  .meta({ id: 'FlowRunCreateResult' });

/** The runs of deployments, which Prefect files under deployments. */
export const deploymentRunRoutes = defineRoutes({
  create_flow_run_from_deployment: {
    method: 'POST',
    path: '/deployments/{id}/create_flow_run',
    summary: 'Ask for a run of a deployment',
    status: 200,
    newStatus: 201,
    params: byId,
    body: deploymentFlowRunCreate,
    response: flowRun,
    errors: ['not_found', 'conflict', 'bad_request', 'invalid_request', 'too_large', 'throttled'],
  },
  bulk_create_flow_runs_from_deployment: {
    method: 'POST',
    path: '/deployments/{id}/create_flow_run/bulk',
    summary: 'Ask for up to 100 runs of a deployment',
    status: 200,
    params: byId,
    body: z.array(deploymentFlowRunCreate),
    response: z.object({ results: z.array(flowRunCreateResult) }).meta({ id: 'FlowRunBulkCreateResponse' }),
    errors: ['not_found', 'bad_request', 'invalid_request'],
  },
  get_scheduled_flow_runs_for_deployments: {
    method: 'POST',
    path: '/deployments/get_scheduled_flow_runs',
    summary: 'List the runs of some deployments that wait, for a runner that polls',
    status: 200,
    body: fields({ deployment_ids: z.array(uuid), scheduled_before: millisecond.nullish(), limit }),
    response: z.array(flowRun),
    errors: ['invalid_request'],
  },
});

export const flowRunStateRoutes = defineRoutes({
  read_flow_run_state: {
    method: 'GET',
    path: '/flow_run_states/{id}',
    summary: 'Read a state of a run',
    status: 200,
    params: byId,
    response: state,
    errors: ['not_found'],
  },
  read_flow_run_states: {
    method: 'GET',
    path: '/flow_run_states/',
    summary: 'List the states that a run went through, oldest first',
    status: 200,
    query: z.object({ flow_run_id: uuid }),
    response: z.array(state),
    errors: ['invalid_request'],
  },
});
