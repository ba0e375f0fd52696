// Who holds the slots of pools, queues and deployments, as the API lists them; and the 429 of a full bound.
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

async function limitedPool(name: string): Promise<{ deploymentId: string; queueId: string }> {
  const pool = await api.call('POST', '/api/work_pools/', { body: { name, type: 'process', concurrency_limit: 2 } });
  const queueId: string = pool.body.default_queue_id;
  await api.call('PATCH', `/api/work_queues/${queueId}`, { body: { concurrency_limit: 2 } });
  const body = { name, flow_id: calls.flowId, work_pool_name: name, concurrency_limit: 2 };
  return { deploymentId: (await api.call('POST', '/api/deployments/', { body })).body.id, queueId };
}

async function pending(deploymentId: string): Promise<string> {
  const { id } = (await calls.trigger({}, deploymentId)).body;
  await api.call('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type: 'PENDING' } } });
  api.clock.now += 1_000;
  return id;
}

describe('the holders', () => {
  it('of a pool, a queue and a deployment are the runs that hold their slots, longest first', async () => {
    const { deploymentId, queueId } = await limitedPool('held');
    const ids = [await pending(deploymentId), await pending(deploymentId)];

    const lists = await Promise.all(
      [`work_pools/held`, `work_queues/${queueId}`, `deployments/${deploymentId}`].map((of) =>
        api.call('GET', `/api/slipway/${of}/holders`),
      ),
    );

    for (const { status, body } of lists) {
      expect(status).toBe(200);
      expect(body).toMatchObject(ids.map((id) => ({ type: 'flow_run', id, slots: 1 })));
    }
  });

  it('are gone when their runs are over, and none where there is no limit', async () => {
    const { deploymentId } = await limitedPool('emptied');
    const id = await pending(deploymentId);
    await api.call('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type: 'FAILED' } } });
    const free = { name: 'unlimited', flow_id: calls.flowId };
    const unlimited = (await api.call('POST', '/api/deployments/', { body: free })).body.id;

    expect((await api.call('GET', '/api/slipway/work_pools/emptied/holders')).body).toEqual([]);
    expect((await api.call('GET', `/api/slipway/deployments/${deploymentId}/holders`)).body).toEqual([]);
    expect((await api.call('GET', `/api/slipway/deployments/${unlimited}/holders`)).body).toEqual([]);
  });

  it.each(['work_pools/nowhere', `work_queues/${crypto.randomUUID()}`, `deployments/${crypto.randomUUID()}`])(
    'of %s are not found',
    async (of) => {
      expect((await api.call('GET', `/api/slipway/${of}/holders`)).status).toBe(404);
    },
  );
});

describe('the pump', () => {
  const wakes = async (change: Promise<unknown>): Promise<number> => {
    api.hints.submitted.length = 0;
    await change;
    return api.hints.submitted.filter(({ kind }) => kind === 'room').length;
  };

  it('is woken by whoever changes a limit, or resumes what was paused', async () => {
    const { deploymentId, queueId } = await limitedPool('changed');
    const name = `deployment:${deploymentId}`;
    const patch = (what: string, body: object) => api.call('PATCH', `/api/${what}`, { body });

    // At once, and again once the pump has forgotten what it remembered of pools and queues.
    expect(await wakes(patch('work_pools/changed', { concurrency_limit: 5 }))).toBe(2);
    expect(await wakes(patch('work_pools/changed', { is_paused: false }))).toBe(2);
    expect(await wakes(patch(`work_queues/${queueId}`, { concurrency_limit: null }))).toBe(2);
    expect(await wakes(patch(`work_queues/${queueId}`, { is_paused: false }))).toBe(2);
    expect(await wakes(patch(`deployments/${deploymentId}`, { concurrency_limit: 7 }))).toBe(2);
    expect(await wakes(patch(`v2/concurrency_limits/${name}`, { limit: 9 }))).toBe(2);
    expect(await wakes(patch('work_pools/changed', { description: 'as before' }))).toBe(0);
  });

  it('is woken by a lease that is given back where its runs wait for one, and by no other', async () => {
    const { body: limit } = await api.call('POST', '/api/v2/concurrency_limits/', {
      body: { name: 'shared', limit: 9 },
    });
    const slots = { names: ['shared'], slots: 1, lease_duration: 60 };
    const lease = async () =>
      (await api.call('POST', '/api/v2/concurrency_limits/increment-with-lease', { body: slots })).body.lease_id;
    const give = (lease_id: string) =>
      api.call('POST', '/api/v2/concurrency_limits/decrement-with-lease', { body: { lease_id } });
    const [one, other] = [await lease(), await lease()];

    const unasked = await wakes(give(one));
    await api.deps.limits.noteAwaited(limit.id, api.clock.now + 60_000);

    expect([unasked, await wakes(give(other))]).toEqual([0, 1]);
  });
});

describe('one more run than may wait', () => {
  it('is refused with 429 and when to come back', async () => {
    await api.call('POST', '/api/work_pools/', { body: { name: 'bounded', type: 'ecs:push', is_paused: true } });
    const body = {
      name: 'bounded',
      flow_id: calls.flowId,
      work_pool_name: 'bounded',
      job_variables: { max_waiting_runs: 1, image: 'busybox' },
    };
    const deployment = (await api.call('POST', '/api/deployments/', { body })).body;
    await calls.trigger({}, deployment.id);
    const lane = { workPoolName: 'bounded', workQueueId: deployment.work_queue_id, deploymentId: deployment.id };
    await api.lanes.touch(lane, start);

    const refused = await calls.trigger({}, deployment.id);

    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
    expect(refused.body.exception_message).toMatch(/deployment bounded has 1 waiting runs/);
  });

  it.each([0, 1.5, 'many'])('has a bound that is a whole number above 0, not %j', async (bound) => {
    const body = {
      name: `bounded by ${bound}`,
      flow_id: calls.flowId,
      work_pool_name: 'bounded',
      job_variables: { max_waiting_runs: bound },
    };

    expect((await api.call('POST', '/api/deployments/', { body })).status).toBe(422);
  });
});
