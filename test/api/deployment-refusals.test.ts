import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
let flowId: string;
beforeAll(async () => {
  api = await startApi();
  flowId = (await api.call('POST', '/api/flows/', { body: { name: 'flow', labels: { from: 'flow' } } })).body.id;
  for (const [name, type, base_job_template] of [
    ['process', 'process', processTemplate],
    ['push', 'ecs:push', ecsPushTemplate],
  ] as const) {
    await api.call('POST', '/api/work_pools/', { body: { name, type, base_job_template } });
  }
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

const create = (name: string, extra: object = {}) =>
  api.call('POST', '/api/deployments/', { body: { name, flow_id: flowId, ...extra } });
const read = async (id: string) => (await api.call('GET', `/api/deployments/${id}`)).body;
const update = (id: string, body: object) => api.call('PATCH', `/api/deployments/${id}`, { body });

const schema = {
  type: 'object',
  title: 'Parameters',
  properties: { x: { type: 'integer', title: 'x' }, name: { type: 'string', title: 'name' } },
  required: ['x'],
};

describe('deployments that cannot be served', () => {
  it.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/create_flow_run'],
    ['POST', '/pause_deployment'],
    ['POST', '/resume_deployment'],
    ['GET', '/schedules'],
    ['POST', '/schedules'],
    ['PATCH', `/schedules/${nobody}`],
    ['DELETE', `/schedules/${nobody}`],
    ['GET', '/work_queue_check'],
  ])('answers 404 to %s of an unknown deployment%s', async (method, rest) => {
    const body = rest === '/schedules' ? [] : {};

    const answer = await api.call(method, `/api/deployments/${nobody}${rest}`, method === 'GET' ? {} : { body });

    expect(answer.status).toBe(404);
    expect(answer.body.detail).toMatch(/^Deployment not found\.?$/);
  });

  it('answers 404 to an unknown name, flow, pool and schedule', async () => {
    const { id } = (await create('known')).body;

    const byName = await api.call('GET', '/api/deployments/name/flow/nobody');
    const ofNoFlow = await create('x', { flow_id: nobody });
    const inNoPool = await create('x', { work_pool_name: 'nowhere' });
    const movedNowhere = await update(id, { work_pool_name: 'nowhere' });
    const noSchedule = await api.call('DELETE', `/api/deployments/${id}/schedules/${nobody}`);

    expect(byName.status).toBe(404);
    expect(ofNoFlow.status).toBe(409);
    expect(ofNoFlow.body.detail).toContain('Data integrity conflict');
    expect(inNoPool).toMatchObject({ status: 404, body: { detail: 'Work pool "nowhere" not found.' } });
    expect(movedNowhere.status).toBe(404);
    expect(noSchedule).toMatchObject({ status: 404, body: { detail: 'Schedule not found.' } });
  });

  it('answers 422 to a size that Fargate does not offer, naming the nearest, at creation and at changes', async () => {
    const { id } = (await create('sized', { work_pool_name: 'push', job_variables: { cpu: 256, memory: 512 } })).body;

    const created = await create('odd', { work_pool_name: 'push', job_variables: { cpu: 1024, memory: 100 } });
    const changed = await update(id, { job_variables: { cpu: 256, memory: 9000 } });

    for (const answer of [created, changed]) {
      expect(answer.status).toBe(422);
      expect(answer.body.detail).toContain('nearest are');
    }
    expect((await api.call('GET', '/api/deployments/name/flow/odd')).status).toBe(404);
    expect((await read(id)).job_variables).toEqual({ cpu: 256, memory: 512 });
  });

  it('makes no queue for a deployment that it refuses', async () => {
    const job_variables = { cpu: 1024, memory: 100 };

    await create('odd', { work_pool_name: 'push', work_queue_name: 'never', job_variables });

    expect((await api.call('GET', '/api/work_pools/push/queues/never')).status).toBe(404);
  });

  it('answers 422 to a job variable of the wrong type', async () => {
    const answer = await create('odd', { work_pool_name: 'process', job_variables: { env: 'A=1' } });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain("Validation failed for field 'env'");
  });

  it('answers 422 or 409 to parameters that do not fit an enforced schema, and takes missing ones', async () => {
    const enforced = { enforce_parameter_schema: true, parameter_openapi_schema: schema };
    const { id } = (await create('enforced', { ...enforced, parameters: { name: 'n' } })).body;

    const created = await create('odd', { ...enforced, parameters: { x: 'one' } });
    const changed = await update(id, { parameters: { x: 'one' } });
    const relaxed = await update(id, { parameters: { x: 'one' }, enforce_parameter_schema: false });

    expect(created.status).toBe(422);
    expect(changed.status).toBe(409);
    expect(changed.body.detail).toContain("'x' must be integer");
    expect(relaxed.status).toBe(204);
  });

  it('answers 422 to a parameter schema that is none', async () => {
    const answer = await create('odd', {
      enforce_parameter_schema: true,
      parameter_openapi_schema: { type: 'object', properties: { x: { type: 'whole number' } } },
    });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('not a usable JSON schema');
  });

  it('answers 422 to two limits and 404 to a global limit that does not exist', async () => {
    const both = await create('odd', { concurrency_limit: 1, global_concurrency_limit_id: nobody });
    const unknown = await create('odd', { global_concurrency_limit_id: nobody });

    expect([both.status, unknown.status]).toEqual([422, 404]);
  });

  it.each([
    [{ flow_id: 'x' }, 'flow_id'],
    [{ concurrency_limit: 0 }, 'concurrency_limit'],
    [{ parameters: [] }, 'parameters'],
    [{ pull_steps: ['x'] }, 'pull_steps'],
    [{ version_info: { type: 'git' } }, 'version_info'],
    [{ labels: { a: null } }, 'labels'],
    [{ colour: 'red' }, 'colour'],
  ])('answers 422 to a deployment with %j', async (extra, field) => {
    const answer = await create('odd', extra);

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc.slice(0, 2)).toEqual(['body', field]);
  });

  it('answers 422 to parameters over 512 KiB and 413 to a deployment that no item can hold', async () => {
    const large = await create('odd', { parameters: { x: 'x'.repeat(524_289) } });
    const whole = await create('odd', { description: 'x'.repeat(400_000) });

    expect(large.status).toBe(422);
    expect(JSON.stringify(large.body)).toContain('must be less than 524,288 bytes');
    expect(whole.status).toBe(413);
  });

  it('drops fields of old clients as Prefect does', async () => {
    const answer = await create('old-client', { worker_pool_name: 'x', work_pool_queue_name: 'y' });

    expect(answer.status).toBe(201);
  });
});
