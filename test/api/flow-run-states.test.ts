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

describe('states', () => {
  it('answers 201 with the state that was made, and counts the run', async () => {
    const { id } = (await record()).body;
    api.clock.now = start + 2000;

    const running = await propose(id, { type: 'RUNNING', message: 'go', state_details: { transition_id: nobody } });
    api.clock.now = start + 5000;
    const done = await propose(id, { type: 'COMPLETED', data: { type: 'unpersisted' } });

    expect(running.status).toBe(201);
    expect(running.body).toMatchObject({
      status: 'ACCEPT',
      details: { type: 'accept_details' },
      state: {
        type: 'RUNNING',
        name: 'Running',
        message: 'go',
        timestamp: '2026-11-23T12:00:02.000Z',
        state_details: { transition_id: nobody, flow_run_id: id },
      },
    });
    expect(done.body.state).toMatchObject({ type: 'COMPLETED', data: { type: 'unpersisted' } });
    expect(await read(id)).toMatchObject({
      state_type: 'COMPLETED',
      run_count: 1,
      start_time: '2026-11-23T12:00:02.000Z',
      end_time: '2026-11-23T12:00:05.000Z',
      total_run_time: 3,
      estimated_run_time: 3,
    });
  });

  it('answers 200 with a reason where the rules refuse', async () => {
    const { id } = (await record()).body;

    const again = await propose(id, { type: 'PENDING' });

    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      status: 'ABORT',
      details: { type: 'abort_details' },
      state: { type: 'PENDING' },
    });
    expect(again.body.details.reason).not.toBe('');
  });

  it('tells a run that starts too early how long to wait', async () => {
    const { id } = (
      await trigger({ state: { type: 'SCHEDULED', state_details: { scheduled_time: '2026-11-23T12:00:10Z' } } })
    ).body;

    const early = await propose(id, { type: 'RUNNING' });

    expect(early.status).toBe(200);
    expect(early.body).toMatchObject({ status: 'WAIT', details: { type: 'wait_details', delay_seconds: 10 } });
  });

  it('lists the states of a run in the order they came', async () => {
    const { id } = (await record()).body;
    api.clock.now = start + 1;
    await propose(id, { type: 'RUNNING' });
    api.clock.now = start + 2;
    await propose(id, { type: 'FAILED', message: 'broken' });

    const states = await api.call('GET', '/api/flow_run_states/', { query: `flow_run_id=${id}` });

    expect(states.body.map(({ type }: { type: string }) => type)).toEqual(['PENDING', 'RUNNING', 'FAILED']);
    expect(states.body[2]).toMatchObject({ message: 'broken', state_details: { flow_run_id: id } });
  });

  it('hands on which attempt a container says it is', async () => {
    const seen: unknown[] = [];
    const listening = api.with({
      useCases: {
        ...api.deps.useCases,
        recordState: async (request) => {
          seen.push(request.caller);
          return undefined;
        },
      },
    });
    const send = (headers: Record<string, string>) =>
      listening.call('POST', `/api/flow_runs/${nobody}/set_state`, { body: { state: { type: 'RUNNING' } }, headers });

    await send({ 'x-slipway-run': nobody.toUpperCase(), 'x-slipway-attempt': '3' });
    await send({ 'x-slipway-run': nobody, 'x-slipway-attempt': 'x' });
    await send({});

    expect(seen).toEqual([{ runId: nobody, attempt: 3 }, undefined, undefined]);
  });

  it('puts off a container whose attempt the table does not know yet, and says for how long', async () => {
    const { id } = (await record()).body;

    const answer = await api.call('POST', `/api/flow_runs/${id}/set_state`, {
      body: { state: { type: 'RUNNING' } },
      headers: { 'x-slipway-run': id, 'x-slipway-attempt': '1' },
    });

    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '20']);
    expect(answer.body.exception_message).toContain(`attempt 1 of run ${id} is not known yet`);
  });

  it.each([
    [{}],
    [{ state: null }],
    [{ state: {} }],
    [{ state: { type: 'RUNNING', timestamp: '2026-01-01' } }],
    [{ state: { type: 'RUNNING' }, force: 'x' }],
  ])('answers 422 to the proposal %j', async (body) => {
    const answer = await api.call('POST', `/api/flow_runs/${nobody}/set_state`, { body });

    expect(answer.status).toBe(422);
  });

  it('finds a state by its id alone, through the event that told of it', async () => {
    const { id } = (await record()).body;
    const { state } = (await propose(id, { type: 'RUNNING' })).body;
    const read = () => api.call('GET', `/api/flow_run_states/${state.id}`);
    const untold = await read();
    await api.eventStore.keep([
      {
        id: state.id,
        occurred: start,
        received: start,
        event: 'prefect.flow-run.Running',
        resource: { 'prefect.resource.id': `prefect.flow-run.${id}` },
        related: [],
        payload: {},
      },
    ]);

    expect(untold.status).toBe(404);
    expect(await read()).toMatchObject({
      status: 200,
      body: { id: state.id, type: 'RUNNING', state_details: { flow_run_id: id } },
    });
  });

  it('answers 422 to states of a run that is not named and 404 to a state that is nobody’s', async () => {
    const unnamed = await api.call('GET', '/api/flow_run_states/');
    const byId = await api.call('GET', `/api/flow_run_states/${nobody}`);

    expect([unnamed.status, byId.status]).toEqual([422, 404]);
  });
});
