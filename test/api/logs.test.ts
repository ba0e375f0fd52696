import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const line = (runId: string | null, message: string, extra: object = {}) => ({
  name: 'prefect.flow_runs',
  level: 20,
  message,
  timestamp: '2026-11-23T12:00:00.000001Z',
  flow_run_id: runId,
  ...extra,
});

const read = (body: object) => api.call('POST', '/api/logs/filter', { body });
const messages = (answer: { body: { message: string }[] }) => answer.body.map(({ message }) => message);

describe('logs', () => {
  it('keeps lines and lists them by time, microseconds included', async () => {
    const run = randomUUID();
    const body = [
      line(run, 'second', { timestamp: '2026-11-23T12:00:00.000002Z' }),
      line(run, 'first'),
      line(run, 'third', { timestamp: '2026-11-23 12:00:01+00:00' }),
    ];

    const created = await api.call('POST', '/api/logs/', { body });
    const up = await read({ logs: { flow_run_id: { any_: [run] } } });
    const down = await read({ logs: { flow_run_id: { any_: [run] } }, sort: 'TIMESTAMP_DESC', limit: 1 });

    expect(created).toMatchObject({ status: 201, body: null });
    expect(messages(up)).toEqual(['first', 'second', 'third']);
    expect(up.body[0].timestamp).toBe('2026-11-23T12:00:00.000001Z');
    expect(messages(down)).toEqual(['third']);
  });

  it('keeps one copy of a batch that is sent twice', async () => {
    const run = randomUUID();
    const body = [line(run, 'once'), line(run, 'once')];

    await api.call('POST', '/api/logs/', { body });
    await api.call('POST', '/api/logs/', { body });
    const answer = await read({ logs: { flow_run_id: { any_: [run] } } });

    expect(messages(answer)).toEqual(['once', 'once']);
  });

  it('finds lines by level, time and words', async () => {
    const run = randomUUID();
    await api.call('POST', '/api/logs/', {
      body: [
        line(run, 'Disk is full', { level: 40 }),
        line(run, 'disk is fine', { timestamp: '2026-11-23T12:00:05Z' }),
        line(run, 'all good'),
      ],
    });
    const flow_run_id = { any_: [run] };
    const find = async (logs: object) => messages(await read({ logs: { flow_run_id, ...logs } }));

    expect(await find({ level: { ge_: 30 } })).toEqual(['Disk is full']);
    expect(await find({ level: { le_: 30 } })).toHaveLength(2);
    expect(await find({ timestamp: { after_: '2026-11-23T12:00:01Z' } })).toEqual(['disk is fine']);
    expect(await find({ text: { query: 'disk -full' } })).toEqual(['disk is fine']);
    expect(await find({ text: { query: '"is full" good' } })).toEqual(['Disk is full', 'all good']);
  });

  it('reads the lines of a task that ran without a flow by its task run', async () => {
    const task = randomUUID();
    await api.call('POST', '/api/logs/', { body: [line(null, 'background', { task_run_id: task })] });

    const answer = await read({ logs: { task_run_id: { any_: [task] } } });

    expect(answer.body).toMatchObject([{ message: 'background', flow_run_id: null, task_run_id: task }]);
  });

  it('keeps the largest batch that the client sends', async () => {
    const run = randomUUID();
    const body = Array.from({ length: 80 }, (_, at) => line(run, `${at}`.padEnd(48_000, '.')));

    const created = await api.call('POST', '/api/logs/', { body });
    const answer = await read({ logs: { flow_run_id: { any_: [run] } }, limit: 80 });

    expect(created.status).toBe(201);
    expect(answer.body).toHaveLength(80);
  });

  it('lists nothing for a run that has no lines', async () => {
    const answer = await read({ logs: { flow_run_id: { any_: [nobody] } } });

    expect(answer).toMatchObject({ status: 200, body: [] });
  });
});

describe('logs that cannot be served', () => {
  it.each([[{}], [{ logs: {} }], [{ logs: { level: { ge_: 10 } } }]])(
    'says which filter to add to %j',
    async (body) => {
      const answer = await read(body);

      expect(answer).toMatchObject({
        status: 422,
        body: { detail: 'log lines are kept by run: add logs.flow_run_id.any_' },
      });
    },
  );

  it.each([
    [line(nobody, 'x', { level: 'INFO' })],
    [line(nobody, 'x', { timestamp: 'yesterday' })],
    [line('not-an-id', 'x')],
    [line(nobody, 'x', { colour: 'red' })],
    ['x'],
  ])('answers 422 to the line %j and keeps nothing of its batch', async (bad) => {
    const run = randomUUID();

    const answer = await api.call('POST', '/api/logs/', { body: [line(run, 'good'), bad] });
    const kept = await read({ logs: { flow_run_id: { any_: [run] } } });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc.slice(0, 2)).toEqual(['body', 1]);
    expect(kept.body).toEqual([]);
  });
});
