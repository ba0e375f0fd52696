import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createFamilies } from '../../shared/adapters/dynamodb/families.ts';
import { anAttempt } from '../support/run-builders.ts';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { prepare } from './prepared.ts';

let api: ApiUnderTest;
let client: DocumentClient;
beforeAll(async () => {
  api = await startApi();
  client = createDocumentClient();
});
afterAll(async () => {
  client.destroy();
  await api.close();
});

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

describe('whose log', () => {
  it('is told by the flow run, by its task runs, or by nothing while there are few runs', async () => {
    const made = await prepare(api);
    const run = (await made.record()).body.id;
    const task = await api.call('POST', '/api/task_runs/', {
      body: { flow_run_id: run, task_key: 'key', dynamic_key: randomUUID(), state: { type: 'RUNNING' } },
    });
    await api.call('POST', '/api/logs/', {
      body: [
        line(run, 'of the flow'),
        line(run, 'of the task', { task_run_id: task.body.id, timestamp: '2026-11-23T12:00:01Z', level: 50 }),
        line(null, 'of nobody', { timestamp: '2026-11-23T12:00:00Z', level: 50 }),
      ],
    });

    const ofTask = await read({ logs: { task_run_id: { any_: [task.body.id] } } });
    const ofFlow = await read({ logs: { flow_run_id: { any_: [run] }, task_run_id: { is_null_: true } } });
    const severe = await read({ logs: { level: { ge_: 50 } } });
    const either = await read({ logs: { operator: 'or_', level: { ge_: 50 }, flow_run_id: { any_: [run] } } });

    expect(messages(ofTask)).toEqual(['of the task']);
    expect(messages(ofFlow)).toEqual(['of the flow']);
    expect(messages(severe)).toEqual(['of nobody', 'of the task']);
    expect(messages(either)).toEqual(['of nobody', 'of the flow', 'of the task']);
  });

  it('must be said once there are too many to merge', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID());

    const answer = await read({ logs: { flow_run_id: { any_: ids } } });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('add logs.flow_run_id.any_');
  });

  it('gives the pages of a long log without a gap', async () => {
    const run = randomUUID();
    for (let batch = 0; batch < 12; batch += 1) {
      const at = (second: number) => new Date(Date.parse('2026-11-23T12:00:00Z') + second * 1000).toISOString();
      const lines = Array.from({ length: 40 }, (_, one) =>
        line(run, `${batch} ${one}`, { timestamp: at(batch * 2 + one / 30) }),
      );
      await api.call('POST', '/api/logs/', { body: lines });
    }
    const logs = { flow_run_id: { any_: [run] } };

    const pages = [];
    for (const offset of [0, 200, 400]) pages.push(messages(await read({ logs, offset })));
    const last = await read({ logs, offset: 479, limit: 5 });
    const newest = await read({ logs, sort: 'TIMESTAMP_DESC', limit: 3 });

    expect(new Set(pages.flat()).size).toBe(480);
    expect(last.body).toHaveLength(1);
    expect(messages(newest)[0]).toBe(messages(last)[0]);
  });
});

describe('how long a log is kept', () => {
  it('is a variable of the pool, and what belongs to an unknown run goes after a week', async () => {
    const made = await prepare(api);
    const template = {
      variables: { type: 'object', properties: { log_retention_days: { type: 'integer', default: 3 } } },
    };
    const base_job_template = { job_configuration: { command: 'x' }, ...template };
    const patched = await api.call('PATCH', '/api/work_pools/process', { body: { base_job_template } });
    const run = (await made.record({ work_pool_name: 'process' })).body.id;
    const [kept, stranger] = [(await made.record()).body.id, randomUUID()];
    await api.call('POST', '/api/logs/', { body: [run, kept, stranger].map((id) => line(id, 'x')) });
    const count = async (id: string) => (await read({ logs: { flow_run_id: { any_: [id] } } })).body.length;

    const first = await Promise.all([run, kept, stranger].map(count));
    api.clock.now += 4 * 86_400_000;
    const later = await Promise.all([run, kept, stranger].map(count));
    api.clock.now += 4 * 86_400_000;
    const last = await Promise.all([run, kept, stranger].map(count));
    api.clock.now -= 8 * 86_400_000;

    expect(patched.body).toBeUndefined();
    expect(first).toEqual([1, 1, 1]);
    expect(later).toEqual([0, 1, 1]);
    expect(last).toEqual([0, 1, 0]);
  });

  it('ends with the run', async () => {
    const made = await prepare(api);
    const run = (await made.record()).body.id;
    await api.call('POST', '/api/logs/', { body: [line(run, 'x')] });

    await api.call('DELETE', `/api/flow_runs/${run}`);

    expect((await read({ logs: { flow_run_id: { any_: [run] } } })).body).toEqual([]);
  });
});

describe('a log as a file', () => {
  const download = (id: string) => api.call('GET', `/api/flow_runs/${id}/logs/download`);

  it("has Prefect's columns, times and quotes", async () => {
    const made = await prepare(api);
    const run = (await made.record({ name: 'nice run' })).body.id;
    const task = randomUUID();
    const lines = [
      line(run, 'hello, "x"\nline 2', { timestamp: '2026-11-24T00:00:00.123456Z' }),
      line(run, 'plain', { timestamp: '2026-11-24T00:00:00Z', level: 25, task_run_id: task }),
    ];
    await api.call('POST', '/api/logs/', { body: lines });

    const answer = await download(run);

    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toContain("filename*=UTF-8''nice%20run-logs.csv");
    expect(answer.body).toBe(
      [
        'timestamp,level,flow_run_id,task_run_id,message',
        `2026-11-24 00:00:00+00:00,25,${run},${task},plain`,
        `2026-11-24 00:00:00.123456+00:00,20,${run},,"hello, ""x""\nline 2"`,
        '',
      ].join('\r\n'),
    );
  });

  it('shows what the container printed when the flow itself said nothing', async () => {
    const made = await prepare(api);
    const { deps } = api;
    const id = (await made.trigger()).body.id;
    const run = await deps.runs.read(id);
    if (run === undefined) throw new Error('no run');
    const options = { 'awslogs-group': '/tasks', 'awslogs-stream-prefix': 'pre' };
    const logConfiguration = { logDriver: 'awslogs', options };
    const definition = { containerDefinitions: [{ name: 'prefect', logConfiguration }] };
    await createFamilies({ client, table: 'slipway-control' }).remember('printed', definition);
    const attempt = anAttempt({ runId: id, family: 'printed', taskArn: 'arn:aws:ecs:task/cluster/t1' });
    await deps.runs.openAttempt(run, { ...run, attempt: 1, isAttemptOpen: true }, { attempt });
    api.outputs.set('/tasks pre/prefect/t1', [
      { timestamp: Date.parse('2026-11-24T00:00:01Z'), message: 'no module, sorry' },
    ]);

    const silent = await download(id);
    await api.call('POST', '/api/logs/', { body: [line(id, 'hello')] });
    const spoken = await download(id);

    expect(silent.body.split('\r\n')[1]).toBe(`2026-11-24 00:00:01+00:00,20,${id},,"no module, sorry"`);
    expect(spoken.body).toContain('hello');
    expect(spoken.body).not.toContain('sorry');
  });

  it('travels packed when it is large and the caller can unpack it', async () => {
    const made = await prepare(api);
    const run = (await made.record()).body.id;
    const body = Array.from({ length: 30 }, (_, at) => line(run, `${at} `.padEnd(100_000, 'x')));
    await api.call('POST', '/api/logs/', { body });

    const plain = await download(run);
    const packed = await api.call('GET', `/api/flow_runs/${run}/logs/download`, {
      headers: { 'accept-encoding': 'gzip, deflate' },
    });

    expect(plain.body.length).toBeGreaterThan(3_000_000);
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.from(packed.body, 'base64')).toString()).toBe(plain.body);
  });

  it('answers 404 for a run that is not there', async () => {
    expect(await download(nobody)).toMatchObject({ status: 404, body: { detail: 'Flow run not found' } });
  });
});

describe('lines that do not fit', () => {
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
