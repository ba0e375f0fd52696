import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let flowId: Prepared['flowId'];
let deploymentId: Prepared['deploymentId'];
let trigger: Prepared['trigger'];
let read: Prepared['read'];
beforeAll(async () => {
  api = await startApi();
  ({ flowId, deploymentId, trigger, read } = await prepare(api));
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
  api.hints.submitted.length = 0;
});

describe('runs of deployments', () => {
  it('records a scheduled run with what the deployment says, and hints its lane', async () => {
    const created = await trigger({
      name: 'mine',
      parameters: { x: 5 },
      tags: ['own'],
      labels: { l: 1 },
      context: { c: 1 },
    });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'mine',
      flow_id: flowId,
      deployment_id: deploymentId,
      deployment_version: 'v7',
      work_pool_name: 'push',
      work_queue_name: 'default',
      parameters: { x: 5 },
      context: { c: 1 },
      tags: ['from-deployment', 'own'],
      labels: { l: 1, 'prefect.flow.id': flowId, 'prefect.deployment.id': deploymentId },
      state_type: 'SCHEDULED',
      state_name: 'Scheduled',
      state: { type: 'SCHEDULED', state_details: { scheduled_time: '2026-11-23T12:00:00.000Z' } },
      run_count: 0,
      total_run_time: 0,
      expected_start_time: '2026-11-23T12:00:00.000Z',
      next_scheduled_start_time: '2026-11-23T12:00:00.000Z',
      start_time: null,
      infrastructure_pid: null,
      auto_scheduled: false,
      empirical_policy: { retries: null, pause_keys: [], resuming: false, max_retries: 0 },
    });
    expect(created.body.work_pool_id).toBe((await api.call('GET', '/api/work_pools/push')).body.id);
    expect(await read(created.body.id)).toEqual(created.body);
    expect(api.hints.submitted).toMatchObject([{ kind: 'work', lane: { workPoolName: 'push', deploymentId } }]);
  });

  it('answers 200 with the same run when an idempotency key is used again', async () => {
    const first = await trigger({ idempotency_key: 'k', parameters: { x: 1 } });
    const second = await trigger({ idempotency_key: 'k', parameters: { x: 2 } });

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toMatchObject({ id: first.body.id, parameters: { x: 1 } });
  });

  it('makes up a name where none is given', async () => {
    const [one, other] = [await trigger({ name: null }), await trigger({ name: '' })];

    expect(one.body.name).toMatch(/^[a-z-]+$/);
    expect(other.body.name).toMatch(/^[a-z-]+$/);
  });

  it('makes a queue that is named but not there', async () => {
    const created = await trigger({ work_queue_name: 'urgent' });

    expect(created).toMatchObject({ status: 201, body: { work_queue_name: 'urgent' } });
    expect((await api.call('GET', '/api/work_pools/push/queues/urgent')).status).toBe(200);
  });

  it('takes a retry policy in old and new words', async () => {
    const old = await trigger({ empirical_policy: { max_retries: 2, retry_delay_seconds: 5 } });
    const now = await trigger({ empirical_policy: { retries: 3, retry_delay: 7 } });

    expect(old.body.empirical_policy).toMatchObject({
      retries: 2,
      retry_delay: 5,
      max_retries: 2,
      retry_delay_seconds: 5,
    });
    expect(now.body.empirical_policy).toMatchObject({ retries: 3, retry_delay: 7, max_retries: 0 });
  });

  it('answers 409 to parameters that the schema refuses, unless the request lets them pass', async () => {
    const refused = await trigger({ parameters: { x: 'one' } });
    const passed = await trigger({ parameters: { x: 'one' }, enforce_parameter_schema: false });

    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain("'x' must be integer");
    expect(passed.status).toBe(201);
  });

  it('answers 422 to job variables of a size that Fargate does not offer', async () => {
    const answer = await trigger({ job_variables: { cpu: 256, memory: 4096 } });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('nearest are');
  });

  it('answers 400 to a queue for a deployment that has no pool', async () => {
    const { id } = (await api.call('POST', '/api/deployments/', { body: { name: 'served', flow_id: flowId } })).body;

    const answer = await trigger({ work_queue_name: 'q' }, id);

    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('is not associated with a work pool');
  });

  it.each([
    [{ state: { type: 'SLEEPING' } }, ['body', 'state', 'type']],
    [{ state: { type: 'SCHEDULED', id: nobody } }, ['body', 'state', 'id']],
    [{ parameters: 'x' }, ['body', 'parameters']],
    [{ parent_task_run_id: 'x' }, ['body', 'parent_task_run_id']],
    [{ flow_id: nobody }, ['body', 'flow_id']],
  ])('answers 422 to %j', async (body, loc) => {
    const answer = await trigger(body);

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc).toEqual(loc);
  });
});

describe('polling', () => {
  it('shows a worker the waiting runs of its pool with the ids that it needs', async () => {
    const body = { name: 'hybrid', flow_id: flowId, work_pool_name: 'process' };
    const { id, work_queue_id } = (await api.call('POST', '/api/deployments/', { body })).body;
    const run = (await trigger({}, id)).body;
    const run2 = (
      await trigger({ state: { type: 'SCHEDULED', state_details: { scheduled_time: '2027-01-01T00:00:00Z' } } }, id)
    ).body;
    await api.deps.runs.read(run.id);
    await touchLanes();

    const polled = await api.call('POST', '/api/work_pools/process/get_scheduled_flow_runs', {
      body: { work_queue_names: [], scheduled_before: '2026-11-23 12:00:10.5+00:00' },
    });
    const byQueue = await api.call('POST', `/api/work_queues/${work_queue_id}/get_runs`, { body: {} });

    expect(polled.body).toMatchObject([{ work_queue_id, flow_run: { id: run.id, state: { type: 'SCHEDULED' } } }]);
    expect(byQueue.body.map((found: { id: string }) => found.id)).toEqual([run.id, run2.id]);
  });

  it('shows a runner the waiting runs of its deployments', async () => {
    const body = { name: 'polled', flow_id: flowId, work_pool_name: 'process' };
    const { id } = (await api.call('POST', '/api/deployments/', { body })).body;
    const run = (await trigger({}, id)).body;

    const polled = await api.call('POST', '/api/deployments/get_scheduled_flow_runs', {
      body: { deployment_ids: [id], scheduled_before: '2026-11-23T12:00:10Z' },
    });

    expect(polled.body.map((found: { id: string }) => found.id)).toEqual([run.id]);
  });

  it.each([
    ['work_pools/push/get_scheduled_flow_runs', {}],
    ['deployments/get_scheduled_flow_runs', 'deployments'],
    ['work_queues/<queue>/get_runs', {}],
  ] as const)('shows nobody to who asks for none: %s', async (route, given) => {
    const { work_queue_id } = (await trigger()).body;
    await touchLanes();
    const body = given === 'deployments' ? { deployment_ids: [deploymentId] } : given;
    const path = `/api/${route.replace('<queue>', work_queue_id)}`;

    expect((await api.call('POST', path, { body })).body).not.toEqual([]);
    expect(await api.call('POST', path, { body: { ...body, limit: 0 } })).toMatchObject({ status: 200, body: [] });
  });

  it('answers 422 to a poll without deployments', async () => {
    const answer = await api.call('POST', '/api/deployments/get_scheduled_flow_runs', { body: {} });

    expect(answer.status).toBe(422);
  });

  /** What the pump does with the hints before a worker polls. */
  async function touchLanes(): Promise<void> {
    for (const hint of api.hints.submitted) {
      if (hint.kind === 'work') await api.lanes.touch(hint.lane, hint.dueAt);
    }
  }
});
