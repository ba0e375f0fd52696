// Histories and lateness of flow runs over time.
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

/** A run that was expected at noon plus these seconds and started so many seconds late. */
async function ran(tag: string, { at = 0, late = 0, for: seconds = 10, end = 'COMPLETED' } = {}): Promise<string> {
  api.clock.now = start;
  const scheduled_time = new Date(start + at * 1000).toISOString();
  const state = { type: 'SCHEDULED', state_details: { scheduled_time } };
  const { id } = (await calls.record({ tags: [tag], state })).body;
  api.clock.now = start + (at + late) * 1000;
  await calls.propose(id, { type: 'RUNNING' }, { force: true });
  api.clock.now += seconds * 1000;
  if (end !== 'RUNNING') await calls.propose(id, { type: end }, { force: true });
  return id;
}

const only = (tag: string) => ({ flow_runs: { tags: { all_: [tag] } } });
const history = (body: object) => api.call('POST', '/api/flow_runs/history', { body });
const hours = { history_start: '2026-11-23T12:00:00Z', history_end: '2026-11-23T14:00:00Z' };

describe('a history', () => {
  it('counts runs by state in the interval of their expected start', async () => {
    await ran('h', { late: 4, for: 10 });
    await ran('h', { at: 60, for: 20 });
    await ran('h', { at: 3_600, end: 'FAILED' });
    await ran('h', { at: 2 * 3_600 });

    const { body } = await history({ ...hours, history_interval_seconds: 3_600, ...only('h') });

    expect(body).toEqual([
      {
        interval_start: '2026-11-23T12:00:00.000Z',
        interval_end: '2026-11-23T13:00:00.000Z',
        states: [
          {
            state_type: 'COMPLETED',
            state_name: 'Completed',
            count_runs: 2,
            sum_estimated_run_time: 30,
            sum_estimated_lateness: 4,
          },
        ],
      },
      {
        interval_start: '2026-11-23T13:00:00.000Z',
        interval_end: '2026-11-23T14:00:00.000Z',
        states: [expect.objectContaining({ state_type: 'FAILED', count_runs: 1 })],
      },
    ]);
  });

  it('keeps to the filter where any of its conditions is enough', async () => {
    await ran('any');
    const flow_runs = { operator: 'or_', tags: { all_: ['any'] }, name: { any_: ['nobody'] } };

    const { body } = await history({ ...hours, history_interval_seconds: 7_200, flow_runs });

    expect(body).toMatchObject([{ states: [{ count_runs: 1 }] }]);
  });

  it('has no interval under a second, and none where the end is before the start', async () => {
    const short = await history({ ...hours, history_interval_seconds: 0.5 });
    const none = await history({
      history_start: hours.history_end,
      history_end: hours.history_start,
      history_interval_seconds: 60,
    });

    expect(short).toMatchObject({ status: 422, body: { detail: 'History interval must not be less than 1 second.' } });
    expect(none.body).toEqual([]);
    expect((await history({})).status).toBe(422);
  });
});

describe('lateness', () => {
  const lateness = (body: object) => api.call('POST', '/api/flow_runs/lateness', { body });

  it('is the average of the seconds by which runs started late', async () => {
    await ran('late', { late: 10 });
    await ran('late', { late: 2 });

    expect((await lateness(only('late'))).body).toBe(6);
  });

  it('of runs that wait still grows', async () => {
    await calls.record({ tags: ['waiting'], state: { type: 'SCHEDULED' } });
    api.clock.now = start + 30_000;

    expect((await lateness(only('waiting'))).body).toBe(30);
  });

  it('of no runs is none', async () => {
    expect(await lateness(only('nobody'))).toMatchObject({ status: 200, body: null });
    expect((await lateness({ flow_runs: { nonsense: 1 } })).status).toBe(422);
  });
});

describe('the list that the page draws', () => {
  const drawn = (body: object) => api.call('POST', '/api/ui/flow_runs/history', { body });

  it('has when each run started, how long it took and how late it was, newest expected first', async () => {
    const first = await ran('ui', { late: 3, for: 12 });
    const second = await ran('ui', { at: 100, end: 'RUNNING', for: 7 });

    const { body } = await drawn(only('ui'));

    expect(body).toEqual([
      { id: second, state_type: 'RUNNING', timestamp: '2026-11-23T12:01:40.000Z', duration: 7, lateness: 0 },
      { id: first, state_type: 'COMPLETED', timestamp: '2026-11-23T12:00:03.000Z', duration: 12, lateness: 3 },
    ]);
    expect((await drawn({ ...only('ui'), limit: 1, offset: 1 })).body).toMatchObject([{ id: first }]);
  });

  it('has at most a thousand', async () => {
    expect((await drawn({ limit: 1001 })).status).toBe(422);
  });
});

it.each(['/api/flow_runs/history', '/api/task_runs/history'])(
  '%s refuses intervals beyond a hundred years',
  async (path) => {
    const times = { history_start: '2026-11-23T12:00:00Z', history_end: '2026-11-23T13:00:00Z' };

    const answer = await api.call('POST', path, { body: { ...times, history_interval_seconds: 1e86 } });

    expect(answer.status).toBe(422);
  },
);
