import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

async function poolNamed(name: string, extra: object = {}) {
  const body = { name, type: 'process', base_job_template: processTemplate, ...extra };
  return (await api.call('POST', '/api/work_pools/', { body })).body;
}

const path = (name: string) => `/api/work_pools/${name}`;

describe('workers', () => {
  const beat = (pool: string, name: string, seconds?: number) =>
    api.call('POST', `${path(pool)}/workers/heartbeat`, { body: { name, heartbeat_interval_seconds: seconds } });
  const workersOf = async (pool: string, filter?: object) =>
    (await api.call('POST', `${path(pool)}/workers/filter`, { body: { workers: filter } })).body;

  it('makes a worker and its pool alive by a heartbeat, until three more are missed', async () => {
    await poolNamed('lively');

    const answer = await beat('lively', 'worker 1', 10);
    const alive = (await workersOf('lively'))[0];
    const ready = (await api.call('GET', path('lively'))).body.status;
    api.clock.now = start + 30_001;
    const silent = (await workersOf('lively'))[0];
    const notReady = (await api.call('GET', path('lively'))).body.status;

    expect(answer.status).toBe(204);
    expect(alive).toMatchObject({ name: 'worker 1', status: 'ONLINE', heartbeat_interval_seconds: 10 });
    expect([ready, notReady]).toEqual(['READY', 'NOT_READY']);
    expect(silent).toMatchObject({ id: alive.id, status: 'OFFLINE', last_heartbeat_time: '2026-11-23T12:00:00.000Z' });
  });

  it('finds workers by status and forgets one whose name has spaces and a slash', async () => {
    await poolNamed('staffed');
    await beat('staffed', 'old/worker 1');
    api.clock.now = start + 91_000;
    await beat('staffed', 'young');

    const online = await workersOf('staffed', { status: { any_: ['ONLINE'] } });
    const deleted = await api.call('DELETE', `${path('staffed')}/workers/old/worker 1`);
    const again = await api.call('DELETE', `${path('staffed')}/workers/old/worker 1`);
    const left = await workersOf('staffed');

    expect(online.map((worker: { name: string }) => worker.name)).toEqual(['young']);
    expect([deleted.status, again.status]).toEqual([204, 404]);
    expect(left).toHaveLength(1);
  });

  it('answers 422 to a heartbeat without a name', async () => {
    await poolNamed('nameless');

    const answer = await api.call('POST', `${path('nameless')}/workers/heartbeat`, { body: {} });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0]).toEqual({ type: 'missing', loc: ['body', 'name'], msg: 'Field required' });
  });
});

it.each(['', 'x'.repeat(501)])('a worker cannot be named %j', async (name) => {
  await api.call('POST', '/api/work_pools/', { body: { name: 'naming', type: 'process' } });

  const answer = await api.call('POST', '/api/work_pools/naming/workers/heartbeat', { body: { name } });

  expect(answer.status).toBe(422);
});
