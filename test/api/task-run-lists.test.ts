import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, type Reply, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
const flowRuns: Record<string, string> = {};
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const post = (path: string, body: object) => api.call('POST', `/api${path}`, { body });

/** Two flow runs of two flows, with task runs a minute apart; one has none. */
beforeAll(async () => {
  api = await startApi();
  for (const [name, tags] of [
    ['etl', ['nightly']],
    ['report', []],
  ] as const) {
    const flowId = (await post('/flows/', { name })).body.id;
    const body = { flow_id: flowId, name: `${name}-run`, tags, state: { type: 'RUNNING' } };
    flowRuns[name] = (await post('/flow_runs/', body)).body.id;
  }
  const tasks = [
    ['extract', 'etl', { tags: ['io', 'db'], state: { type: 'RUNNING' } }],
    ['clean', 'etl', { state: { type: 'COMPLETED' } }],
    ['load', 'etl', { tags: ['io'], state: { type: 'SCHEDULED', state_details: { scheduled_time: at(60) } } }],
    ['draw', 'report', { state: { type: 'FAILED', name: 'TimedOut' } }],
    ['Alone', undefined, { state: { type: 'CRASHED' } }],
  ] as const;
  for (const [minute, [name, run, fields]] of tasks.entries()) {
    api.clock.now = start + minute * 60_000;
    const flow_run_id = run === undefined ? null : flowRuns[run];
    await post('/task_runs/', { name, flow_run_id, task_key: name, dynamic_key: '0', ...fields });
  }
  api.clock.now = start + 60_000;
  const flow_id = (await post('/flows/', { name: 'child' })).body.id;
  const child = (await post('/flow_runs/', { flow_id, parent_task_run_id: await idOf('clean') })).body.id;
  await post(`/flow_runs/${child}/set_state`, { state: { type: 'COMPLETED' }, force: true });
  api.clock.now = start + 240_000;
});
afterAll(() => api.close());

async function idOf(name: string): Promise<string> {
  return (await post('/task_runs/filter', { task_runs: { name: { any_: [name] } } })).body[0].id;
}
const names = ({ body }: Reply): string[] => body.map(({ name }: { name: string }) => name);
const find = async (body: object) => names(await post('/task_runs/filter', { sort: 'NAME_ASC', ...body }));
const own = (task_runs: object) => find({ task_runs });

describe('a filter of task runs', () => {
  it.each([
    ['nothing', {}, ['Alone', 'clean', 'draw', 'extract', 'load']],
    ['names', { name: { any_: ['clean', 'draw', 'nobody'] } }, ['clean', 'draw']],
    ['a part of the name, in any case', { name: { like_: 'AL' } }, ['Alone']],
    ['all of some tags', { tags: { all_: ['io', 'db'] } }, ['extract']],
    ['no tags', { tags: { is_null_: true } }, ['Alone', 'clean', 'draw']],
    ['types of state', { state: { type: { any_: ['FAILED', 'CRASHED'] } } }, ['Alone', 'draw']],
    ['names of state', { state: { name: { any_: ['TimedOut'] } } }, ['draw']],
    [
      'state by type or name',
      { state: { operator: 'or_', type: { any_: ['CRASHED'] }, name: { any_: ['TimedOut'] } } },
      ['Alone', 'draw'],
    ],
    ['no start', { start_time: { is_null_: true } }, ['load']],
    ['a start until a time', { start_time: { before_: at(1) } }, ['clean', 'extract']],
    ['a start from a time on', { start_time: { after_: at(3) } }, ['Alone', 'draw']],
    ['an end from a time on', { end_time: { after_: at(3) } }, ['Alone', 'draw']],
    ['no end', { end_time: { is_null_: true } }, ['extract', 'load']],
    [
      'an expected start between two times',
      { expected_start_time: { after_: at(1), before_: at(3) } },
      ['clean', 'draw'],
    ],
    ['an expected start in the future', { expected_start_time: { after_: at(30) } }, ['load']],
    ['those that stand for subflows', { subflow_runs: { exists_: true } }, ['clean']],
    ['those that do not', { subflow_runs: { exists_: false } }, ['Alone', 'draw', 'extract', 'load']],
    ['any flow run, by default', { flow_run_id: {} }, ['clean', 'draw', 'extract', 'load']],
    ['no flow run', { flow_run_id: { is_null_: true } }, ['Alone']],
    ['either of two', { operator: 'or_', name: { any_: ['load'] }, tags: { all_: ['db'] } }, ['extract', 'load']],
  ])('by %s', async (_what, filter, wanted) => {
    expect(await own(filter)).toEqual(wanted);
    expect((await post('/task_runs/count', { task_runs: filter })).body).toBe(wanted.length);
  });

  it('by flow run and by id', async () => {
    const id = await idOf('draw');

    expect(await own({ flow_run_id: { any_: [flowRuns['report']] } })).toEqual(['draw']);
    expect(await own({ id: { any_: [id, nobody] } })).toEqual(['draw']);
    expect(await own({ id: { any_: [id] }, name: { any_: ['load'] } })).toEqual([]);
    expect(await own({ operator: 'or_', id: { any_: [id] }, name: { any_: ['load'] } })).toEqual(['draw', 'load']);
  });

  it.each([
    ['the flow run', { flow_runs: { name: { any_: ['etl-run'] } } }, ['clean', 'extract', 'load']],
    ["the flow run's tags", { flow_runs: { tags: { all_: ['nightly'] } } }, ['clean', 'extract', 'load']],
    ['the flow', { flows: { name: { any_: ['report'] } } }, ['draw']],
    ['both', { flows: { name: { any_: ['report'] } }, task_runs: { name: { any_: ['clean'] } } }, []],
    ['a flow run that is there', { flow_runs: {} }, ['clean', 'draw', 'extract', 'load']],
    ['a deployment, which none has', { deployments: {} }, []],
  ])('by %s, of what surrounds them', async (_what, filters, wanted) => {
    expect(await find(filters)).toEqual(wanted);
    expect((await post('/task_runs/count', filters)).body).toBe(wanted.length);
  });

  it('by the id of a flow run reads nothing else', async () => {
    const listed: unknown[] = [];
    const { taskRuns } = api.deps;
    const list: typeof taskRuns.list = (request) => {
      listed.push(request);
      return taskRuns.list(request);
    };

    const answer = await api.with({ taskRuns: { ...taskRuns, list } }).call('POST', '/api/task_runs/filter', {
      body: { flow_runs: { id: { any_: [flowRuns['etl']] } } },
    });

    expect(names(answer).sort()).toEqual(['clean', 'extract', 'load']);
    expect(listed).toEqual([]);
  });

  it.each([
    [{ task_runs: { colour: {} } }],
    [{ task_runs: { state: { type: { any_: ['ODD'] } } } }],
    [{ sort: 'SIZE' }],
    [{ limit: 201 }],
    [{ offset: -1 }],
  ])('%j is refused', async (body) => {
    expect((await post('/task_runs/filter', body)).status).toBe(422);
  });

  it('that would read too much is refused, with what to add', async () => {
    const { taskRuns } = api.deps;
    const items = Array.from({ length: 1_000 }, () => nobody);
    const endless = api.with({
      taskRuns: { ...taskRuns, list: async () => ({ items, cursor: 'x' }), count: async () => undefined },
    });

    const [listed, counted] = await Promise.all([
      endless.call('POST', '/api/task_runs/filter', { body: { task_runs: { name: { any_: ['x'] } } } }),
      endless.call('POST', '/api/task_runs/count', { body: {} }),
    ]);

    for (const answer of [listed, counted]) {
      expect(answer.status).toBe(422);
      expect(answer.body.detail).toContain('add flow_runs.id.any_');
    }
  });
});

describe('a list of task runs', () => {
  it.each([
    ['EXPECTED_START_TIME_ASC', ['extract', 'clean', 'draw', 'Alone', 'load']],
    ['EXPECTED_START_TIME_DESC', ['load', 'Alone', 'draw', 'clean', 'extract']],
    ['NAME_DESC', ['load', 'extract', 'draw', 'clean', 'Alone']],
    ['END_TIME_DESC', ['Alone', 'draw', 'clean', 'load', 'extract']],
  ])('comes in the order %s', async (sort, wanted) => {
    expect(await find({ sort })).toEqual(wanted);
  });

  it('has the newest ids first unless asked otherwise', async () => {
    const ids: string[] = (await post('/task_runs/filter', {})).body.map(({ id }: { id: string }) => id);

    expect(ids).toEqual(ids.toSorted().reverse());
  });

  it('is cut into windows and pages', async () => {
    const sort = 'EXPECTED_START_TIME_DESC';

    expect(await find({ sort, limit: 2, offset: 1 })).toEqual(['Alone', 'draw']);
    const page = await post('/task_runs/paginate', { sort, limit: 2, page: 3 });
    expect(page.body).toMatchObject({ count: 5, pages: 3, page: 3, limit: 2, results: [{ name: 'extract' }] });
    expect((await post('/task_runs/paginate', { page: 0 })).status).toBe(422);
  });
});

describe("what Prefect's page asks", () => {
  it('counts by state', async () => {
    expect((await post('/ui/task_runs/count', {})).body).toEqual({
      COMPLETED: 1,
      PENDING: 0,
      RUNNING: 1,
      FAILED: 1,
      CANCELLED: 0,
      CRASHED: 1,
      PAUSED: 0,
      CANCELLING: 0,
      SCHEDULED: 1,
    });
    expect((await post('/ui/task_runs/count', { task_runs: { colour: 1 } })).status).toBe(422);
  });

  it('counts outcomes over time', async () => {
    const answer = await post('/ui/task_runs/dashboard/counts', {
      task_runs: { start_time: { after_: at(0), before_: at(4) } },
    });

    const sum = (field: string) =>
      answer.body.reduce((total: number, bucket: Record<string, number>) => total + (bucket[field] ?? 0), 0);
    expect(answer.body).toHaveLength(20);
    expect([sum('completed'), sum('failed')]).toEqual([1, 2]);
    expect((await post('/ui/task_runs/dashboard/counts', { task_runs: {} })).body).toEqual({
      detail: 'task_runs.start_time.after_ is required',
    });
  });

  it('counts the task runs of flow runs, subflows left out', async () => {
    const { etl, report } = flowRuns;

    expect((await post('/ui/flow_runs/count-task-runs', { flow_run_ids: [etl, report, nobody] })).body).toEqual({
      [etl ?? '']: 2,
      [report ?? '']: 1,
      [nobody]: 0,
    });
    expect((await post('/ui/flow_runs/count-task-runs', {})).status).toBe(422);
  });

  it('reads a task run with the name of its flow run', async () => {
    const answer = await api.call('GET', `/api/ui/task_runs/${await idOf('draw')}`);

    expect(answer.body).toMatchObject({ name: 'draw', flow_run_name: 'report-run' });
    expect((await api.call('GET', `/api/ui/task_runs/${await idOf('Alone')}`)).body.flow_run_name).toBeNull();
    expect((await api.call('GET', `/api/ui/task_runs/${nobody}`)).status).toBe(404);
  });
});

describe('a history', () => {
  it('counts task runs by state in intervals of their expected start', async () => {
    const answer = await post('/task_runs/history', {
      history_start: at(0),
      history_end: at(4),
      history_interval_seconds: 120,
      task_runs: { flow_run_id: { is_null_: false } },
    });

    expect(answer.body).toMatchObject([
      {
        interval_start: at(0),
        interval_end: at(2),
        states: [
          { state_type: 'COMPLETED', state_name: 'Completed', count_runs: 1, sum_estimated_run_time: 0 },
          { state_type: 'RUNNING', count_runs: 1, sum_estimated_run_time: 240 },
        ],
      },
      { interval_start: at(2), states: [{ state_name: 'TimedOut', count_runs: 1 }] },
    ]);
  });

  it.each([
    [{ history_start: at(0), history_end: at(4), history_interval_seconds: 0.5 }],
    [{ history_start: at(0), history_interval_seconds: 60 }],
  ])('%j is refused', async (body) => {
    expect((await post('/task_runs/history', body)).status).toBe(422);
  });
});

describe('the graph of a flow run', () => {
  const graph = (path: string, query = '') => api.call('GET', `/api/flow_runs/${path}`, { query });

  it('of the first version lists task runs with what they need', async () => {
    const answer = await graph(`${flowRuns['report']}/graph`);

    expect(answer.body).toMatchObject([
      { name: 'draw', upstream_dependencies: [], state: { name: 'TimedOut' }, untrackable_result: false },
    ]);
    expect((await graph(`${nobody}/graph`)).status).toBe(404);
  });

  it('of the second version has nodes, states and the subflow in its place', async () => {
    const answer = await graph(`${flowRuns['etl']}/graph-v2`);

    const nodes: { kind: string; label: string }[] = answer.body.nodes.map(([, node]: [string, object]) => node);
    expect(nodes.map(({ kind, label }) => [kind, label.replace(/\/ .*/, '/')])).toEqual([
      ['task-run', 'extract'],
      ['flow-run', 'child /'],
      ['task-run', 'load'],
    ]);
    expect(answer.body).toMatchObject({ start_time: at(0), end_time: null, artifacts: [] });
    expect(answer.body.states.map(({ type }: { type: string }) => type)).toEqual(['RUNNING']);
    expect(answer.body.root_node_ids).toHaveLength(3);
  });

  it('leaves out what ended before a time, and is refused for nobody and for a time that is none', async () => {
    const answer = await graph(`${flowRuns['report']}/graph-v2`, `since=${at(30)}`);

    expect(answer.body.nodes).toEqual([]);
    expect((await graph(`${nobody}/graph-v2`)).status).toBe(404);
    expect((await graph(`${flowRuns['report']}/graph-v2`, 'since=nope')).status).toBe(422);
  });

  it('shows artifacts beside the task runs that made them', async () => {
    const task_run_id = await idOf('draw');
    const [flow_run_id] = [flowRuns['report']];
    await post('/artifacts/', { key: 'chart', type: 'markdown', data: '# hi', flow_run_id, task_run_id });
    await post('/artifacts/', { type: 'progress', data: 40, flow_run_id });
    await post('/artifacts/', { type: 'result', data: 'x', flow_run_id });

    const { body } = await graph(`${flow_run_id}/graph-v2`);

    expect(body.nodes[0][1].artifacts).toMatchObject([{ key: 'chart', type: 'markdown', is_latest: true, data: null }]);
    expect(body.artifacts).toMatchObject([{ key: null, type: 'progress', is_latest: true, data: 40 }]);
  });
});
