import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
let flowId: string;
beforeAll(async () => {
  api = await startApi();
  flowId = (await api.call('POST', '/api/flows/', { body: { name: 'flow', labels: { from: 'flow' } } })).body.id;
  for (const [name, type, base_job_template] of [
    ['process', 'process', processTemplate],
    ['push', 'ecs:push', ecsPushTemplate],
  ] as const) {
    await api.call('POST', '/api/work_pools/', { body: { name, type, base_job_template } });
  }
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

const create = (name: string, extra: object = {}) =>
  api.call('POST', '/api/deployments/', { body: { name, flow_id: flowId, ...extra } });
const read = async (id: string) => (await api.call('GET', `/api/deployments/${id}`)).body;
const update = (id: string, body: object) => api.call('PATCH', `/api/deployments/${id}`, { body });

const schema = {
  type: 'object',
  title: 'Parameters',
  properties: { x: { type: 'integer', title: 'x' }, name: { type: 'string', title: 'name' } },
  required: ['x'],
};
const hourly = { interval: 3600, anchor_date: '2026-01-01T00:00:00Z', timezone: 'UTC' };

describe('deployments', () => {
  it('creates a deployment in the default queue of its pool and reads it by id and by names', async () => {
    const created = await create('first', {
      work_pool_name: 'push',
      tags: ['t'],
      labels: { own: 1 },
      version: 'v1',
      version_info: { type: 'git', version: 'abc', branch: 'main' },
      pull_steps: [{ 'prefect.deployments.steps.set_working_directory': { directory: '/x' } }],
      entrypoint: 'flows/a.py:a',
      parameters: { x: 1 },
      parameter_openapi_schema: schema,
      job_variables: { cpu: 1024, memory: 2048 },
      concurrency_limit: 2,
      concurrency_options: { collision_strategy: 'ENQUEUE' },
    });
    const byName = await api.call('GET', '/api/deployments/name/flow/first');

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'first',
      flow_id: flowId,
      work_pool_name: 'push',
      work_queue_name: 'default',
      status: 'READY',
      tags: ['t'],
      labels: { from: 'flow', own: 1, 'prefect.flow.id': flowId },
      version: 'v1',
      parameters: { x: 1 },
      parameter_openapi_schema: schema,
      enforce_parameter_schema: true,
      job_variables: { cpu: 1024, memory: 2048 },
      schedules: [],
      concurrency_limit: null,
      global_concurrency_limit: { limit: 2 },
      concurrency_options: { collision_strategy: 'ENQUEUE' },
      paused: false,
    });
    expect(byName.body).toEqual(created.body);
    expect(await read(created.body.id)).toEqual(created.body);
  });

  it('changes the deployment that is there when it is created again, and keeps what is not sent', async () => {
    const first = await create('again', { description: 'old', tags: ['a'], schedules: [{ schedule: hourly }] });
    api.clock.now = start + 1000;

    const second = await create('again', { tags: ['b'] });

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toMatchObject({
      id: first.body.id,
      created: first.body.created,
      updated: '2026-11-23T12:00:01.000Z',
      description: 'old',
      tags: ['b'],
      schedules: [],
    });
  });

  it('makes a queue that is named but not there', async () => {
    const created = await create('queued', { work_pool_name: 'process', work_queue_name: 'fresh' });
    const queue = await api.call('GET', '/api/work_pools/process/queues/fresh');

    expect(created.body.work_queue_id).toBe(queue.body.id);
    expect(queue.body).toMatchObject({ name: 'fresh', priority: 2 });
  });

  it('puts a deployment that names a queue without a pool into the pool for agents', async () => {
    const created = await create('agent', { work_queue_name: 'old style' });

    expect(created.body).toMatchObject({ work_pool_name: 'default-agent-pool', work_queue_name: 'old style' });
  });

  it('moves to a queue of the pool that it has', async () => {
    const { id } = (await create('moving', { work_pool_name: 'process' })).body;

    await update(id, { work_queue_name: 'elsewhere' });

    expect(await read(id)).toMatchObject({ work_pool_name: 'process', work_queue_name: 'elsewhere' });
  });

  it('takes AWS credentials on a push pool and logs that they are ignored', async () => {
    api.logged.length = 0;
    const job_variables = { aws_credentials: { aws_access_key_id: 'AKIA-SECRET' } };

    const created = await create('credentials', { work_pool_name: 'push', job_variables });

    expect(created.status).toBe(201);
    expect(api.logged).toEqual([
      { level: 'WARN', message: 'aws credentials ignored', fields: { work_pool: 'push', deployment: 'credentials' } },
    ]);
  });

  it('changes only what is sent; null takes a field away', async () => {
    const { id } = (await create('patched', { description: 'd', version: '1', tags: ['a'] })).body;

    const answer = await update(id, { description: null, paused: true, work_pool_name: 'process' });

    expect(answer.status).toBe(204);
    expect(await read(id)).toMatchObject({
      description: null,
      version: '1',
      tags: ['a'],
      paused: true,
      work_pool_name: 'process',
      work_queue_name: 'default',
    });
  });

  it('pauses and resumes', async () => {
    const { id } = (await create('pausing')).body;

    const paused = await api.call('POST', `/api/deployments/${id}/pause_deployment`);
    const whilePaused = await read(id);
    await api.call('POST', `/api/deployments/${id}/resume_deployment`);

    expect(paused).toMatchObject({ status: 200, body: null });
    expect([whilePaused.paused, (await read(id)).paused]).toEqual([true, false]);
  });

  it('is ready for a minute after somebody polled its queue or itself', async () => {
    const { id } = (await create('polled', { work_pool_name: 'process', work_queue_name: 'polled' })).body;
    const { id: served } = (await create('served')).body;

    const { status: before, last_polled: never } = await read(id);
    await api.call('POST', '/api/work_pools/process/get_scheduled_flow_runs', {
      body: { work_queue_names: ['polled'] },
    });
    await api.call('POST', '/api/deployments/get_scheduled_flow_runs', { body: { deployment_ids: [served] } });
    const after = [(await read(id)).status, (await read(served)).status];
    const polled = [(await read(id)).last_polled, (await read(served)).last_polled];
    api.clock.now = start + 61_000;
    const silent = [(await read(id)).status, (await read(served)).status];

    expect([before, never]).toEqual(['NOT_READY', null]);
    expect(polled).toEqual([new Date(start).toISOString(), new Date(start).toISOString()]);
    expect(after).toEqual(['READY', 'READY']);
    expect(silent).toEqual(['NOT_READY', 'NOT_READY']);
  });

  it('lists, counts and pages by every kind of filter', async () => {
    const other = (await api.call('POST', '/api/flows/', { body: { name: 'other' } })).body.id;
    await create('find-a', { tags: ['x', 'y'], work_pool_name: 'process' });
    await create('find-b', { tags: ['x'], flow_id: other, paused: true });
    const names = async (filters: object) => {
      const answer = await api.call('POST', '/api/deployments/filter', { body: filters });
      return answer.body.map(({ name }: { name: string }) => name).filter((name: string) => name.startsWith('find-'));
    };

    expect(await names({ deployments: { name: { like_: 'FIND' } } })).toEqual(['find-a', 'find-b']);
    expect(await names({ deployments: { tags: { all_: ['x', 'y'] } } })).toEqual(['find-a']);
    expect(await names({ deployments: { tags: { any_: ['y', 'z'] } } })).toEqual(['find-a']);
    expect(await names({ deployments: { paused: { eq_: true } } })).toEqual(['find-b']);
    expect(await names({ flows: { name: { any_: ['other'] } } })).toEqual(['find-b']);
    expect(await names({ work_pools: { name: { any_: ['process'] } } })).toEqual(['find-a']);
    expect(await names({ deployments: { flow_or_deployment_name: { like_: 'othe' } } })).toEqual(['find-b']);
    expect(await names({ deployments: { name: { like_: 'find' } }, sort: 'NAME_DESC' })).toEqual(['find-b', 'find-a']);
    const filter = { deployments: { name: { like_: 'find-' } } };
    expect((await api.call('POST', '/api/deployments/count', { body: filter })).body).toBe(2);
    expect((await api.call('POST', '/api/deployments/paginate', { body: { ...filter, limit: 1 } })).body).toMatchObject(
      {
        count: 2,
        pages: 2,
        page: 1,
        results: [{ name: 'find-a' }],
      },
    );
  });

  it('deletes a deployment and its runs that still wait', async () => {
    const { id } = (await create('doomed', { work_pool_name: 'push' })).body;
    const run = (await api.call('POST', `/api/deployments/${id}/create_flow_run`, { body: {} })).body;

    const deleted = await api.call('DELETE', `/api/deployments/${id}`);

    expect(deleted.status).toBe(204);
    expect((await api.call('GET', `/api/deployments/${id}`)).status).toBe(404);
    expect((await api.call('GET', `/api/flow_runs/${run.id}`)).status).toBe(404);
  });

  it('has what its parameters refer to filled in when they are changed', async () => {
    const { id } = (await create('hydrated')).body;
    await api.call('POST', '/api/variables/', { body: { name: 'limit', value: 7 } });
    const refer = (name: string) => ({ x: { __prefect_kind: 'workspace_variable', variable_name: name } });

    const changed = await api.call('PATCH', `/api/deployments/${id}`, { body: { parameters: refer('limit') } });
    const refused = await api.call('PATCH', `/api/deployments/${id}`, { body: { parameters: refer('none') } });

    expect([changed.status, refused.status]).toEqual([204, 400]);
    expect((await api.call('GET', `/api/deployments/${id}`)).body.parameters).toEqual({ x: 7 });
  });

  it('deletes many at once, and tells which', async () => {
    const ids = await Promise.all(['many-1', 'many-2', 'many-3'].map(async (name) => (await create(name)).body.id));
    const deployments = { name: { like_: 'many-' } };

    const two = await api.call('POST', '/api/deployments/bulk_delete', { body: { deployments, limit: 2 } });
    const rest = await api.call('POST', '/api/deployments/bulk_delete', { body: { deployments } });
    const tooMany = await api.call('POST', '/api/deployments/bulk_delete', { body: { limit: 51 } });

    expect([two.status, rest.status, tooMany.status]).toEqual([200, 200, 422]);
    expect(two.body.deleted).toHaveLength(2);
    expect([...two.body.deleted, ...rest.body.deleted].sort()).toEqual(ids.sort());
  });

  it('leaves its pool when it is told to', async () => {
    const { id } = (await create('leaving', { work_pool_name: 'process' })).body;

    await api.call('PATCH', `/api/deployments/${id}`, { body: { work_pool_name: null } });

    expect((await api.call('GET', `/api/deployments/${id}`)).body).toMatchObject({
      work_pool_name: null,
      work_queue_name: null,
      work_queue_id: null,
    });
  });

  it('tells which queues can take its runs: all, since none has a filter', async () => {
    const { id } = (await create('checked', { work_pool_name: 'process' })).body;

    const answer = await api.call('GET', `/api/deployments/${id}/work_queue_check`);

    expect(answer.body).toContainEqual(expect.objectContaining({ name: 'default', filter: null, priority: 1 }));
    expect(Object.keys(answer.body[0])).not.toContain('status');
  });
});
