// Which runs occupy the slots of pools and queues.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let prepared: Prepared;
let queueId: string;
const runs: string[] = [];
beforeAll(async () => {
  api = await startApi();
  prepared = await prepare(api);
  await api.call('PATCH', '/api/work_pools/process', { body: { concurrency_limit: 9 } });
  const extra = await api.call('POST', '/api/work_pools/process/queues', {
    body: { name: 'extra', concurrency_limit: 5 },
  });
  queueId = extra.body.id;
  const body = { name: 'hybrid', flow_id: prepared.flowId, work_pool_name: 'process', work_queue_name: 'extra' };
  const deployment = await api.call('POST', '/api/deployments/', { body });
  for (let count = 0; count < 5; count += 1) {
    runs.push((await prepared.trigger({}, deployment.body.id)).body.id);
  }
  runs.sort();
  const [one = '', two = '', three = '', four = ''] = runs;
  for (const id of [one, two, three, four]) await prepared.propose(id, { type: 'PENDING' });
  await prepared.propose(two, { type: 'RUNNING' });
  await prepared.propose(three, { type: 'CANCELLING' });
  await prepared.propose(four, { type: 'RUNNING' });
  await prepared.propose(four, { type: 'COMPLETED' });
  api.clock.now += 2_500;
});
afterAll(() => api.close());

const status = (path: string, body: object = {}) => api.call('POST', `/api${path}/concurrency_status`, { body });

describe('the status of a pool', () => {
  it('counts pending and running runs, queue by queue', async () => {
    const { body } = await status('/work_pools/process');

    expect(body).toMatchObject({ active_slots: 2, concurrency_limit: 9, count: 2, limit: 200, pages: 1, page: 1 });
    const extra = body.queues.find((queue: { queue_id: string }) => queue.queue_id === queueId);
    const other = body.queues.find((queue: { queue_id: string }) => queue.queue_id !== queueId);
    expect(other).toMatchObject({ queue_name: 'default', active_slots: 0, flow_runs: [], flow_run_count: 0 });
    expect(extra).toMatchObject({ queue_name: 'extra', active_slots: 2, concurrency_limit: 5, flow_run_count: 2 });
    expect(extra.flow_runs).toMatchObject([
      {
        id: runs[0],
        state_type: 'PENDING',
        state_name: 'Pending',
        start_time: null,
        time_in_current_state: expect.closeTo(2.5, 1),
      },
      { id: runs[1], state_type: 'RUNNING', state_name: 'Running', time_in_current_state: expect.closeTo(2.5, 1) },
    ]);
  });

  it('shows as many queues and runs as are asked for', async () => {
    const { body } = await status('/work_pools/process', { page: 2, limit: 1, flow_run_limit: 1 });

    expect(body).toMatchObject({ count: 2, limit: 1, pages: 2, page: 2 });
    expect(body.queues).toMatchObject([{ queue_name: 'extra', flow_run_count: 2, flow_runs: [{ id: runs[0] }] }]);
    expect((await status('/work_pools/process', { limit: 0 })).body).toMatchObject({ queues: [], pages: 0 });
  });
});

describe('the status of a queue', () => {
  it('counts cancelling runs too, page by page', async () => {
    const first = await status(`/work_queues/${queueId}`, { limit: 2 });
    const second = await status(`/work_queues/${queueId}`, { limit: 2, page: 2 });

    const shown = { active_slots: 3, concurrency_limit: 5, count: 3, limit: 2, pages: 2 };
    expect(first.body).toMatchObject({ ...shown, page: 1, flow_runs: [{ id: runs[0] }, { id: runs[1] }] });
    expect(second.body).toMatchObject({ ...shown, page: 2, flow_runs: [{ id: runs[2], state_type: 'CANCELLING' }] });
  });
});

describe('what has no status', () => {
  it.each([
    ['/work_pools/nobody', {}, 404],
    [`/work_queues/${nobody}`, {}, 404],
    ['/work_pools/process', { page: 0 }, 422],
    ['/work_pools/process', { flow_run_limit: 201 }, 422],
    ['/work_pools/process', { limit: 201 }, 422],
  ])('answers %s %j with %i', async (path, body, code) => {
    expect((await status(path, body)).status).toBe(code);
  });
});
