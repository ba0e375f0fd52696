import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribeTaskWorker } from '../../shared/use-cases/subscribe-task-worker.ts';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let api: ApiUnderTest;
let flowId: string;
let flowRunId: string;
let keys = 0;
beforeAll(async () => {
  api = await startApi();
  flowId = (await api.call('POST', '/api/flows/', { body: { name: 'tasks' } })).body.id;
});
afterAll(() => api.close());
beforeEach(async () => {
  api.clock.now = start;
  flowRunId = await aFlowRun({ state: { type: 'RUNNING' } });
});

async function aFlowRun(fields: object = {}): Promise<string> {
  const answer = await api.call('POST', '/api/flow_runs/', { body: { flow_id: flowId, ...fields } });
  expect(answer.status).toBe(201);
  return answer.body.id;
}
const post = (path: string, body: object) => api.call('POST', `/api${path}`, { body });
const create = (fields: object = {}) => {
  keys += 1;
  return post('/task_runs/', { flow_run_id: flowRunId, task_key: 'task-1a2b', dynamic_key: String(keys), ...fields });
};
const created = async (fields: object = {}): Promise<string> => (await create(fields)).body.id;
const read = async (id: string) => (await api.call('GET', `/api/task_runs/${id}`)).body;
const propose = (id: string, state: object, extra: object = {}) =>
  post(`/task_runs/${id}/set_state`, { state, ...extra });

describe('creating a task run', () => {
  it('answers it whole, and reads it back', async () => {
    const sent = {
      name: 'extract-0',
      dynamic_key: 'd',
      cache_key: 'c',
      cache_expiration: '2030-01-01T00:00:00Z',
      task_version: 'v1',
      empirical_policy: { retries: 2, retry_delay: [1, 2], retry_jitter_factor: 0.5 },
      tags: ['a'],
      labels: { own: 1 },
      task_inputs: {
        x: [
          { input_type: 'task_run', id: nobody },
          { input_type: 'constant', type: 'int' },
        ],
      },
    };

    const answer = await create(sent);

    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...sent,
      id: expect.stringMatching(uuid),
      created: '2026-11-23T12:00:00.000Z',
      cache_expiration: '2030-01-01T00:00:00.000Z',
      empirical_policy: { max_retries: 0, retry_delay_seconds: 0, ...sent.empirical_policy },
      labels: { 'prefect.flow.id': flowId, 'prefect.flow-run.id': flowRunId, own: 1 },
      state_type: 'PENDING',
      state: { type: 'PENDING', state_details: { flow_run_id: flowRunId, task_run_id: answer.body.id } },
      run_count: 0,
      expected_start_time: '2026-11-23T12:00:00.000Z',
      start_time: null,
    });
    expect(await read(answer.body.id)).toEqual(answer.body);
  });

  it('with the same flow run, task and dynamic key finds the first', async () => {
    const first = await create({ dynamic_key: 'same', name: 'first' });
    const again = await create({ dynamic_key: 'same', name: 'second', id: nobody });
    const elsewhere = await create({ dynamic_key: 'same', flow_run_id: await aFlowRun() });

    expect([first.status, again.status, elsewhere.status]).toEqual([201, 200, 201]);
    expect(again.body).toMatchObject({ id: first.body.id, name: 'first' });
    expect(elsewhere.body.id).not.toBe(first.body.id);
  });

  it('without a flow run finds the first by task and dynamic key', async () => {
    const first = await create({ flow_run_id: null, dynamic_key: 'alone' });
    const again = await create({ flow_run_id: null, dynamic_key: 'alone' });

    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
  });

  it('by many at once makes one', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => create({ dynamic_key: 'race' })));

    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it.each([
    ['RUNNING', { run_count: 1, start_time: '2026-11-23T12:00:00.000Z', end_time: null }],
    ['COMPLETED', { run_count: 0, start_time: '2026-11-23T12:00:00.000Z', end_time: '2026-11-23T12:00:00.000Z' }],
    ['SCHEDULED', { run_count: 0, next_scheduled_start_time: '2026-11-23T12:00:00.000Z', start_time: null }],
  ])('in the state %s knows its times', async (type, wanted) => {
    expect((await create({ state: { type } })).body).toMatchObject({ state_type: type, ...wanted });
  });

  it('makes a name up for one that has none', async () => {
    expect((await create({ name: '' })).body.name).toMatch(/^[a-z]+-[a-z]+$/);
  });

  it.each([
    ['for a flow run that is not there', { flow_run_id: nobody }, 409],
    ['without its task', { task_key: undefined }, 422],
    ['with a field that Prefect does not know', { colour: 'red' }, 422],
    ['for a run that is not named by an id', { flow_run_id: 'mine' }, 422],
    ['with a key that is too long to be cached by', { cache_key: 'k'.repeat(2_001) }, 422],
    ['with inputs of an unknown kind', { task_inputs: { x: [{ input_type: 'moon' }] } }, 422],
    ['with negative jitter', { empirical_policy: { retry_jitter_factor: -1 } }, 422],
    ['with too many delays', { empirical_policy: { retry_delay: Array(51).fill(1) } }, 422],
  ])('%s is refused', async (_what, change, status) => {
    expect((await create(change)).status).toBe(status);
  });

  it('under an id that another one has is refused', async () => {
    const id = await created();

    expect((await create({ id })).status).toBe(409);
  });
});

describe('a state', () => {
  it('that is accepted is new; the history keeps all of them', async () => {
    const id = await created();
    api.clock.now += 1_000;

    const running = await propose(id, { type: 'RUNNING' });
    api.clock.now += 1_500;
    const done = await propose(id, { type: 'COMPLETED', message: 'ok', data: { type: 'reference' } });

    expect([running.status, done.status]).toEqual([201, 201]);
    expect(done.body).toMatchObject({
      status: 'ACCEPT',
      details: { type: 'accept_details' },
      state: { type: 'COMPLETED', message: 'ok', state_details: { task_run_id: id, flow_run_id: flowRunId } },
    });
    expect(await read(id)).toMatchObject({
      run_count: 1,
      flow_run_run_count: 1,
      total_run_time: 1.5,
      state_name: 'Completed',
    });
    const states = await api.call('GET', '/api/task_run_states/', { query: `task_run_id=${id}` });
    expect(states.body.map(({ type }: { type: string }) => type)).toEqual(['PENDING', 'RUNNING', 'COMPLETED']);
    const one = await api.call('GET', `/api/task_run_states/${done.body.state.id}`);
    expect(one.body).toEqual(done.body.state);
  });

  it('that the rules refuse leaves the one before', async () => {
    const id = await created({ state: { type: 'COMPLETED', data: { type: 'reference' } } });

    const answer = await propose(id, { type: 'RUNNING' });

    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'REJECT', details: { reason: 'This run is already completed.' }, state: { type: 'COMPLETED' } },
    });
    expect((await propose(id, { type: 'RUNNING' }, { force: true })).body.status).toBe('ACCEPT');
  });

  it('that fails is put off to be tried again', async () => {
    const id = await created({ empirical_policy: { retries: 1, retry_delay: 5 }, state: { type: 'RUNNING' } });

    const failed = await propose(id, { type: 'FAILED', message: 'no' });
    const early = await propose(id, { type: 'RUNNING' });
    api.clock.now += 5_000;
    const again = await propose(id, { type: 'RUNNING' });

    expect(failed).toMatchObject({
      status: 201,
      body: { status: 'REJECT', details: { reason: 'Retrying' }, state: { name: 'AwaitingRetry', message: 'no' } },
    });
    expect(early).toMatchObject({ status: 200, body: { status: 'WAIT', details: { delay_seconds: 5 } } });
    expect(again.body).toMatchObject({ status: 'ACCEPT', state: { name: 'Retrying' } });
  });

  it('of a stopped flow run cannot be running', async () => {
    const id = await created();
    await post(`/flow_runs/${flowRunId}/set_state`, { state: { type: 'FAILED' } });

    expect(await propose(id, { type: 'RUNNING' })).toMatchObject({
      status: 200,
      body: { status: 'ABORT', details: { reason: 'The enclosing flow must be running to begin task execution.' } },
    });
  });

  it('completed under a cache key stands in for running another one, until it runs out', async () => {
    const details = { cache_key: 'sum', cache_expiration: new Date(start + 60_000).toISOString() };
    const id = await created({ state: { type: 'RUNNING' } });
    const [other, late] = [await created(), await created()];
    await propose(id, { type: 'COMPLETED', data: { type: 'reference', at: 1 }, state_details: details });

    const refreshed = await propose(late, {
      type: 'RUNNING',
      state_details: { cache_key: 'sum', refresh_cache: true },
    });
    const cached = await propose(other, { type: 'RUNNING', state_details: { cache_key: 'sum' } });
    api.clock.now += 60_000;
    const again = await propose(await created(), { type: 'RUNNING', state_details: { cache_key: 'sum' } });

    expect(refreshed.body.status).toBe('ACCEPT');
    expect(cached).toMatchObject({
      status: 201,
      body: {
        status: 'REJECT',
        details: { reason: 'Retrieved state from cache' },
        state: {
          type: 'COMPLETED',
          name: 'Cached',
          data: { type: 'reference', at: 1 },
          state_details: { task_run_id: other },
        },
      },
    });
    expect(again.body.status).toBe('ACCEPT');
  });

  it('cached by a task run that was deleted stands in for nothing', async () => {
    const id = await created({ state: { type: 'RUNNING' } });
    await propose(id, { type: 'COMPLETED', state_details: { cache_key: 'gone' } });
    await api.call('DELETE', `/api/task_runs/${id}`);

    const answer = await propose(await created(), { type: 'RUNNING', state_details: { cache_key: 'gone' } });

    expect(answer.body.status).toBe('ACCEPT');
  });

  it('that runs takes a slot of its tags, and gives it back at its end', async () => {
    await post('/concurrency_limits/', { tag: 'db', concurrency_limit: 1 });
    const [first, second] = [await created({ tags: ['db'] }), await created({ tags: ['db', 'free'] })];

    const runs = await propose(first, { type: 'RUNNING' });
    const waits = await propose(second, { type: 'RUNNING' });
    const holders = await api.call('GET', '/api/concurrency_limits/tag/db');
    await propose(first, { type: 'COMPLETED' });
    const follows = await propose(second, { type: 'RUNNING' });

    expect(runs.body.status).toBe('ACCEPT');
    expect(waits.body).toMatchObject({ status: 'WAIT', details: { reason: 'Concurrency limit reached for tags: db' } });
    expect(holders.body.active_slots).toEqual([first]);
    expect(follows.body.status).toBe('ACCEPT');
  });

  it('proposed by many at once is written by each in turn', async () => {
    const id = await created();

    const answers = await Promise.all(Array.from({ length: 4 }, () => propose(id, { type: 'RUNNING' })));

    expect(answers.every(({ body }) => body.status === 'ACCEPT')).toBe(true);
    expect(await read(id)).toMatchObject({ run_count: 4 });
  });

  it.each([
    ['POST', `/api/task_runs/${nobody}/set_state`, { state: { type: 'RUNNING' } }, 404],
    ['POST', `/api/task_runs/${nobody}/set_state`, { state: { type: 'ODD' } }, 422],
    ['POST', `/api/task_runs/${nobody}/set_state`, {}, 422],
    ['GET', `/api/task_run_states/${nobody}`, undefined, 404],
    ['GET', '/api/task_run_states/', undefined, 422],
    ['GET', `/api/task_runs/${nobody}`, undefined, 404],
    ['PATCH', `/api/task_runs/${nobody}`, { name: 'x' }, 404],
    ['DELETE', `/api/task_runs/${nobody}`, undefined, 404],
  ] as const)('%s %s %j is answered %4$i', async (method, path, body, status) => {
    expect((await api.call(method, path, body === undefined ? {} : { body })).status).toBe(status);
  });

  it('of nobody is an empty history', async () => {
    expect((await api.call('GET', '/api/task_run_states/', { query: `task_run_id=${nobody}` })).body).toEqual([]);
  });
});

describe('changing and deleting', () => {
  it('renames; an empty name is made up, and no name is no change', async () => {
    const id = await created({ name: 'old' });
    const rename = (body: object) => api.call('PATCH', `/api/task_runs/${id}`, { body });

    expect((await rename({ name: 'new' })).status).toBe(204);
    expect((await rename({})).status).toBe(204);
    expect(await read(id)).toMatchObject({ name: 'new' });
    await rename({ name: '' });
    expect((await read(id)).name).toMatch(/^[a-z]+-[a-z]+$/);
    expect((await rename({ colour: 'red' })).status).toBe(422);
  });

  it('deletes the task run, its states and its key', async () => {
    const id = await created({ dynamic_key: 'deleted' });
    const { state_id: stateId } = await read(id);

    expect((await api.call('DELETE', `/api/task_runs/${id}`)).status).toBe(204);

    expect((await api.call('GET', `/api/task_runs/${id}`)).status).toBe(404);
    expect((await api.call('GET', `/api/task_run_states/${stateId}`)).status).toBe(404);
    expect((await create({ dynamic_key: 'deleted' })).status).toBe(201);
  });
});

it('of a deleted flow run is deleted with it', async () => {
  const ids = [await created({ dynamic_key: 'with-run' }), await created()];
  const other = await created({ flow_run_id: await aFlowRun() });

  expect((await api.call('DELETE', `/api/flow_runs/${flowRunId}`)).status).toBe(204);

  for (const id of ids) expect((await api.call('GET', `/api/task_runs/${id}`)).status).toBe(404);
  expect((await api.call('GET', `/api/task_runs/${other}`)).status).toBe(200);
});

describe('a subflow', () => {
  it('moves the task run that stands for it', async () => {
    const placeholder = await created({ task_key: 'child-1a2b' });

    const child = await aFlowRun({ parent_task_run_id: placeholder, state: { type: 'PENDING' } });
    await post(`/flow_runs/${child}/set_state`, { state: { type: 'RUNNING' } });
    const running = await read(placeholder);
    await post(`/flow_runs/${child}/set_state`, { state: { type: 'COMPLETED' } });

    expect(running).toMatchObject({
      state_type: 'RUNNING',
      run_count: 1,
      state: { state_details: { child_flow_run_id: child, task_run_id: placeholder, flow_run_id: flowRunId } },
    });
    expect(await read(placeholder)).toMatchObject({ state_type: 'COMPLETED' });
    const found = await post('/task_runs/count', {
      task_runs: { subflow_runs: { exists_: true }, flow_run_id: { any_: [flowRunId] } },
    });
    expect(found.body).toBe(1);
  });
});

describe('a task in the background', () => {
  const deferred = { type: 'SCHEDULED', state_details: { deferred: true, task_parameters_id: nobody } };

  it('is sent to the task worker that waits for it, as it is read', async () => {
    const taskKey = 'background-1';
    await subscribe(taskKey);

    const answer = await create({ flow_run_id: null, task_key: taskKey, state: deferred });

    expect(answer.status).toBe(201);
    expect(api.frames.at(-1)).toEqual({ kind: 'task-runs', id: 'connection-1', frame: answer.body });
    expect(answer.body.state.state_details).toMatchObject({ deferred: true, task_parameters_id: nobody });
  });

  it('that is scheduled again is sent again', async () => {
    const taskKey = 'background-2';
    const id = await created({ flow_run_id: null, task_key: taskKey, state: { type: 'PENDING' } });
    await subscribe(taskKey);

    const answer = await propose(id, deferred);

    expect(answer.status).toBe(201);
    expect(api.frames.at(-1)?.frame).toMatchObject({ id, state_type: 'SCHEDULED' });
  });

  it('is submitted once', async () => {
    const id = await created({ state: deferred });
    const pending = { type: 'PENDING', state_details: { deferred: true } };

    const [one, other] = [await propose(id, pending), await propose(id, pending, { force: true })];

    expect(one.body).toMatchObject({ status: 'ACCEPT', state: { state_details: { task_parameters_id: nobody } } });
    expect(other.body).toMatchObject({ status: 'ABORT', state: { type: 'PENDING' } });
  });
});

const subscribe = (taskKey: string) =>
  subscribeTaskWorker(api.taskQueueDeps, {
    connectionId: 'connection-1',
    clientId: 'host-1',
    taskKeys: [taskKey],
    expiresAt: start + 3_600_000,
  });

it('lists the task workers that are connected, all or those of some tasks', async () => {
  await subscribe('listed');
  const list = async (filter: object | null) =>
    (await post('/task_workers/filter', { task_worker_filter: filter })).body;

  expect(await list({ task_keys: ['listed'] })).toEqual([
    { identifier: 'host-1', task_keys: ['listed'], timestamp: '2026-11-23T12:00:00.000Z' },
  ]);
  expect(await list(null)).toHaveLength(1);
  expect(await list({ task_keys: ['other'] })).toEqual([]);
  expect((await post('/task_workers/filter', { task_worker_filter: {} })).status).toBe(422);
});
