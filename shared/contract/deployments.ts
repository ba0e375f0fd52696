// Deployments. Creating one of the same flow and name changes the one that is there (200 instead of 201).
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { scheduleRoutes } from './deployment-schedules.ts';
import { deploymentFilter, everyFilter } from './filters.ts';
import {
  bulkLimit,
  fields,
  json,
  jsonObject,
  labels,
  limit,
  offset,
  page,
  pageOf,
  parameters,
  positive,
  timeOrNull,
  uuid,
} from './scalars.ts';
import { deploymentSchedule, scheduleCreate, scheduleUpdate } from './schedules.ts';
import { plainWorkQueue } from './work-queues.ts';

const text = z.string().nullish();

const concurrencyOptions = z
  .object({
    collision_strategy: z.enum(['ENQUEUE', 'CANCEL_NEW']).meta({ id: 'ConcurrencyLimitStrategy' }),
    grace_period_seconds: z.number().int().min(60).max(86_400).nullish(),
  })
  .meta({ id: 'ConcurrencyOptions' });

const versionInfo = z.object({ type: z.string(), version: z.string() }).catchall(json).meta({ id: 'VersionInfo' });

const createdBy = z
  .object({ id: z.string().nullable(), type: z.string().nullable(), display_value: z.string().nullable() })
  .meta({ id: 'CreatedBy' });

export const globalConcurrencyLimit = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    active: z.boolean(),
    name: z.string(),
    limit: z.number().int(),
    active_slots: z.number().int(),
    slot_decay_per_second: z.number(),
  })
  .meta({ id: 'GlobalConcurrencyLimitResponse' });

export const deployment = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    version: z.string().nullable(),
    description: z.string().nullable(),
    flow_id: z.string(),
    paused: z.boolean(),
    schedules: z.array(deploymentSchedule),
    concurrency_limit: z.number().int().nullable(),
    global_concurrency_limit: globalConcurrencyLimit.nullable(),
    concurrency_options: jsonObject.nullable(),
    job_variables: jsonObject,
    parameters: jsonObject,
    tags: z.array(z.string()),
    labels: jsonObject,
    work_queue_name: z.string().nullable(),
    work_queue_id: z.string().nullable(),
    work_pool_name: z.string().nullable(),
    last_polled: timeOrNull,
    parameter_openapi_schema: jsonObject.nullable(),
    path: z.string().nullable(),
    pull_steps: z.array(jsonObject).nullable(),
    entrypoint: z.string().nullable(),
    storage_document_id: z.string().nullable(),
    infrastructure_document_id: z.string().nullable(),
    created_by: createdBy.nullable(),
    updated_by: createdBy.nullable(),
    status: z.enum(['READY', 'NOT_READY']).meta({ id: 'DeploymentStatus' }).nullable(),
    enforce_parameter_schema: z.boolean(),
  })
  .meta({ id: 'DeploymentResponse' });

const described = {
  paused: z.boolean().optional(),
  concurrency_limit: positive.nullish(),
  concurrency_options: concurrencyOptions.nullish(),
  global_concurrency_limit_id: uuid.nullish(),
  parameter_openapi_schema: jsonObject.nullish(),
  tags: z.array(z.string()).optional(),
  pull_steps: z.array(jsonObject).nullish(),
  work_queue_name: text,
  work_pool_name: text,
  storage_document_id: uuid.nullish(),
  infrastructure_document_id: uuid.nullish(),
  description: text,
  path: text,
  version: text,
  entrypoint: text,
  version_info: versionInfo.nullish(),
};

/** Fields of old clients that Prefect drops instead of refusing. */
function withoutOldFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const old = ['worker_pool_queue_id', 'worker_pool_name', 'worker_pool_queue_name', 'work_pool_queue_name'];
  return Object.fromEntries(Object.entries(value).filter(([key]) => !old.includes(key)));
}

export const deploymentCreate = z.preprocess(
  withoutOldFields,
  z
    .strictObject({
      ...described,
      name: z.string(),
      flow_id: uuid,
      schedules: z.array(scheduleCreate).default([]),
      enforce_parameter_schema: z.boolean().optional(),
      parameters: parameters.optional(),
      labels: labels.nullish(),
      job_variables: jsonObject.optional(),
    })
    .meta({ id: 'DeploymentCreate' }),
);
export type DeploymentCreate = z.output<typeof deploymentCreate>;

export const deploymentUpdate = z.preprocess(
  withoutOldFields,
  z
    .strictObject({
      ...described,
      schedules: z.array(scheduleUpdate).optional(),
      enforce_parameter_schema: z.boolean().nullish(),
      parameters: parameters.nullish(),
      job_variables: jsonObject.nullish(),
    })
    .meta({ id: 'DeploymentUpdate' }),
);
export type DeploymentUpdate = z.output<typeof deploymentUpdate>;

const deploymentSort = z.enum(['CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC', 'NAME_DESC']).meta({ id: 'DeploymentSort' });

const sort = deploymentSort.default('NAME_ASC');
const byId = z.object({ id: uuid });

export const deploymentRoutes = defineRoutes({
  ...scheduleRoutes,
  create_deployment: {
    method: 'POST',
    path: '/deployments/',
    summary: 'Create or replace a deployment',
    status: 200,
    newStatus: 201,
    body: deploymentCreate,
    response: deployment,
    errors: ['not_found', 'conflict', 'invalid_request', 'too_large'],
  },
  update_deployment: {
    method: 'PATCH',
    path: '/deployments/{id}',
    summary: 'Change a deployment',
    status: 204,
    params: byId,
    body: deploymentUpdate,
    errors: ['not_found', 'conflict', 'invalid_request', 'too_large'],
  },
  read_deployment_by_name: {
    method: 'GET',
    path: '/deployments/name/{flow_name}/{deployment_name+}',
    summary: 'Read a deployment by the names of its flow and its own',
    status: 200,
    params: z.object({ flow_name: z.string(), deployment_name: z.string() }),
    response: deployment,
    errors: ['not_found'],
  },
  read_deployment: {
    method: 'GET',
    path: '/deployments/{id}',
    summary: 'Read a deployment',
    status: 200,
    params: byId,
    response: deployment,
    errors: ['not_found'],
  },
  read_deployments: {
    method: 'POST',
    path: '/deployments/filter',
    summary: 'List deployments',
    status: 200,
    body: fields({ ...everyFilter, sort, limit, offset }),
    response: z.array(deployment),
    errors: ['invalid_request'],
  },
  paginate_deployments: {
    method: 'POST',
    path: '/deployments/paginate',
    summary: 'List deployments page by page',
    status: 200,
    body: fields({ ...everyFilter, sort, limit, page }),
    response: pageOf('DeploymentPaginationResponse', deployment),
    errors: ['invalid_request'],
  },
  count_deployments: {
    method: 'POST',
    path: '/deployments/count',
    summary: 'Count deployments',
    status: 200,
    body: fields(everyFilter),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  delete_deployment: {
    method: 'DELETE',
    path: '/deployments/{id}',
    summary: 'Delete a deployment and its runs that wait',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
  bulk_delete_deployments: {
    method: 'POST',
    path: '/deployments/bulk_delete',
    summary: 'Delete the deployments that a filter means, with their runs that wait',
    status: 200,
    body: fields({ deployments: deploymentFilter.nullish(), limit: bulkLimit }),
    response: z.object({ deleted: z.array(z.string()) }).meta({ id: 'DeploymentBulkDeleteResponse' }),
    errors: ['invalid_request'],
  },
  pause_deployment: {
    method: 'POST',
    path: '/deployments/{id}/pause_deployment',
    summary: 'Stop the schedules of a deployment',
    status: 200,
    params: byId,
    errors: ['not_found'],
  },
  resume_deployment: {
    method: 'POST',
    path: '/deployments/{id}/resume_deployment',
    summary: 'Let the schedules of a deployment go on',
    status: 200,
    params: byId,
    errors: ['not_found'],
  },
  work_queue_check_for_deployment: {
    method: 'GET',
    path: '/deployments/{id}/work_queue_check',
    summary: 'List the queues that can take the runs of a deployment',
    status: 200,
    params: byId,
    response: z.array(plainWorkQueue),
    errors: ['not_found'],
  },
});
