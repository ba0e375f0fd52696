// Flows. Creating one that exists answers the one that is there (200 instead of 201).
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter, workPoolFilter } from './filters.ts';
import { fields, labels, limit, name, offset, page, pageOf, timeOrNull, uuid } from './scalars.ts';

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
  delete_flow: {
    method: 'DELETE',
    path: '/flows/{id}',
    summary: 'Delete a flow and its deployments',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});
