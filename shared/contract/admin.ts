// The server itself: version, settings, health, and the views of the collection registry.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { jsonObject, uuid } from './scalars.ts';

/** What the client compares its own version with: the major versions must be the same. */
export const prefectVersion = '3.8.8';

/** The version of the REST API itself. */
export const apiVersion = '0.8.4';

/** The lowest `X-PREFECT-API-VERSION` that is served. */
export const minimumApiVersion = '0.8.0';

const resultStorage = z
  .object({ default_result_storage_block_id: z.string().nullable() })
  .meta({ id: 'ServerDefaultResultStorage' });

export const adminRoutes = defineRoutes({
  read_version: {
    method: 'GET',
    path: '/admin/version',
    summary: 'The version of Prefect whose API this is',
    status: 200,
    response: z.string(),
    errors: [],
  },
  server_version: {
    method: 'GET',
    path: '/version',
    summary: 'The version of the REST API',
    status: 200,
    response: z.string(),
    errors: [],
  },
  read_settings: {
    method: 'GET',
    path: '/admin/settings',
    summary: 'The settings that are on',
    status: 200,
    response: jsonObject,
    errors: [],
  },
  read_server_default_result_storage: {
    method: 'GET',
    path: '/admin/storage',
    summary: 'Where results are kept by default',
    status: 200,
    response: resultStorage,
    errors: [],
  },
  update_server_default_result_storage: {
    method: 'PUT',
    path: '/admin/storage',
    summary: 'Keep results in this block by default',
    status: 200,
    body: z.object({ default_result_storage_block_id: uuid }).meta({ id: 'ServerDefaultResultStorageUpdate' }),
    response: resultStorage,
    errors: ['not_found', 'invalid_request'],
  },
  clear_server_default_result_storage: {
    method: 'DELETE',
    path: '/admin/storage',
    summary: 'Keep results nowhere by default',
    status: 204,
    errors: [],
  },
  health_check: {
    method: 'GET',
    path: '/health',
    summary: 'Whether the API runs',
    status: 200,
    response: z.boolean(),
    errors: [],
  },
  perform_readiness_check: {
    method: 'GET',
    path: '/ready',
    summary: 'Whether the API reaches its database',
    status: 200,
    response: z.object({ message: z.string() }),
    errors: ['unavailable'],
  },
  hello: {
    method: 'GET',
    path: '/hello',
    summary: 'Say hello',
    status: 200,
    response: z.string(),
    errors: [],
  },
  create_csrf_token: {
    method: 'GET',
    path: '/csrf-token',
    summary: 'Refused: the API has no cookies, so there is nothing to forge',
    status: 200,
    query: z.object({ client: z.string() }),
    response: jsonObject,
    errors: ['csrf_disabled'],
  },
  read_view_content: {
    method: 'GET',
    path: '/collections/views/{view}',
    summary: 'What the CLI knows about types of work pools',
    status: 200,
    params: z.object({ view: z.string() }),
    response: jsonObject,
    errors: ['not_found'],
  },
});
