// Slots of deployments, pools and queues as a worker meets them: PENDING takes them, the end gives them back.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';
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

const client = { 'user-agent': 'prefect/3.8.8 (API 0.8.4)' };
let named = 0;

async function deployment(over: object = {}): Promise<string> {
  named += 1;
  const body = { name: `limited-${named}`, flow_id: calls.flowId, work_pool_name: 'process', ...over };
  return (await api.call('POST', '/api/deployments/', { body })).body.id;
}
const triggered = async (id: string): Promise<string> => (await calls.trigger({}, id)).body.id;
const say = (id: string, state: object, headers: Record<string, string> = client) =>
  api.call('POST', `/api/flow_runs/${id}/set_state`, { body: { state }, headers });
const active = async (id: string) =>
  (await api.call('GET', `/api/deployments/${id}`)).body.global_concurrency_limit?.active_slots;
const leaseOf = (reply: { body: { state: { state_details: Record<string, unknown> } } }) =>
  reply.body.state.state_details['deployment_concurrency_lease_id'];

describe('the limit of a deployment', () => {
  it('lets one run in and puts the next one off, until the first is over', async () => {
    const id = await deployment({ concurrency_limit: 1 });
    const [first, second] = [await triggered(id), await triggered(id)];

    const pending = await say(first, { type: 'PENDING' });
    const full = await say(second, { type: 'PENDING' });
    const used = await active(id);
    await say(first, { type: 'RUNNING' });
    await say(first, { type: 'COMPLETED' });
    api.clock.now = start + 31_000;
    const next = await say(second, { type: 'PENDING' });

    expect(pending).toMatchObject({ status: 201, body: { status: 'ACCEPT' } });
    expect(leaseOf(pending)).toMatch(/^[0-9a-f-]{36}$/);
    expect(full).toMatchObject({
      status: 201,
      body: {
        status: 'REJECT',
        details: { reason: 'Deployment concurrency limit reached.' },
        state: { type: 'SCHEDULED', name: 'AwaitingConcurrencySlot' },
      },
    });
    expect(used).toBe(1);
    expect(next.body.status).toBe('ACCEPT');
  });

  it('carries its lease from state to state, for the engine to renew', async () => {
    const id = await deployment({ concurrency_limit: 1 });
    const run = await triggered(id);
    const lease = leaseOf(await say(run, { type: 'PENDING' }));

    const details = { state_details: { deployment_concurrency_lease_id: null } };
    const submitting = await say(run, { type: 'PENDING', name: 'Submitting', ...details });
    const running = await say(run, { type: 'RUNNING', ...details });
    const renew = () =>
      api.call('POST', `/api/v2/concurrency_limits/leases/${lease}/renew`, { body: { lease_duration: 300 } });
    const renewed = await renew();
    await say(run, { type: 'COMPLETED' });

    expect([leaseOf(submitting), leaseOf(running)]).toEqual([lease, lease]);
    expect(renewed.status).toBe(204);
    expect((await renew()).status).toBe(410);
    expect(await active(id)).toBe(0);
  });

  it('gives the slot of a run that never started to the next one, and cancels the late one', async () => {
    const id = await deployment({ concurrency_limit: 1 });
    const [slow, next] = [await triggered(id), await triggered(id)];
    await say(slow, { type: 'PENDING' });
    api.clock.now = start + 301_000;

    const taken = await say(next, { type: 'PENDING' });
    const late = await say(slow, { type: 'RUNNING' });

    expect(taken.body.status).toBe('ACCEPT');
    expect(late.body).toMatchObject({
      status: 'REJECT',
      details: { reason: 'Deployment concurrency limit reached after lease expiry.' },
      state: { type: 'CANCELLED' },
    });
    expect(await active(id)).toBe(1);
  });

  it('cancels what comes too late where it is told to', async () => {
    const id = await deployment({ concurrency_limit: 1, concurrency_options: { collision_strategy: 'CANCEL_NEW' } });
    const [first, second] = [await triggered(id), await triggered(id)];
    await say(first, { type: 'PENDING' });

    expect((await say(second, { type: 'PENDING' })).body).toMatchObject({
      status: 'REJECT',
      state: { type: 'CANCELLED', message: 'Deployment concurrency limit reached.' },
    });
  });

  it('keeps the slot of an old client, which renews nothing, as long as it runs', async () => {
    const id = await deployment({ concurrency_limit: 1 });
    const [old, next] = [await triggered(id), await triggered(id)];
    const header = { 'user-agent': 'prefect/3.1.0 (API 0.8.4)' };
    await say(old, { type: 'PENDING' }, header);
    await say(old, { type: 'RUNNING' }, header);
    api.clock.now = start + 24 * 3_600_000;

    expect((await say(next, { type: 'PENDING' })).body).toMatchObject({ state: { name: 'AwaitingConcurrencySlot' } });
  });

  it.each([
    ['deleted', (id: string) => api.call('DELETE', `/api/flow_runs/${id}`)],
    ['cancelled', (id: string) => say(id, { type: 'CANCELLED' })],
    ['scheduled again', (id: string) => say(id, { type: 'SCHEDULED' })],
  ])('has room again once a run is %s', async (_how, end) => {
    const id = await deployment({ concurrency_limit: 1 });
    const run = await triggered(id);
    await say(run, { type: 'PENDING' });
    const before = await active(id);

    await end(run);

    expect([before, await active(id)]).toEqual([1, 0]);
  });

  it('is never passed, however many ask at once', async () => {
    const id = await deployment({ concurrency_limit: 3 });
    const runs = await Promise.all(Array.from({ length: 8 }, () => triggered(id)));

    const answers = await Promise.all(runs.map((run) => say(run, { type: 'PENDING' })));

    expect(answers.filter(({ body }) => body.status === 'ACCEPT')).toHaveLength(3);
    expect(await active(id)).toBe(3);
  });
});

describe('the limit of a work pool', () => {
  it('turns a worker away until a run is over', async () => {
    await api.call('POST', '/api/work_pools/', { body: { name: 'narrow', type: 'process', concurrency_limit: 1 } });
    const id = await deployment({ work_pool_name: 'narrow' });
    const [first, second] = [await triggered(id), await triggered(id)];
    await say(first, { type: 'PENDING' });

    const full = await say(second, { type: 'PENDING' });
    await say(first, { type: 'FAILED' });
    const next = await say(second, { type: 'PENDING' });

    expect(full).toMatchObject({ status: 200, body: { status: 'ABORT', state: { type: 'SCHEDULED' } } });
    expect(next.body.status).toBe('ACCEPT');
  });
});
