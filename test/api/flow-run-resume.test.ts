// Inputs of runs, and paused runs that are resumed with the input that they wait for.
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

const aRun = async (): Promise<string> => (await calls.record()).body.id;
const give = (id: string, key: string, value: string, more: object = {}) =>
  api.call('POST', `/api/flow_runs/${id}/input`, { body: { key, value, ...more } });
const input = (id: string, key: string) => api.call('GET', `/api/flow_runs/${id}/input/${key}`);
const inputs = (id: string, body: object) => api.call('POST', `/api/flow_runs/${id}/input/filter`, { body });
const resume = (id: string, body: object = {}) => api.call('POST', `/api/flow_runs/${id}/resume`, { body });

describe('inputs of a run', () => {
  it('are read back as the very text that was sent', async () => {
    const id = await aRun();

    const given = await give(id, 'paused-1-schema', '{"a": 1.0}');

    const read = await input(id, 'paused-1-schema');
    expect(given).toMatchObject({ status: 201, body: null });
    expect(read).toMatchObject({ status: 200, body: '{"a": 1.0}', headers: { 'content-type': /^text\/plain/ } });
  });

  it('are taken once for each key', async () => {
    const id = await aRun();
    await give(id, 'key', 'first');

    const again = await give(id, 'key', 'second');

    expect(again).toMatchObject({ status: 409, body: { detail: 'A flow run input with this key already exists.' } });
    expect((await input(id, 'key')).body).toBe('first');
  });

  it('are listed by the beginning of their keys, oldest first, up to a limit', async () => {
    const id = await aRun();
    for (const [at, key] of ['in-b', 'in-a', 'in-c', 'out'].entries()) {
      api.clock.now = start + at * 1000;
      await give(id, key, key.toUpperCase(), { sender: 'prefect.flow-run.x' });
    }

    const one = await inputs(id, { prefix: 'in-' });
    const rest = await inputs(id, { prefix: 'in-', limit: 5, exclude_keys: ['in-a'] });

    expect(one.body).toMatchObject([
      {
        key: 'in-b',
        value: 'IN-B',
        flow_run_id: id,
        sender: 'prefect.flow-run.x',
        created: '2026-11-23T12:00:00.000Z',
      },
    ]);
    expect(rest.body.map(({ key }: { key: string }) => key)).toEqual(['in-b', 'in-c']);
  });

  it('are deleted once, and with their run', async () => {
    const id = await aRun();
    await give(id, 'one', '1');
    await give(id, 'two', '2');

    const first = await api.call('DELETE', `/api/flow_runs/${id}/input/one`);
    const second = await api.call('DELETE', `/api/flow_runs/${id}/input/one`);
    await api.call('DELETE', `/api/flow_runs/${id}`);

    expect([first.status, second.status]).toEqual([204, 404]);
    expect(await input(id, 'two')).toMatchObject({ status: 404, body: { detail: 'Flow run input not found' } });
    expect((await give(id, 'three', '3')).status).toBe(404);
  });

  it('need a key that can stand in a path', async () => {
    const id = await aRun();

    expect((await give(id, 'a/b', '1')).status).toBe(422);
    expect((await give(id, 'k'.repeat(901), '1')).status).toBe(422);
  });
});

const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] };
const keyset = { schema: 'paused-1-schema', response: 'paused-1-response' };

/** A run that waits in a pause for an input of this schema. */
async function waiting(details: object = {}, kept: string = JSON.stringify(schema)): Promise<string> {
  const { id } = (await calls.trigger({ state: { type: 'RUNNING' } })).body;
  const state_details = { pause_key: '1', run_input_keyset: keyset, pause_timeout: '2026-11-23T13:00:00Z', ...details };
  const paused = await calls.propose(id, { type: 'PAUSED', name: 'Paused', state_details });
  expect(paused.body.status).toBe('ACCEPT');
  if (kept !== '') await give(id, keyset.schema, kept);
  return id;
}

describe('a paused run', () => {
  it('goes on as RUNNING, with the input under the key that it reads', async () => {
    const id = await waiting();

    const answer = await resume(id, { run_input: { age: 7 } });

    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'ACCEPT', state: { type: 'RUNNING', name: 'Running' } },
    });
    expect(JSON.parse((await input(id, keyset.response)).body)).toEqual({ age: 7 });
    expect(await calls.read(id)).toMatchObject({
      run_count: 1,
      empirical_policy: { pause_keys: ['1'], resuming: false },
    });
  });

  it('that was suspended is scheduled again', async () => {
    const id = await waiting({ pause_reschedule: true });

    const answer = await resume(id, { run_input: { age: 7 } });

    expect(answer.body).toMatchObject({ status: 'ACCEPT', state: { type: 'SCHEDULED', name: 'Resuming' } });
    expect(await calls.read(id)).toMatchObject({ empirical_policy: { resuming: true } });
  });

  it.each([
    ['does not fit the schema', { age: 'old' }, JSON.stringify(schema), 'Reason: '],
    ['is missing', {}, JSON.stringify(schema), 'Reason: '],
    ['cannot be checked: no schema', { age: 7 }, '', 'Run input schema not found.'],
    ['cannot be checked: no JSON', { age: 7 }, '{', 'Run input schema is not valid JSON.'],
    [
      'cannot be filled in',
      { age: { __prefect_kind: 'workspace_variable', variable_name: 'nix' } },
      '{}',
      'Error hydrating',
    ],
  ])('stays paused when its input %s', async (_what, run_input, kept, reason) => {
    const id = await waiting({}, kept);

    const answer = await resume(id, { run_input });

    const details = { type: 'abort_details', reason: expect.stringContaining(reason) };
    expect(answer).toMatchObject({ status: 200, body: { status: 'REJECT', state: { type: 'PAUSED' }, details } });
    expect((await calls.read(id)).state_type).toBe('PAUSED');
    expect((await input(id, keyset.response)).status).toBe(404);
  });

  it('takes values of variables and JSON in text', async () => {
    await api.call('POST', '/api/variables/', { body: { name: 'years', value: 41 } });
    const id = await waiting();
    const variable = { __prefect_kind: 'workspace_variable', variable_name: 'years' };

    const answer = await resume(id, { run_input: { age: variable, more: { __prefect_kind: 'json', value: '[1]' } } });

    expect(answer.body.status).toBe('ACCEPT');
    expect(JSON.parse((await input(id, keyset.response)).body)).toEqual({ age: 41, more: [1] });
  });

  it('fails when it is resumed too late', async () => {
    const id = await waiting();
    api.clock.now = start + 2 * 3_600_000;

    const answer = await resume(id, { run_input: { age: 7 } });

    const reason = 'The flow run pause has timed out and can no longer resume.';
    expect(answer.body).toMatchObject({ status: 'REJECT', state: { type: 'FAILED' }, details: { reason } });
    expect((await input(id, keyset.response)).status).toBe(404);
  });
});

describe('a run that is not paused', () => {
  it('cannot be resumed', async () => {
    const answer = await resume(await aRun());

    const details = { type: 'abort_details', reason: 'Cannot resume a flow run that is not paused.' };
    expect(answer).toMatchObject({ status: 200, body: { status: 'ABORT', state: null, details } });
    expect((await resume(nobody)).status).toBe(404);
  });
});
