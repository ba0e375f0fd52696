import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

let pools = 0;
/** A new pool; answers the path of its queues. */
async function queuesOfNewPool(extra: object = {}): Promise<{ name: string; queues: string }> {
  pools += 1;
  const name = `pool-${pools}`;
  await api.call('POST', '/api/work_pools/', { body: { name, type: 'process', ...extra } });
  return { name, queues: `/api/work_pools/${name}/queues` };
}

describe('work queues', () => {
  it('adds a queue with the first free priority and reads it by name and by id', async () => {
    const { name, queues } = await queuesOfNewPool();

    const created = await api.call('POST', queues, { body: { name: 'q 2', concurrency_limit: 4 } });
    const byName = await api.call('GET', `${queues}/q 2`);
    const byId = await api.call('GET', `/api/work_queues/${created.body.id}`);

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'q 2',
      priority: 2,
      concurrency_limit: 4,
      active_slots: 0,
      is_paused: false,
      work_pool_name: name,
      status: 'NOT_READY',
      filter: null,
    });
    expect(byName.body).toEqual(created.body);
    expect(byId.body).toEqual(created.body);
  });

  it('moves the queues down that stand at a priority which is taken', async () => {
    const { queues } = await queuesOfNewPool();
    await api.call('POST', queues, { body: { name: 'b' } });

    await api.call('POST', queues, { body: { name: 'urgent', priority: 1 } });
    const listed = await api.call('POST', `${queues}/filter`);

    expect(listed.body.map((queue: { name: string; priority: number }) => [queue.name, queue.priority])).toEqual([
      ['urgent', 1],
      ['default', 2],
      ['b', 3],
    ]);
  });

  it('pauses, resumes and limits a queue', async () => {
    const { queues } = await queuesOfNewPool();
    const { id } = (await api.call('POST', queues, { body: { name: 'q' } })).body;

    await api.call('PATCH', `/api/work_queues/${id}`, { body: { is_paused: true, concurrency_limit: 2 } });
    const paused = await api.call('GET', `/api/work_queues/${id}`);
    await api.call('PATCH', `${queues}/q`, { body: { is_paused: false, concurrency_limit: null } });
    const resumed = await api.call('GET', `/api/work_queues/${id}`);

    expect(paused.body).toMatchObject({ is_paused: true, status: 'PAUSED', concurrency_limit: 2 });
    expect(resumed.body).toMatchObject({ is_paused: false, status: 'NOT_READY', concurrency_limit: null });
  });

  it('shows a queue of a push pool as ready without anybody polling', async () => {
    const { queues } = await queuesOfNewPool({ type: 'ecs:push' });

    const answer = await api.call('GET', `${queues}/default`);

    expect(answer.body.status).toBe('READY');
  });

  it('shows a queue as ready for a minute after a worker has polled', async () => {
    const { name, queues } = await queuesOfNewPool();

    await api.call('POST', `/api/work_pools/${name}/get_scheduled_flow_runs`, { body: {} });
    const polled = await api.call('GET', `${queues}/default`);
    api.clock.now = start + 60_001;
    const silent = await api.call('GET', `${queues}/default`);

    expect(polled.body).toMatchObject({ status: 'READY', last_polled: '2026-11-23T12:00:00.000Z' });
    expect(silent.body.status).toBe('NOT_READY');
  });

  it('tells the health of a queue by its last poll and its late runs', async () => {
    const { name, queues } = await queuesOfNewPool();
    const { id } = (await api.call('GET', `${queues}/default`)).body;

    const before = await api.call('GET', `/api/work_queues/${id}/status`);
    await api.call('POST', `/api/work_pools/${name}/get_scheduled_flow_runs`, { body: {} });
    const after = await api.call('GET', `/api/work_queues/${id}/status`);

    expect(before.body).toMatchObject({ healthy: false, late_runs_count: 0, last_polled: null });
    expect(after.body).toMatchObject({ healthy: true, health_check_policy: { maximum_late_runs: 0 } });
  });

  it('lists queues of all pools by the start of their names, whatever the case', async () => {
    const { queues } = await queuesOfNewPool();
    await api.call('POST', queues, { body: { name: 'Starts-a' } });
    await api.call('POST', queues, { body: { name: 'starts-b' } });

    const answer = await api.call('POST', '/api/work_queues/filter', {
      body: { work_queues: { name: { startswith_: ['starts-'] } } },
    });

    expect(answer.body.map((queue: { name: string }) => queue.name)).toEqual(['Starts-a', 'starts-b']);
  });

  it('puts a queue that names no pool into the pool for agents', async () => {
    const created = await api.call('POST', '/api/work_queues/', { body: { name: 'old style' } });
    const byName = await api.call('GET', '/api/work_queues/name/old style');

    expect(created).toMatchObject({ status: 201, body: { work_pool_name: 'default-agent-pool' } });
    expect(byName.body).toEqual(created.body);
  });

  it('deletes a queue and takes its deployments out of it', async () => {
    const { name, queues } = await queuesOfNewPool();
    const { id } = (await api.call('POST', queues, { body: { name: 'doomed' } })).body;
    const flow = (await api.call('POST', '/api/flows/', { body: { name: 'f' } })).body;
    const body = { name: 'd', flow_id: flow.id, work_pool_name: name, work_queue_name: 'doomed' };
    const deployment = (await api.call('POST', '/api/deployments/', { body })).body;

    const deleted = await api.call('DELETE', `/api/work_queues/${id}`);
    const left = await api.call('GET', `/api/deployments/${deployment.id}`);

    expect(deleted.status).toBe(204);
    expect((await api.call('GET', `${queues}/doomed`)).status).toBe(404);
    expect(left.body).toMatchObject({ work_queue_id: null, work_pool_name: null });
  });
});

describe('work queues that cannot be served', () => {
  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['GET', '/status'],
    ['POST', '/get_runs'],
  ])('answers 404 to %s of an unknown queue%s', async (method, rest) => {
    const answer = await api.call(method, `/api/work_queues/${nobody}${rest}`, method === 'PATCH' ? { body: {} } : {});

    expect(answer.status).toBe(404);
  });

  it('answers 404 to an unknown queue of a known pool', async () => {
    const { name, queues } = await queuesOfNewPool();

    const read = await api.call('GET', `${queues}/nobody`);
    const polled = await api.call('POST', `/api/work_pools/${name}/get_scheduled_flow_runs`, {
      body: { work_queue_names: ['nobody'] },
    });

    expect(read.body).toEqual({ detail: `Work pool queue '${name}/nobody' not found.` });
    expect(polled.body).toEqual(read.body);
  });

  it('answers 409 to a name that is taken and to the end of a default queue', async () => {
    const { queues } = await queuesOfNewPool();

    const again = await api.call('POST', queues, { body: { name: 'default' } });
    const deleted = await api.call('DELETE', `${queues}/default`);

    expect([again.status, deleted.status]).toEqual([409, 409]);
  });

  it('refuses a name that another queue of the pool has', async () => {
    const { queues } = await queuesOfNewPool();
    await api.call('POST', queues, { body: { name: 'taken' } });

    const answer = await api.call('PATCH', `${queues}/default`, { body: { name: 'taken' } });

    expect(answer).toMatchObject({ status: 409 });
  });

  it('renames a queue, whose old name is then free for another one', async () => {
    const { queues } = await queuesOfNewPool();
    const { id } = (await api.call('POST', queues, { body: { name: 'old' } })).body;

    const renamed = await api.call('PATCH', `${queues}/old`, { body: { name: 'new' } });
    const gone = await api.call('GET', `${queues}/old`);
    const found = await api.call('GET', `${queues}/new`);
    const fresh = await api.call('POST', queues, { body: { name: 'old' } });

    expect([renamed.status, gone.status, fresh.status]).toEqual([204, 404, 201]);
    expect(found.body.id).toBe(id);
    expect(fresh.body.id).not.toBe(id);
  });

  it.each([[{ name: 'a>b' }], [{ name: 'x', priority: 0 }], [{ name: 'x', priority: 'high' }], [{ colour: 1 }]])(
    'answers 422 to %j',
    async (body) => {
      const { queues } = await queuesOfNewPool();

      const answer = await api.call('POST', queues, { body });

      expect(answer.status).toBe(422);
    },
  );
});
