import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it.each([
  ['POST', '/api/automations/filter', {}, 200, []],
  ['POST', '/api/automations/count', {}, 200, 0],
  ['GET', '/api/automations/related-to/prefect.deployment.x', undefined, 200, []],
  ['DELETE', '/api/automations/owned-by/prefect.deployment.x', undefined, 202, null],
  ['POST', '/api/concurrency_limits/filter', { limit: null, offset: 0 }, 200, []],
  ['POST', '/api/v2/concurrency_limits/filter', { limit: 10 }, 200, []],
  ['POST', '/api/v2/concurrency_limits/increment', { names: ['a'], slots: 1, mode: 'rate_limit' }, 200, []],
  ['POST', '/api/v2/concurrency_limits/decrement', { names: ['a'], slots: 1, occupancy_seconds: 2.5 }, 200, []],
  ['POST', '/api/v2/concurrency_limits/decrement-with-lease', { lease_id: nobody }, 204, undefined],
  ['POST', '/api/task_runs/filter', { sort: 'ID_DESC', flow_runs: null }, 200, []],
  ['POST', '/api/task_runs/count', {}, 200, 0],
  ['GET', '/api/admin/storage', undefined, 200, { default_result_storage_block_id: null }],
  ['GET', '/api/health', undefined, 200, true],
  ['GET', '/api/ready', undefined, 200, { message: 'OK' }],
  ['GET', '/api/hello', undefined, 200, '👋'],
  ['GET', '/api/version', undefined, 200, '0.8.4'],
] as const)('answers %s %s as a server that has none', async (method, path, sent, status, body) => {
  const answer = await api.call(method, path, sent === undefined ? {} : { body: sent });

  expect(answer.status).toBe(status);
  expect(answer.body).toEqual(body);
});

it('gives a lease of no limits, so that nothing is held back', async () => {
  const body = { names: ['tag:a'], slots: 1, mode: 'concurrency', lease_duration: 60, holder: null };

  const answer = await api.call('POST', '/api/v2/concurrency_limits/increment-with-lease', { body });

  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ lease_id: expect.stringMatching(/^[0-9a-f-]{36}$/), limits: [] });
});

it('answers 410 to the renewal of a lease, as for one that has run out', async () => {
  const answer = await api.call('POST', `/api/v2/concurrency_limits/leases/${nobody}/renew`, {
    body: { lease_duration: 60 },
  });

  expect(answer.status).toBe(410);
});

it('tells the client to do without CSRF tokens, in the words that it looks for', async () => {
  const answer = await api.call('GET', '/api/csrf-token', { query: `client=${nobody}` });

  expect(answer).toMatchObject({ status: 422, body: { detail: 'CSRF protection is disabled.' } });
});

it('offers the types of work pools that the CLI may create', async () => {
  const answer = await api.call('GET', '/api/collections/views/aggregate-worker-metadata');

  const types = Object.values<object>(answer.body).flatMap((types) => Object.keys(types));
  expect(types.sort()).toEqual(['ecs:push', 'process']);
});

it.each([
  ['GET', '/api/collections/views/nothing', undefined, 404],
  ['GET', '/api/v2/concurrency_limits/nobody', undefined, 404],
  ['GET', '/api/csrf-token', undefined, 422],
  ['POST', '/api/v2/concurrency_limits/increment', { names: [], slots: 1 }, 422],
  ['POST', '/api/v2/concurrency_limits/increment', { names: ['a'], slots: 0 }, 422],
  ['POST', '/api/v2/concurrency_limits/increment-with-lease', { names: ['a'], slots: 1, lease_duration: 1 }, 422],
  ['POST', '/api/v2/concurrency_limits/decrement-with-lease', {}, 422],
  ['POST', '/api/task_runs/filter', { limit: 1000 }, 422],
  ['POST', '/api/automations/filter', { sort: 'SIZE' }, 422],
  ['POST', '/api/task_runs/', { name: 'not yet' }, 422],
  ['POST', '/api/automations/', { name: 'not yet' }, 404],
] as const)('answers %s %s %j with %i', async (method, path, sent, status) => {
  const answer = await api.call(method, path, sent === undefined ? {} : { body: sent });

  expect(answer.status).toBe(status);
});
