// Automations: nothing can be created yet, so every list is empty. The client asks on each deploy.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { automationFilter } from './filters.ts';
import { fields, jsonObject, limit, offset, timeOrNull } from './scalars.ts';

const automation = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    description: z.string(),
    enabled: z.boolean(),
    tags: z.array(z.string()),
    trigger: jsonObject,
    actions: z.array(jsonObject),
    actions_on_trigger: z.array(jsonObject),
    actions_on_resolve: z.array(jsonObject),
  })
  .meta({ id: 'Automation' });

const byResource = z.object({ resource_id: z.string() });

export const automationRoutes = defineRoutes({
  read_automations: {
    method: 'POST',
    path: '/automations/filter',
    summary: 'List automations',
    status: 200,
    body: fields({
      automations: automationFilter.nullish(),
      sort: z.enum(['CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC', 'NAME_DESC']).meta({ id: 'AutomationSort' }).optional(),
      limit,
      offset,
    }),
    response: z.array(automation),
    errors: ['invalid_request'],
  },
  count_automations: {
    method: 'POST',
    path: '/automations/count',
    summary: 'Count automations',
    status: 200,
    body: fields({ automations: automationFilter.nullish() }),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_automations_related_to_resource: {
    method: 'GET',
    path: '/automations/related-to/{resource_id+}',
    summary: 'List the automations that name a resource',
    status: 200,
    params: byResource,
    response: z.array(automation),
    errors: [],
  },
  delete_automations_owned_by_resource: {
    method: 'DELETE',
    path: '/automations/owned-by/{resource_id+}',
    summary: 'Delete the automations that a resource owns',
    status: 202,
    params: byResource,
    errors: [],
  },
});
