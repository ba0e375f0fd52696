// What the server says of itself, whatever is stored, and what it says when nothing is stored.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('the server', () => {
  it.each([
    ['/api/health', true],
    ['/api/ready', { message: 'OK' }],
    ['/api/hello', '👋'],
    ['/api/version', '0.8.4'],
    ['/api/admin/version', '3.8.8'],
  ] as const)('answers GET %s with what clients look for', async (path, body) => {
    const answer = await api.call('GET', path);

    expect(answer).toMatchObject({ status: 200, body });
  });

  it('tells the client to do without CSRF tokens, in the words that it looks for', async () => {
    const answer = await api.call('GET', '/api/csrf-token', { query: `client=${nobody}` });

    expect(answer).toMatchObject({ status: 422, body: { detail: 'CSRF protection is disabled.' } });
  });

  it('wants to know whom a CSRF token would be for', async () => {
    const answer = await api.call('GET', '/api/csrf-token');

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail).toMatchObject([{ loc: ['query', 'client'] }]);
  });

  it('offers the types of work pools that the CLI may create', async () => {
    const answer = await api.call('GET', '/api/collections/views/aggregate-worker-metadata');

    const types = Object.values<object>(answer.body).flatMap((types) => Object.keys(types));
    expect(types.sort()).toEqual(['docker', 'ecs', 'ecs:push', 'kubernetes', 'process']);
  });
});

it('tells its settings', async () => {
  const answer = await api.call('GET', '/api/admin/settings');

  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ server: expect.any(Object) });
});

describe('a server that stores nothing', () => {
  it.each([
    ['POST', '/api/automations/filter', {}, 200, []],
    ['POST', '/api/automations/count', {}, 200, 0],
    ['POST', '/api/task_runs/filter', { sort: 'ID_DESC', flow_runs: null }, 200, []],
    ['POST', '/api/task_runs/count', {}, 200, 0],
    ['GET', '/api/admin/storage', undefined, 200, { default_result_storage_block_id: null }],
  ] as const)('answers %s %s with nothing', async (method, path, sent, status, body) => {
    const answer = await api.call(method, path, sent === undefined ? {} : { body: sent });

    expect(answer).toMatchObject({ status, body });
  });

  it('gives a lease of no limits, so that nothing is held back', async () => {
    const body = { names: ['tag:a'], slots: 1, mode: 'concurrency', lease_duration: 60, holder: null };

    const answer = await api.call('POST', '/api/v2/concurrency_limits/increment-with-lease', { body });

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ lease_id: expect.stringMatching(/^[0-9a-f-]{36}$/), limits: [] });
  });
});

it.each([
  ['POST', '/api/task_runs/filter', { limit: 1000 }],
  ['POST', '/api/automations/filter', { sort: 'SIZE' }],
  ['POST', '/api/task_runs/', { name: 'no task key' }],
  ['POST', '/api/automations/', { name: 'no trigger' }],
] as const)('%s %s answers 422 to %j', async (method, path, body) => {
  const answer = await api.call(method, path, { body });

  expect(answer.status).toBe(422);
});
