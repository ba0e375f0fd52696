// The concurrency limit of a deployment is a global limit: one of its own, or one that it shares.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let prepared: Prepared;
beforeAll(async () => {
  api = await startApi();
  prepared = await prepare(api);
});
afterAll(() => api.close());

const create = (over: object = {}) => {
  const body = { name: randomUUID(), flow_id: prepared.flowId, work_pool_name: 'process', ...over };
  return api.call('POST', '/api/deployments/', { body });
};
const read = async (id: string) => (await api.call('GET', `/api/deployments/${id}`)).body;
const patch = (id: string, body: object) => api.call('PATCH', `/api/deployments/${id}`, { body });
const limitOf = (name: string) => api.call('GET', `/api/v2/concurrency_limits/${name}`);
const aSharedLimit = async (limit = 2) => {
  const body = { name: `shared-${randomUUID()}`, limit };
  return (await api.call('POST', '/api/v2/concurrency_limits/', { body })).body;
};

describe('a deployment with a limit of its own', () => {
  it('shows it as the global limit that bears its id, in reading and in lists', async () => {
    const { body: deployment } = await create({ concurrency_limit: 3 });
    const { body: limit } = await limitOf(`deployment:${deployment.id}`);
    const listed = await api.call('POST', '/api/deployments/filter', {
      body: { deployments: { id: { any_: [deployment.id] } } },
    });

    expect(limit).toMatchObject({ name: `deployment:${deployment.id}`, limit: 3, active: true, active_slots: 0 });
    expect(deployment).toMatchObject({ concurrency_limit: null, global_concurrency_limit: limit });
    expect((await read(deployment.id)).global_concurrency_limit).toEqual(limit);
    expect(listed.body[0].global_concurrency_limit).toEqual(limit);
  });

  it('keeps the limit with its id when the number changes, and loses it with null', async () => {
    const name = randomUUID();
    const { body: deployment } = await create({ name, concurrency_limit: 3 });
    const { id } = deployment.global_concurrency_limit;

    const again = await create({ name, concurrency_limit: 4 });
    await create({ name });
    await patch(deployment.id, { concurrency_limit: 5 });
    await patch(deployment.id, { description: 'x' });
    const changed = (await read(deployment.id)).global_concurrency_limit;
    await patch(deployment.id, { concurrency_limit: null });

    expect(again.body.global_concurrency_limit).toMatchObject({ id, limit: 4 });
    expect(changed).toMatchObject({ id, limit: 5 });
    expect((await read(deployment.id)).global_concurrency_limit).toBeNull();
    expect((await limitOf(`deployment:${deployment.id}`)).status).toBe(404);
  });

  it('takes its limit along when it is deleted', async () => {
    const { body: deployment } = await create({ concurrency_limit: 3 });

    await api.call('DELETE', `/api/deployments/${deployment.id}`);

    expect((await limitOf(`deployment:${deployment.id}`)).status).toBe(404);
  });

  it('has none any more when the limit is deleted', async () => {
    const { body: deployment } = await create({ concurrency_limit: 3 });

    await api.call('DELETE', `/api/v2/concurrency_limits/deployment:${deployment.id}`);
    const without = (await read(deployment.id)).global_concurrency_limit;
    await patch(deployment.id, { concurrency_limit: 1 });

    expect(without).toBeNull();
    expect((await read(deployment.id)).global_concurrency_limit).toMatchObject({ limit: 1 });
  });
});

describe('a deployment with a limit that it shares', () => {
  it('shows that limit, changes its number, and leaves it behind', async () => {
    const shared = await aSharedLimit();
    const { body: one } = await create({ global_concurrency_limit_id: shared.id });
    const { body: other } = await create();
    await patch(other.id, { global_concurrency_limit_id: shared.id });

    await patch(other.id, { concurrency_limit: 7 });
    const both = [await read(one.id), await read(other.id)].map((found) => found.global_concurrency_limit);
    await patch(one.id, { concurrency_limit: null });
    await patch(other.id, { global_concurrency_limit_id: null });
    await api.call('DELETE', `/api/deployments/${one.id}`);

    expect(both).toMatchObject(Array(2).fill({ id: shared.id, limit: 7 }));
    expect((await read(other.id)).global_concurrency_limit).toBeNull();
    expect((await limitOf(shared.name)).body).toMatchObject({ limit: 7 });
  });

  it('must name one that there is, and not a second one', async () => {
    const shared = await aSharedLimit();
    const { body: deployment } = await create();

    const answers = [
      await create({ global_concurrency_limit_id: nobody }),
      await patch(deployment.id, { global_concurrency_limit_id: nobody }),
      await create({ global_concurrency_limit_id: shared.id, concurrency_limit: 1 }),
      await patch(deployment.id, { global_concurrency_limit_id: shared.id, concurrency_limit: 1 }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 422, 422]);
    expect(answers[0]?.body).toEqual({ detail: 'Concurrency limit not found' });
  });
});

describe('runs of a deployment with a limit', () => {
  const client = { 'user-agent': 'prefect/3.8.8 (API 0.8.4)' };
  const propose = (id: string, type: string) =>
    api.call('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type } }, headers: client });
  const trigger = async (deploymentId: string): Promise<string> => (await prepared.trigger({}, deploymentId)).body.id;

  it('hold a slot each from Pending to their end; whoever finds none waits half a minute', async () => {
    const { body: deployment } = await create({ concurrency_limit: 1 });
    const [one, other] = [await trigger(deployment.id), await trigger(deployment.id)];

    const first = await propose(one, 'PENDING');
    const second = await propose(other, 'PENDING');
    const used = (await read(deployment.id)).global_concurrency_limit.active_slots;
    const leaseId = first.body.state.state_details.deployment_concurrency_lease_id;
    const holders = await api.call('GET', `/api/slipway/concurrency_limits/deployment:${deployment.id}/holders`);
    await propose(one, 'RUNNING');
    const renewal = await api.call('POST', `/api/v2/concurrency_limits/leases/${leaseId}/renew`);
    await propose(one, 'COMPLETED');
    const left = (await read(deployment.id)).global_concurrency_limit.active_slots;
    const gone = await api.call('POST', `/api/v2/concurrency_limits/leases/${leaseId}/renew`);

    expect(first.body.status).toBe('ACCEPT');
    expect(second.body).toMatchObject({
      status: 'REJECT',
      state: { type: 'SCHEDULED', name: 'AwaitingConcurrencySlot' },
      details: { reason: 'Deployment concurrency limit reached.' },
    });
    expect([used, left]).toEqual([1, 0]);
    expect(holders.body).toMatchObject([{ type: 'flow_run', id: one, slots: 1 }]);
    expect([renewal.status, gone.status]).toEqual([204, 410]);
  });

  it('are cancelled where the deployment asks for that, and stopped by a limit of 0', async () => {
    const { body: deployment } = await create({
      concurrency_limit: 1,
      concurrency_options: { collision_strategy: 'CANCEL_NEW' },
    });
    const [one, other, third] = [
      await trigger(deployment.id),
      await trigger(deployment.id),
      await trigger(deployment.id),
    ];
    await propose(one, 'PENDING');

    const cancelled = await propose(other, 'PENDING');
    await api.call('PATCH', `/api/v2/concurrency_limits/deployment:${deployment.id}`, { body: { limit: 0 } });
    const stopped = await propose(third, 'PENDING');

    expect(cancelled.body).toMatchObject({ status: 'REJECT', state: { type: 'CANCELLED' } });
    expect(stopped.body).toMatchObject({
      status: 'ABORT',
      details: { reason: 'The deployment concurrency limit is 0. The flow will deadlock if submitted again.' },
    });
  });

  it('lose a slot that they do not start with in time to whoever needs it', async () => {
    const { body: deployment } = await create({
      concurrency_limit: 1,
      concurrency_options: { collision_strategy: 'ENQUEUE', grace_period_seconds: 60 },
    });
    const [slow, next] = [await trigger(deployment.id), await trigger(deployment.id)];
    await propose(slow, 'PENDING');
    api.clock.now += 60_000;

    const taken = await propose(next, 'PENDING');
    const late = await propose(slow, 'RUNNING');

    expect(taken.body.status).toBe('ACCEPT');
    expect(late.body).toMatchObject({
      status: 'REJECT',
      state: { type: 'CANCELLED' },
      details: { reason: 'Deployment concurrency limit reached after lease expiry.' },
    });
    expect((await read(deployment.id)).global_concurrency_limit.active_slots).toBe(1);
  });

  it('give the slot back when they are deleted', async () => {
    const { body: deployment } = await create({ concurrency_limit: 1 });
    const one = await trigger(deployment.id);
    await propose(one, 'PENDING');

    await api.call('DELETE', `/api/flow_runs/${one}`);

    expect((await read(deployment.id)).global_concurrency_limit.active_slots).toBe(0);
  });

  it('take exactly the slots that there are when many come at once', async () => {
    const { body: deployment } = await create({ concurrency_limit: 3 });
    const ids = await Promise.all(Array.from({ length: 8 }, () => trigger(deployment.id)));

    const answers = await Promise.all(ids.map((id) => propose(id, 'PENDING')));

    const accepted = answers.filter(({ body }) => body.status === 'ACCEPT');
    const waiting = answers.filter(({ body }) => body.state?.name === 'AwaitingConcurrencySlot');
    const busy = answers.filter(({ status }) => status === 503);
    expect(accepted.length + waiting.length + busy.length).toBe(8);
    expect(accepted.length).toBeLessThanOrEqual(3);
    expect(busy.length === 0 ? accepted.length : 3).toBe(3);
    expect((await read(deployment.id)).global_concurrency_limit.active_slots).toBe(accepted.length);
  });
});
