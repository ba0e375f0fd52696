// Saved searches: filter sets of Prefect's page under a name. Nothing of ours reads them.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { fields, json, limit, offset, timeOrNull, uuid } from './scalars.ts';

const savedFilter = z
  .object({
    object: z.string(),
    property: z.string(),
    type: z.string(),
    operation: z.string(),
    value: json,
  })
  .meta({ id: 'SavedSearchFilter' });

const savedSearch = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    filters: z.array(savedFilter),
  })
  .meta({ id: 'SavedSearch' });

const byId = z.object({ id: uuid });

export const savedSearchRoutes = defineRoutes({
  create_saved_search: {
    method: 'PUT',
    path: '/saved_searches/',
    summary: 'Save a search, or what it looks for from now on',
    status: 200,
    newStatus: 201,
    body: z
      .strictObject({ name: z.string(), filters: z.array(savedFilter).default([]) })
      .meta({ id: 'SavedSearchCreate' }),
    response: savedSearch,
    errors: ['invalid_request', 'too_large'],
  },
  read_saved_search: {
    method: 'GET',
    path: '/saved_searches/{id}',
    summary: 'Read a saved search',
    status: 200,
    params: byId,
    response: savedSearch,
    errors: ['not_found'],
  },
  read_saved_searches: {
    method: 'POST',
    path: '/saved_searches/filter',
    summary: 'List saved searches by name',
    status: 200,
    body: fields({ limit, offset }),
    response: z.array(savedSearch),
    errors: ['invalid_request'],
  },
  delete_saved_search: {
    method: 'DELETE',
    path: '/saved_searches/{id}',
    summary: 'Delete a saved search',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});
