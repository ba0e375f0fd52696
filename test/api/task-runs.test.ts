import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** What the engine sends before a subflow. */
const wanted = {
  name: null,
  flow_run_id: nobody,
  task_key: 'child-1a2b',
  dynamic_key: '0',
  cache_key: null,
  cache_expiration: null,
  task_version: null,
  empirical_policy: { max_retries: 0, retry_delay_seconds: 0, retries: 0, retry_delay: 0, retry_jitter_factor: null },
  tags: ['a'],
  labels: {},
  task_inputs: { x: [{ input_type: 'task_run', id: nobody }] },
  state: { type: 'PENDING', name: 'Pending', message: null, data: null, state_details: { deferred: false } },
};

let api: ApiUnderTest;
let flowId: string;
beforeAll(async () => {
  api = await startApi();
  flowId = (await api.call('POST', '/api/flows/', { body: { name: 'child' } })).body.id;
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

it('answers a task run to hang a subflow on, a new one each time, and keeps none', async () => {
  const first = await api.call('POST', '/api/task_runs/', { body: wanted });
  const second = await api.call('POST', '/api/task_runs/', { body: wanted });

  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({
    id: expect.stringMatching(uuid),
    name: 'child-1a2b',
    flow_run_id: nobody,
    dynamic_key: '0',
    tags: ['a'],
    task_inputs: wanted.task_inputs,
    state_type: 'PENDING',
    state: { type: 'PENDING', name: 'Pending', timestamp: '2026-11-23T12:00:00.000Z' },
  });
  expect(second.body.id).not.toBe(first.body.id);
  const listed = await api.call('POST', '/api/task_runs/filter', { body: {} });
  expect(listed.body).toEqual([]);
});

it('finds the run that hangs on it, and reads no run that is older than a minute for that', async () => {
  for (const _ of [1, 2, 3]) await record({});
  api.clock.now = start + 120_000;
  const parent = (await api.call('POST', '/api/task_runs/', { body: wanted })).body.id;
  api.clock.now += 1000;
  const child = await record({ parent_task_run_id: parent });
  const read: string[] = [];
  const { runs } = api.deps;
  const readMany: typeof runs.readMany = (ids) => {
    read.push(...ids);
    return runs.readMany(ids);
  };
  const counting = api.with({ runs: { ...runs, readMany } });

  const found = await counting.call('POST', '/api/flow_runs/filter', {
    body: { flow_runs: { parent_task_run_id: { any_: [parent] } }, sort: 'EXPECTED_START_TIME_DESC', limit: 1 },
  });

  expect(found.body).toMatchObject([{ id: child, parent_task_run_id: parent }]);
  expect(read).toEqual([child]);
});

it('finds runs by any other parent among all runs', async () => {
  const child = await record({ parent_task_run_id: nobody });
  api.clock.now += 600_000;

  const found = await api.call('POST', '/api/flow_runs/filter', {
    body: { flow_runs: { parent_task_run_id: { any_: [nobody] } } },
  });

  expect(found.body).toMatchObject([{ id: child }]);
});

it.each([
  [
    'for a background task, which nobody would execute',
    { state: { type: 'SCHEDULED', state_details: { deferred: true } } },
    404,
  ],
  ['without its task', { task_key: undefined }, 422],
  ['with a field that Prefect does not know', { colour: 'red' }, 422],
  ['for a run that is not named by an id', { flow_run_id: 'mine' }, 422],
])('refuses a task run %s', async (_what, change, status) => {
  const answer = await api.call('POST', '/api/task_runs/', { body: { ...wanted, ...change } });

  expect(answer.status).toBe(status);
});

async function record(fields: object): Promise<string> {
  const answer = await api.call('POST', '/api/flow_runs/', { body: { flow_id: flowId, ...fields } });
  expect(answer.status).toBe(201);
  return answer.body.id;
}
