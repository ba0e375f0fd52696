// Automations: a trigger, and the actions that follow when it fires.
import { z } from 'zod';
import { action, actionOut } from './automation-actions.ts';
import { trigger, triggerOut } from './automation-triggers.ts';
import { defineRoutes } from './define-routes.ts';
import { automationFilter } from './filters.ts';
import { fields, limit, offset, timeOrNull, uuid } from './scalars.ts';

const automation = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    description: z.string(),
    enabled: z.boolean(),
    tags: z.array(z.string()),
    trigger: triggerOut,
    actions: z.array(actionOut),
    actions_on_trigger: z.array(actionOut),
    actions_on_resolve: z.array(actionOut),
  })
  .meta({ id: 'Automation' });

const mostActions = 50;
const actions = z.array(action).max(mostActions);

const core = {
  name: z.string(),
  description: z.string().default(''),
  enabled: z.boolean().default(true),
  tags: z.array(z.string()).default([]),
  trigger,
  actions,
  actions_on_trigger: actions.default([]),
  actions_on_resolve: actions.default([]),
};

const automationCreate = z
  .strictObject({ ...core, owner_resource: z.string().nullish() })
  .meta({ id: 'AutomationCreate' });
export type AutomationCreate = z.output<typeof automationCreate>;
/** What is left out stays as it is, although Prefect's document gives it a default. */
const automationUpdate = z
  .strictObject({
    ...core,
    description: z.string().optional().meta({ default: '' }),
    enabled: z.boolean().optional().meta({ default: true }),
    tags: z.array(z.string()).optional().meta({ default: [] }),
    actions_on_trigger: actions.optional().meta({ default: [] }),
    actions_on_resolve: actions.optional().meta({ default: [] }),
  })
  .meta({ id: 'AutomationUpdate' });
export type AutomationUpdate = z.output<typeof automationUpdate>;

const byId = z.object({ id: uuid });
const byResource = z.object({ resource_id: z.string() });

export const automationRoutes = defineRoutes({
  create_automation: {
    method: 'POST',
    path: '/automations/',
    summary: 'Create an automation',
    status: 201,
    body: automationCreate,
    response: automation,
    errors: ['invalid_request', 'not_found', 'too_large'],
  },
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
  read_automation: {
    method: 'GET',
    path: '/automations/{id}',
    summary: 'Read an automation',
    status: 200,
    params: byId,
    response: automation,
    errors: ['not_found'],
  },
  update_automation: {
    method: 'PUT',
    path: '/automations/{id}',
    summary: 'Replace an automation',
    status: 204,
    params: byId,
    body: automationUpdate,
    errors: ['invalid_request', 'not_found', 'too_large'],
  },
  patch_automation: {
    method: 'PATCH',
    path: '/automations/{id}',
    summary: 'Switch an automation on or off',
    status: 204,
    params: byId,
    body: z.strictObject({ enabled: z.boolean().optional() }).meta({ id: 'AutomationPartialUpdate' }),
    errors: ['invalid_request', 'not_found'],
  },
  delete_automation: {
    method: 'DELETE',
    path: '/automations/{id}',
    summary: 'Delete an automation',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});
