import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

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

describe('work pools', () => {
  it('creates a pool together with its default queue', async () => {
    const created = await api.call('POST', '/api/work_pools/', {
      body: { name: 'first', type: 'process', base_job_template: processTemplate, description: 'd' },
    });
    const queue = await api.call('GET', `${path('first')}/queues/default`);

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'first',
      type: 'process',
      description: 'd',
      is_paused: false,
      concurrency_limit: null,
      active_slots: null,
      status: 'NOT_READY',
      base_job_template: processTemplate,
      storage_configuration: { bundle_upload_step: null },
      default_queue_id: queue.body.id,
    });
    expect(queue.body).toMatchObject({ name: 'default', priority: 1, work_pool_id: created.body.id });
  });

  it('reads a pool whose name has spaces', async () => {
    const pool = await poolNamed('my own pool');

    const answer = await api.call('GET', path('my own pool'));

    expect(answer).toMatchObject({ status: 200, body: pool });
  });

  it('gives a push pool without a template the one of its type, and calls it ready', async () => {
    const created = await api.call('POST', '/api/work_pools/', { body: { name: 'push', type: 'ecs:push' } });

    expect(created.body.base_job_template).toEqual(ecsPushTemplate);
    expect(created.body.status).toBe('READY');
  });

  it('shows a paused pool as paused and clears a limit by null', async () => {
    await poolNamed('changing', { concurrency_limit: 3 });

    const paused = await api.call('PATCH', path('changing'), { body: { is_paused: true, description: 'new' } });
    const whilePaused = await api.call('GET', path('changing'));
    await api.call('PATCH', path('changing'), { body: { is_paused: false, concurrency_limit: null } });
    const after = await api.call('GET', path('changing'));

    expect(paused.status).toBe(204);
    expect(whilePaused.body).toMatchObject({ status: 'PAUSED', concurrency_limit: 3, active_slots: 0 });
    expect(after.body).toMatchObject({
      status: 'NOT_READY',
      concurrency_limit: null,
      active_slots: null,
      description: 'new',
    });
  });

  it('counts pending and running runs as the slots of a limit', async () => {
    const pool = await poolNamed('slots', { concurrency_limit: 5 });
    const key = { flowId: nobody, workPoolName: 'slots', workQueueId: pool.default_queue_id };
    await api.counters.apply('shard-slots', { before: undefined, last: '9' }, [
      { key, type: 'PENDING', by: 2 },
      { key, type: 'RUNNING', by: 1 },
      { key, type: 'CANCELLING', by: 4 },
      { key, type: 'COMPLETED', by: 8 },
    ]);

    const answer = await api.call('GET', path('slots'));

    expect(answer.body.active_slots).toBe(3);
  });

  it('lists and counts pools by name, id and type', async () => {
    const [one, other] = [await poolNamed('listed-1'), await poolNamed('listed-2', { type: 'docker' })];
    const names = { any_: ['listed-1', 'listed-2'] };

    const byName = await api.call('POST', '/api/work_pools/filter', { body: { work_pools: { name: names } } });
    const byType = await api.call('POST', '/api/work_pools/filter', {
      body: { work_pools: { name: names, type: { any_: ['docker'] } } },
    });
    const either = await api.call('POST', '/api/work_pools/count', {
      body: { work_pools: { operator: 'or_', id: { any_: [one.id] }, type: { any_: ['docker'] } } },
    });

    expect(byName.body.map((pool: { name: string }) => pool.name)).toEqual(['listed-1', 'listed-2']);
    expect(byType.body.map((pool: { id: string }) => pool.id)).toEqual([other.id]);
    expect(either.body).toBe(2);
  });

  it('deletes a pool with its queues and takes its deployments out of it', async () => {
    const pool = await poolNamed('doomed');
    const flow = (await api.call('POST', '/api/flows/', { body: { name: 'of-doomed' } })).body;
    const body = { name: 'd', flow_id: flow.id, work_pool_name: 'doomed' };
    const deployment = (await api.call('POST', '/api/deployments/', { body })).body;

    const deleted = await api.call('DELETE', path('doomed'));
    const left = await api.call('GET', `/api/deployments/${deployment.id}`);

    expect(deleted.status).toBe(204);
    expect((await api.call('GET', path('doomed'))).status).toBe(404);
    expect((await api.call('GET', `/api/work_queues/${pool.default_queue_id}`)).status).toBe(404);
    expect(left.body).toMatchObject({ work_pool_name: null, work_queue_id: null, work_queue_name: null });
  });
});

describe('work pools that cannot be served', () => {
  it('answers 409 to a name that is taken, whatever the type', async () => {
    await poolNamed('taken');

    const answer = await api.call('POST', '/api/work_pools/', { body: { name: 'taken', type: 'docker' } });

    expect(answer).toMatchObject({ status: 409, body: { detail: 'A work pool with this name already exists.' } });
  });

  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/queues'],
    ['POST', '/queues/filter'],
    ['GET', '/queues/default'],
    ['POST', '/get_scheduled_flow_runs'],
    ['POST', '/workers/filter'],
    ['POST', '/workers/heartbeat'],
    ['DELETE', '/workers/w'],
  ])('answers 404 to %s of an unknown pool%s', async (method, rest) => {
    const body = { name: 'w' };
    const bodies: Record<string, object> = { GET: {}, DELETE: {}, PATCH: { body: {} }, POST: { body } };

    const answer = await api.call(method, `${path('nobody')}${rest}`, bodies[method]);

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Work pool "nobody" not found.' } });
  });

  it.each(['POST', 'DELETE', 'PATCH'])('answers 403 to %s of a name that Prefect reserves', async (method) => {
    const body = { name: 'prefect-things', description: 'x' };
    const call = { POST: { body }, PATCH: { body: { description: 'x' } }, DELETE: {} }[method];
    await api.deps.catalogue.workPools.create(
      {
        id: nobody,
        created: start,
        updated: start,
        version: 1,
        name: 'prefect-things',
        type: 'process',
        baseJobTemplate: {},
        isPaused: false,
        storageConfiguration: {},
        defaultQueueId: nobody,
      },
      {
        id: nobody,
        created: start,
        updated: start,
        version: 1,
        workPoolName: 'prefect-things',
        name: 'default',
        isPaused: false,
        priority: 1,
      },
    );

    const answer = await api.call(method, method === 'POST' ? '/api/work_pools/' : path('prefect-things'), call);

    expect(answer.status).toBe(403);
    expect(answer.body.detail).toContain('reserved for internal use');
  });

  it.each([
    ['a template without variables', { base_job_template: { job_configuration: { a: 1 } } }, 'needs both'],
    [
      'a placeholder that is not declared',
      { base_job_template: { job_configuration: { a: '{{ b }}' }, variables: { properties: { c: {} } } } },
      'declares no such property',
    ],
    [
      'a default that does not fit',
      {
        base_job_template: {
          job_configuration: { a: '{{ a }}' },
          variables: { type: 'object', properties: { a: { type: 'integer', default: 'x' } } },
        },
      },
      'must be integer',
    ],
  ])('answers 422 to %s', async (_what, extra, words) => {
    const answer = await api.call('POST', '/api/work_pools/', { body: { name: 'odd', type: 'process', ...extra } });

    expect(answer.status).toBe(422);
    expect(answer.body.detail ?? answer.body.exception_detail[0].msg).toContain(words);
  });

  it('answers 422 to a push pool whose default size Fargate does not offer, and names the nearest', async () => {
    const properties = {
      ...(ecsPushTemplate['variables'] as { properties: object }).properties,
      cpu: { type: 'integer', default: 1024 },
      memory: { type: 'integer', default: 100 },
    };
    const template = { ...ecsPushTemplate, variables: { ...(ecsPushTemplate['variables'] as object), properties } };

    const answer = await api.call('POST', '/api/work_pools/', {
      body: { name: 'odd-size', type: 'ecs:push', base_job_template: template },
    });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('cpu 1024 with memory 2048');
  });

  it.each([
    [{ name: 'a/b', type: 'process' }, 'name'],
    [{ name: " '' ", type: 'process' }, 'name'],
    [{ name: 'x', concurrency_limit: -1 }, 'concurrency_limit'],
    [{ name: 'x', concurrency_limit: 1.5 }, 'concurrency_limit'],
    [{ name: 'x', base_job_template: [] }, 'base_job_template'],
    [{ name: 'x', storage_configuration: { bucket: 'b' } }, 'storage_configuration'],
    [{ type: 'process' }, 'name'],
  ])('answers 422 to %j', async (body, field) => {
    const answer = await api.call('POST', '/api/work_pools/', { body });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc.slice(0, 2)).toEqual(['body', field]);
  });

  it('answers 413 to a template that no item can hold', async () => {
    const template = {
      job_configuration: { a: '{{ a }}' },
      variables: { properties: { a: { description: 'x'.repeat(400_000) } } },
    };

    const answer = await api.call('POST', '/api/work_pools/', { body: { name: 'huge', base_job_template: template } });

    expect(answer.status).toBe(413);
  });
});
