// Flows. Creating one that exists answers the one that is there (200 instead of 201).
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter, workPoolFilter } from './filters.ts';
import { bulkLimit, fields, labels, limit, name, offset, page, pageOf, timeOrNull, timeText, uuid } from './scalars.ts';
import { stateType } from './states.ts';

export const flow = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    tags: z.array(z.string()),
    labels: labels.nullable(),
  })
  .meta({ id: 'Flow' });

const flowSort = z.enum(['CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC', 'NAME_DESC']).meta({ id: 'FlowSort' });

const filters = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
  work_pools: workPoolFilter.nullish(),
};
const sort = flowSort.default('NAME_ASC');
const byId = z.object({ id: uuid });

export const flowRoutes = defineRoutes({
  create_flow: {
    method: 'POST',
    path: '/flows/',
    summary: 'Create a flow, or read the one of that name',
    status: 200,
    newStatus: 201,
    body: z
      .strictObject({ name, tags: z.array(z.string()).default([]), labels: labels.nullish() })
      .meta({ id: 'FlowCreate' }),
    response: flow,
    errors: ['too_large'],
  },
  update_flow: {
    method: 'PATCH',
    path: '/flows/{id}',
    summary: 'Change a flow',
    status: 204,
    params: byId,
    body: z.strictObject({ tags: z.array(z.string()).optional() }).meta({ id: 'FlowUpdate' }),
    errors: ['not_found', 'too_large'],
  },
  count_flows: {
    method: 'POST',
    path: '/flows/count',
    summary: 'Count flows',
    status: 200,
    body: fields(filters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_flow_by_name: {
    method: 'GET',
    path: '/flows/name/{name}',
    summary: 'Read a flow by name',
    status: 200,
    params: z.object({ name: z.string() }),
    response: flow,
    errors: ['not_found'],
  },
  read_flow: {
    method: 'GET',
    path: '/flows/{id}',
    summary: 'Read a flow',
    status: 200,
    params: byId,
    response: flow,
    errors: ['not_found'],
  },
  read_flows: {
    method: 'POST',
    path: '/flows/filter',
    summary: 'List flows',
    status: 200,
    body: fields({ ...filters, sort, limit, offset }),
    response: z.array(flow),
    errors: ['invalid_request'],
  },
  paginate_flows: {
    method: 'POST',
    path: '/flows/paginate',
    summary: 'List flows page by page',
    status: 200,
    body: fields({ ...filters, sort, limit, page }),
    response: pageOf('FlowPaginationResponse', flow),
    errors: ['invalid_request'],
  },
  bulk_delete_flows: {
    method: 'POST',
    path: '/flows/bulk_delete',
    summary: 'Delete the flows that a filter means, with their deployments',
    status: 200,
    body: fields({ flows: flowFilter.nullish(), limit: bulkLimit }),
    response: z.object({ deleted: z.array(z.string()) }).meta({ id: 'FlowBulkDeleteResponse' }),
    errors: ['invalid_request'],
  },
  delete_flow: {
    method: 'DELETE',
    path: '/flows/{id}',
    summary: 'Delete a flow and its deployments',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});

const asked = fields({ flow_ids: z.array(uuid).max(200) });

export const uiFlowRoutes = defineRoutes({
  count_deployments_by_flow: {
    method: 'POST',
    path: '/ui/flows/count-deployments',
    summary: 'Count the deployments of some flows',
    status: 200,
    body: asked,
    response: z.record(z.string(), z.number().int()),
    errors: ['invalid_request'],
  },
  next_runs_by_flow: {
    method: 'POST',
    path: '/ui/flows/next-runs',
    summary: 'Tell the next run that each of some flows has ahead',
    status: 200,
    body: asked,
    response: z.record(
      z.string(),
      z
        .object({
          id: z.string(),
          flow_id: z.string(),
          name: z.string(),
          state_name: z.string(),
          state_type: stateType,
          next_scheduled_start_time: timeText,
        })
        .meta({ id: 'SimpleNextFlowRun' })
        .nullable(),
    ),
    errors: ['invalid_request'],
  },
});
