import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let trigger: Prepared['trigger'];
let record: Prepared['record'];
let read: Prepared['read'];
let propose: Prepared['propose'];
beforeAll(async () => {
  api = await startApi();
  ({ trigger, record, read, propose } = await prepare(api));
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
  api.hints.submitted.length = 0;
});

describe('runs', () => {
  it('records a pending run that nobody launches when only a flow is named', async () => {
    const created = await record({ parameters: { a: [1, null] }, flow_version: 'f1' });

    expect(created).toMatchObject({
      status: 201,
      body: { state_type: 'PENDING', parameters: { a: [1, null] }, flow_version: 'f1', work_pool_name: null },
    });
    expect(api.hints.submitted).toEqual([]);
  });

  it('records a run in a pool that is named', async () => {
    const created = await record({
      work_pool_name: 'push',
      state: { type: 'SCHEDULED', name: 'Mine', message: 'why' },
    });

    expect(created.body).toMatchObject({
      work_pool_name: 'push',
      work_queue_name: 'default',
      state: { name: 'Mine', message: 'why' },
    });
    expect(api.hints.submitted).toHaveLength(1);
  });

  it('keeps a later start to the millisecond', async () => {
    const created = await trigger({
      state: { type: 'SCHEDULED', state_details: { scheduled_time: '2026-11-23T14:00:00.5+01:00' } },
    });

    expect(created.body).toMatchObject({
      expected_start_time: '2026-11-23T13:00:00.500Z',
      state: { state_details: { scheduled_time: '2026-11-23T13:00:00.500Z' } },
    });
  });

  it('changes what a run says of itself and merges labels', async () => {
    const { id } = (await record({ labels: { a: 1 } })).body;

    const patched = await api.call('PATCH', `/api/flow_runs/${id}`, {
      body: { flow_version: 'f2', tags: ['t'], infrastructure_pid: 'host:1', empirical_policy: { retries: 1 } },
    });
    const labelled = await api.call('PATCH', `/api/flow_runs/${id}/labels`, { body: { b: 'x', a: 2 } });

    expect([patched.status, labelled.status]).toEqual([204, 204]);
    expect(await read(id)).toMatchObject({
      flow_version: 'f2',
      tags: ['t'],
      infrastructure_pid: 'host:1',
      empirical_policy: { retries: 1 },
      labels: { a: 2, b: 'x' },
    });
  });

  it('changes job variables only while the run is scheduled', async () => {
    const { id } = (await trigger()).body;
    const change = (size: object) => api.call('PATCH', `/api/flow_runs/${id}`, { body: { job_variables: size } });

    const good = await change({ cpu: 512, memory: 1024 });
    const odd = await change({ cpu: 512, memory: 5 });
    await propose(id, { type: 'CANCELLED' }, { force: true });
    const late = await change({ cpu: 256 });

    expect([good.status, odd.status, late.status]).toEqual([204, 422, 400]);
    expect((await read(id)).job_variables).toEqual({ cpu: 512, memory: 1024 });
  });

  it('deletes a run once', async () => {
    const { id } = (await record()).body;

    const first = await api.call('DELETE', `/api/flow_runs/${id}`);
    const second = await api.call('DELETE', `/api/flow_runs/${id}`);

    expect([first.status, second.status]).toEqual([204, 404]);
  });

  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/resume'],
    ['POST', '/input'],
  ])('answers 404 to %s of an unknown run%s', async (method, rest) => {
    const body = rest === '/input' ? { key: 'k', value: 'v' } : {};

    const answer = await api.call(method, `/api/flow_runs/${nobody}${rest}`, method === 'GET' ? {} : { body });

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Flow run not found' } });
  });

  it.each([
    ['PATCH', '/labels', {}],
    ['POST', '/set_state', { state: { type: 'RUNNING' } }],
  ])('answers 404 to %s of an unknown run%s in the words of Prefect’s models', async (method, rest, body) => {
    const answer = await api.call(method, `/api/flow_runs/${nobody}${rest}`, { body });

    const said = `Flow run with id ${nobody} not found`;
    expect(answer).toMatchObject({ status: 404, body: { exception_message: said } });
  });

  it('gives a run whose name is taken away a new one, and takes away what is set to null', async () => {
    const { id, name } = (await record({ flow_version: '1' })).body;
    await api.call('PATCH', `/api/flow_runs/${id}`, { body: { infrastructure_pid: 'host:1' } });
    const before = await read(id);

    const nothing = { name: null, infrastructure_pid: null, flow_version: null };
    await api.call('PATCH', `/api/flow_runs/${id}`, { body: nothing });

    const after = await read(id);
    expect(before).toMatchObject({ name, infrastructure_pid: 'host:1', flow_version: '1' });
    expect(after).toMatchObject({ infrastructure_pid: null, flow_version: null });
    expect(after.name).toMatch(/^[a-z]+-[a-z-]+$/);
    expect(after.name).not.toBe(name);
  });

  it('gives runs the labels of their flow, and lets their own go before them', async () => {
    const flow = await api.call('POST', '/api/flows/', { body: { name: 'labelled', labels: { team: 'a', tier: 1 } } });
    const body = { flow_id: flow.body.id, labels: { tier: 2 } };
    const { id } = (await api.call('POST', '/api/flow_runs/', { body })).body;

    await api.call('PATCH', `/api/flow_runs/${id}/labels`, { body: { team: 'b', new: true } });

    const labels = { team: 'b', tier: 2, new: true, 'prefect.flow.id': flow.body.id };
    expect((await read(id)).labels).toEqual(labels);
  });

  it('answers 404 to a run of an unknown flow or pool', async () => {
    const noFlow = await api.call('POST', '/api/flow_runs/', { body: { flow_id: nobody } });
    const noPool = await record({ work_pool_name: 'nowhere' });

    expect([noFlow.status, noPool.status]).toEqual([404, 404]);
  });
});
