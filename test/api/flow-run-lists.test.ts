import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let flowId: Prepared['flowId'];
let deploymentId: Prepared['deploymentId'];
let trigger: Prepared['trigger'];
let record: Prepared['record'];
let find: Prepared['find'];
beforeAll(async () => {
  api = await startApi();
  ({ flowId, deploymentId, trigger, record, find } = await prepare(api));
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
  api.hints.submitted.length = 0;
});

describe('lists of runs', () => {
  let ids: string[];
  let listed: object;
  beforeAll(async () => {
    api.clock.now = start;
    const made = [
      await trigger({
        name: 'list-a',
        tags: ['red'],
        state: { type: 'SCHEDULED', state_details: { scheduled_time: '2026-12-01T00:00:00Z' } },
      }),
      await trigger({
        name: 'list-b',
        tags: ['red', 'blue'],
        state: { type: 'SCHEDULED', state_details: { scheduled_time: '2026-12-02T00:00:00Z' } },
      }),
      await record({ name: 'list-c', state: { type: 'RUNNING' } }),
    ];
    ids = made.map(({ body }) => body.id);
    listed = { id: { any_: ids } };
  });

  it('reads runs by their ids, newest expected start first', async () => {
    const [a, b, c] = ids;

    expect(await find({ flow_runs: listed })).toEqual([b, a, c]);
    expect(await find({ flow_runs: listed, sort: 'NAME_ASC' })).toEqual([a, b, c]);
    expect(await find({ flow_runs: listed, sort: 'NAME_DESC', offset: 1, limit: 1 })).toEqual([b]);
    expect(await find({ flow_runs: { id: { any_: [nobody] } } })).toEqual([]);
  });

  it('finds runs by name, tags, state and time', async () => {
    const [a, b, c] = ids;
    const flowRuns = (filter: object) => find({ flow_runs: { name: { like_: 'LIST-' }, ...filter } });

    expect(await flowRuns({})).toEqual([b, a, c]);
    expect(await flowRuns({ tags: { all_: ['red', 'blue'] } })).toEqual([b]);
    expect(await flowRuns({ state: { type: { any_: ['RUNNING'] } } })).toEqual([c]);
    expect(await flowRuns({ state: { type: { not_any_: ['RUNNING'] }, name: { any_: ['Scheduled'] } } })).toEqual([
      b,
      a,
    ]);
    expect(await flowRuns({ expected_start_time: { after_: '2026-12-01T12:00:00Z' } })).toEqual([b]);
    expect(await flowRuns({ expected_start_time: { before_: '2026-12-01T12:00:00Z' } })).toEqual([a, c]);
    expect(await flowRuns({ deployment_id: { is_null_: true } })).toEqual([c]);
    expect(await flowRuns({ work_queue_name: { any_: ['default'] } })).toEqual([b, a]);
  });

  it('finds runs by what they belong to', async () => {
    const [a, b, c] = ids;

    expect(await find({ flow_runs: listed, deployments: { name: { any_: ['d'] } } })).toEqual([b, a]);
    expect(await find({ flow_runs: listed, deployments: {} })).toEqual([b, a]);
    expect(await find({ flow_runs: listed, flows: { name: { any_: ['flow'] } } })).toEqual([b, a, c]);
    expect(await find({ flow_runs: listed, work_pools: { type: { any_: ['ecs:push'] } } })).toEqual([b, a]);
    expect(await find({ flow_runs: listed, work_pool_queues: { name: { any_: ['nobody'] } } })).toEqual([]);
    expect(await find({ flow_runs: listed, task_runs: { id: { any_: [nobody] } } })).toEqual([]);
  });

  it('counts and pages what a filter means', async () => {
    const filter = { flow_runs: { name: { like_: 'list-' } } };

    const count = await api.call('POST', '/api/flow_runs/count', { body: filter });
    const page = await api.call('POST', '/api/flow_runs/paginate', {
      body: { ...filter, limit: 2, page: 2, sort: 'NAME_ASC' },
    });

    expect(count.body).toBe(3);
    expect(page.body).toMatchObject({ count: 3, pages: 2, page: 2, limit: 2, results: [{ name: 'list-c' }] });
  });

  it('answers plain counts from the counters, without reading a run', async () => {
    const [pool, flow] = [(await api.call('GET', '/api/work_pools/push')).body, flowId];
    const key = { flowId: flow, deploymentId, workPoolName: 'push', workQueueId: pool.default_queue_id };
    await api.counters.apply('shard', { before: undefined, last: '2' }, [
      { key, type: 'COMPLETED', by: 40 },
      { key, type: 'FAILED', by: 2 },
      { key: { flowId: nobody }, type: 'COMPLETED', by: 100 },
    ]);
    const counting = api.with({
      runs: { ...api.deps.runs, list: () => Promise.reject(new Error('a run was read')) },
    });
    const count = async (body: object) => (await counting.call('POST', '/api/flow_runs/count', { body })).body;

    expect(await count({})).toBe(142);
    expect(await count({ flow_runs: { state: { type: { any_: ['COMPLETED'] } } } })).toBe(140);
    expect(await count({ flow_runs: { state: { type: { not_any_: ['COMPLETED'] } } } })).toBe(2);
    expect(await count({ deployments: { name: { any_: ['d'] } } })).toBe(42);
    expect(
      await count({ flow_runs: { deployment_id: { any_: [deploymentId] } }, work_pools: { name: { any_: ['push'] } } }),
    ).toBe(42);
    expect(
      await count({ flows: { name: { any_: ['flow'] } }, work_pool_queues: { name: { any_: ['default'] } } }),
    ).toBe(42);
  });

  it('says which filter to add instead of reading without end', async () => {
    const endless = api.with({
      runs: {
        ...api.deps.runs,
        async *walk() {
          for (;;) yield { ids: [nobody], read: 250 };
        },
        readMany: async () => [],
      },
    });

    const answer = await endless.call('POST', '/api/flow_runs/filter', {
      body: { flow_runs: { name: { any_: ['x'] } } },
    });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('more than 20000 runs would have to be read');
    expect(answer.body.detail).toContain('expected_start_time');
  });
});
