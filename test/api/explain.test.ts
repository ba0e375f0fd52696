// Why a run is not running, asked over the API: the facts are those of the real stores.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyAdmission } from '../../shared/domain/submit/admission.ts';
import { anAttempt, aTask } from '../support/run-builders.ts';
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

const rate = { perSecond: 20, burst: 100, calls: { perSecond: 20, burst: 100 } };
const client = { 'user-agent': 'prefect/3.8.8 (API 0.8.4)' };
const explained = async (id: string) => (await api.call('GET', `/api/flow_runs/${id}/explain`)).body;
let named = 0;

async function triggered(over: object): Promise<string> {
  named += 1;
  const body = { name: `explained-${named}`, flow_id: calls.flowId, ...over };
  const deployment: string = (await api.call('POST', '/api/deployments/', { body })).body.id;
  const reply = await calls.trigger({}, deployment);
  expect(reply.status).toBe(201);
  return reply.body.id;
}

/** Claims the run as the pump does, with whatever came of its launch. */
async function claimed(id: string, over: Parameters<typeof anAttempt>[0]): Promise<void> {
  const run = await api.deps.runs.read(id);
  if (run === undefined) throw new Error(`no run ${id}`);
  const now = api.clock.now;
  const state = { id: api.deps.world.newId(), type: 'PENDING', name: 'Pending', timestamp: now } as const;
  const details = { scheduledTime: start };
  const after = { ...run, state: { ...state, details }, attempt: 1, isAttemptOpen: true };
  const attempt = anAttempt({ runId: id, openedAt: now, ...over });
  expect(await api.deps.runs.openAttempt(run, after, { attempt })).toBe('written');
}

describe('GET /flow_runs/{id}/explain', () => {
  it('answers 404 for a run that is not there', async () => {
    const reply = await api.call('GET', `/api/flow_runs/${api.deps.world.newId()}/explain`);

    expect([reply.status, reply.body]).toEqual([404, { detail: 'Flow run not found' }]);
  });

  it('names the limit that is full and who holds its slots', async () => {
    named += 1;
    const limited = {
      name: `limited-${named}`,
      flow_id: calls.flowId,
      work_pool_name: 'process',
      concurrency_limit: 1,
    };
    const deployment: string = (await api.call('POST', '/api/deployments/', { body: limited })).body.id;
    const first = (await calls.trigger({}, deployment)).body;
    const second = (await calls.trigger({}, deployment)).body;
    const said = { body: { state: { type: 'PENDING' } }, headers: client };
    await api.call('POST', `/api/flow_runs/${first.id}/set_state`, said);
    api.clock.now = start + 20_000;

    const answer = await explained(second.id);

    expect(answer).toMatchObject({ reason: 'limit', state_type: 'SCHEDULED', attempt: null, start_latency: null });
    expect(answer.sentence).toBe(
      `The deployment limited-${named} allows 1 at a time, and its slot is taken by flow run ${first.name}, Pending (for 20 s).`,
    );
    expect(answer.evidence.holders).toEqual([
      { key: `run#${first.id}`, since: start, flow_run_id: first.id, name: first.name, state: 'Pending' },
    ]);
    expect((await explained(first.id)).reason).toBe('starting-elsewhere');
  });

  it('knows the limits of pool and queue', async () => {
    await api.call('POST', '/api/work_pools/', { body: { name: 'closed', type: 'ecs:push', concurrency_limit: 0 } });
    const id = await triggered({ work_pool_name: 'closed' });

    expect((await explained(id)).sentence).toBe('The work pool closed has a limit of 0 and lets no run start.');
    await api.call('PATCH', '/api/work_pools/closed', { body: { concurrency_limit: null } });
    await api.call('PATCH', '/api/work_pools/closed/queues/default', { body: { concurrency_limit: 0 } });
    expect((await explained(id)).sentence).toBe('The work queue default has a limit of 0 and lets no run start.');
  });

  it('says that pool or queue is paused', async () => {
    await api.call('POST', '/api/work_pools/', { body: { name: 'paused', type: 'ecs:push', is_paused: true } });
    const id = await triggered({ work_pool_name: 'paused' });

    expect((await explained(id)).sentence).toBe('Its work pool paused is paused.');
    await api.call('PATCH', '/api/work_pools/paused', { body: { is_paused: false } });
    await api.call('PATCH', '/api/work_pools/paused/queues/default', { body: { is_paused: true } });
    expect((await explained(id)).sentence).toBe('Its work queue default of the work pool paused is paused.');
  });

  it('says whether a worker of a hybrid pool is online', async () => {
    const id = await triggered({ work_pool_name: 'process' });

    expect((await explained(id)).reason).toBe('no-worker');
    await api.call('POST', '/api/work_pools/process/workers/heartbeat', { body: { name: 'anna' } });
    expect((await explained(id)).sentence).toContain('online: anna.');
  });

  it('says that the launch time is spent, that AWS throttled, that everything is frozen', async () => {
    const id = await triggered({ work_pool_name: 'push' });
    const { admission } = api;
    const write = async (over: object) => {
      const stored = await admission.read();
      const state = { ...emptyAdmission(rate, start), ...stored, launches: { tokens: 0, at: start }, ...over };
      expect(await admission.write(stored, state)).toBe('written');
    };

    await write({});
    expect(await explained(id)).toMatchObject({ reason: 'quota', evidence: { wait_ms: 50, share: 1 } });
    await write({ share: 0.5, throttledAt: start });
    expect((await explained(id)).sentence).toContain('10 a second since AWS throttled, of 20: the next task can start');
    await write({ freeze: { since: start, reason: 'a test' } });
    expect((await explained(id)).reason).toBe('frozen');
    await write({ freeze: undefined, share: 1, launches: { tokens: 100, at: start } });
    expect((await explained(id)).reason).toBe('next');
  });

  it('tells what ECS said when it last refused, and when the next try comes', async () => {
    const id = await triggered({ work_pool_name: 'push' });
    const reason = 'Capacity is unavailable at this time';
    const refused = { asked: { capacity: 'FARGATE' }, sends: 1, endedAt: start, class: 'capacity' } as const;
    const tries = { pastTries: [{ ...refused, number: 1, code: 'RESOURCE', reason }] };
    const currentTry = { number: 2, clientToken: 't', sends: 0 };
    await claimed(id, { ...tries, currentTry, dueAt: start + 4_000 });

    const answer = await explained(id);

    expect(answer).toMatchObject({ reason: 'refused', evidence: { class: 'capacity', said: reason } });
    expect(answer.sentence).toBe(
      `ECS refused to start its task (try 1, capacity: ${reason}); the next try is made in 4 s. Its start deadline is in 900 s.`,
    );
  });

  it('tells how far the task has come, with the deadline and the latency so far', async () => {
    const id = await triggered({ work_pool_name: 'push' });
    const task = aTask('PENDING', { createdAt: start + 3_000, pullStartedAt: start + 13_000 });
    api.clock.now = start + 2_000;
    await claimed(id, { taskArn: 'arn', taskKnownAt: start + 3_000, task });
    api.clock.now = start + 33_000;

    expect(await explained(id)).toMatchObject({
      reason: 'image-pull',
      sentence: 'The image of its task is pulled for 20 s. Its start deadline is in 869 s.',
      attempt: 1,
      start_latency: {
        queued: 2,
        claimed: 1,
        provisioned: 10,
        pulled: null,
        started: null,
        engine_up: null,
        total: 13,
      },
    });
  });
});
