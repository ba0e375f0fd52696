// Many flow runs in one request: created, moved, deleted, each with its own outcome.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let calls: Prepared;
beforeAll(async () => {
  api = await startApi();
  calls = await prepare(api);
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

const tagged = async (tag: string, count: number): Promise<string[]> => {
  const made = Array.from({ length: count }, () => calls.record({ tags: [tag] }));
  return (await Promise.all(made)).map(({ body }) => body.id);
};
const withTag = (tag: string) => ({ flow_runs: { tags: { all_: [tag] } } });

describe('bulk_delete', () => {
  it('deletes what the filter means, up to the limit, and says what it deleted', async () => {
    const ids = await tagged('gone', 5);
    await tagged('kept', 1);

    const first = await api.call('POST', '/api/flow_runs/bulk_delete', { body: { ...withTag('gone'), limit: 3 } });
    const rest = await api.call('POST', '/api/flow_runs/bulk_delete', { body: withTag('gone') });

    expect(first.body.deleted).toHaveLength(3);
    expect([...first.body.deleted, ...rest.body.deleted].sort()).toEqual(ids.toSorted());
    expect(await calls.find(withTag('gone'))).toEqual([]);
    expect(await calls.find(withTag('kept'))).toHaveLength(1);
  });

  it.each([0, 51])('refuses a limit of %i', async (limit) => {
    expect((await api.call('POST', '/api/flow_runs/bulk_delete', { body: { limit } })).status).toBe(422);
  });
});

describe('bulk_set_state', () => {
  it('answers for each run as if it had been asked alone', async () => {
    const [one = '', other = ''] = await tagged('moved', 2);
    await calls.propose(one, { type: 'RUNNING' });
    const body = { ...withTag('moved'), state: { type: 'PAUSED', state_details: { pause_key: 'k' } } };

    const { body: answer } = await api.call('POST', '/api/flow_runs/bulk_set_state', { body });

    const outcomes = new Map(answer.results.map((result: { flow_run_id: string }) => [result.flow_run_id, result]));
    expect(outcomes.get(one)).toMatchObject({ status: 'ACCEPT', state: { type: 'PAUSED' } });
    expect(outcomes.get(other)).toMatchObject({
      status: 'REJECT',
      state: { type: 'PENDING' },
      details: { type: 'reject_details', reason: 'Cannot pause flows that are not currently running.' },
    });
  });

  it('forces what it is told to', async () => {
    const [id = ''] = await tagged('forced', 1);
    const body = { ...withTag('forced'), state: { type: 'COMPLETED' }, force: true };

    await api.call('POST', '/api/flow_runs/bulk_set_state', { body });

    expect((await calls.read(id)).state_type).toBe('COMPLETED');
  });

  it('needs a state', async () => {
    expect((await api.call('POST', '/api/flow_runs/bulk_set_state', { body: {} })).status).toBe(422);
  });
});

describe('create_flow_run/bulk', () => {
  const create = (body: unknown, id = calls.deploymentId) =>
    api.call('POST', `/api/deployments/${id}/create_flow_run/bulk`, { body });

  it('creates each run, or says why not', async () => {
    const asked = [{ name: 'good', parameters: { x: 5 } }, { parameters: { x: 'no' } }, { work_queue_name: 'urgent' }];

    const { status, body } = await create(asked);

    expect(status).toBe(200);
    expect(body.results.map((result: { status: string }) => result.status)).toEqual(['CREATED', 'FAILED', 'CREATED']);
    expect(body.results[1]).toMatchObject({ flow_run_id: null, error: expect.stringContaining('x') });
    expect(await calls.read(body.results[0].flow_run_id)).toMatchObject({
      name: 'good',
      parameters: { x: 5 },
      state_type: 'SCHEDULED',
    });
    expect(await calls.read(body.results[2].flow_run_id)).toMatchObject({ work_queue_name: 'urgent' });
  });

  it('creates nothing twice under one key', async () => {
    const first = await create([{ idempotency_key: 'once' }, { idempotency_key: 'once' }]);
    const second = await create([{ idempotency_key: 'once' }]);

    const ids = [...first.body.results, ...second.body.results].map(({ flow_run_id }) => flow_run_id);
    expect(new Set(ids).size).toBe(1);
  });

  it('takes up to 100, none at all included, and of a deployment that is there', async () => {
    expect((await create([])).body).toEqual({ results: [] });
    expect(await create(Array.from({ length: 101 }, () => ({})))).toMatchObject({
      status: 400,
      body: { detail: 'Cannot create more than 100 flow runs at once.' },
    });
    expect(await create([], nobody)).toMatchObject({ status: 404, body: { detail: 'Deployment not found' } });
    expect((await create({})).status).toBe(422);
  });
});
