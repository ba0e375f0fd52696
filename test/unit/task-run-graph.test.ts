import { describe, expect, it } from 'vitest';
import { historyOf } from '../../shared/domain/history.ts';
import { countByState, countOutcomes } from '../../shared/domain/task-run/counting.ts';
import { type GraphChild, graphNodes, upstreamOf } from '../../shared/domain/task-run/graph.ts';
import { type aState, minute, second, start } from '../support/run-builders.ts';
import { aTaskRun } from '../support/task-run-builders.ts';

const needs = (...ids: string[]) => ({ x: ids.map((id) => ({ input_type: 'task_run', id })) });
const started = (id: string, seconds: number, over: Parameters<typeof aTaskRun>[0] = {}) =>
  aTaskRun({ id, name: id, startTime: start + seconds * second, state: 'RUNNING', ...over });
const always = Number.NEGATIVE_INFINITY;

describe('the graph of a flow run', () => {
  it('tells who needs whose result, by start', () => {
    const nodes = graphNodes(
      [
        started('load', 3, {
          taskInputs: { ...needs('extract', 'clean'), y: [{ input_type: 'constant', type: 'int' }] },
        }),
        started('clean', 2, { taskInputs: needs('extract') }),
        started('extract', 1),
      ],
      [],
      always,
    );

    expect(nodes.map(({ id, parents, children }) => [id, parents, children])).toEqual([
      ['extract', [], ['load', 'clean']],
      ['clean', ['extract'], ['load']],
      ['load', ['extract', 'clean'], []],
    ]);
  });

  it('shows subflow runs in the place of the task runs that stand for them', () => {
    const child: GraphChild = {
      id: 'subflow',
      parentTaskRunId: 'placeholder',
      label: 'child / lucky-owl',
      stateType: 'COMPLETED',
      startTime: start + second,
      endTime: start + 5 * second,
    };
    const after = started('after', 6, { taskInputs: { x: [{ input_type: 'flow_run', id: 'subflow' }] } });

    const nodes = graphNodes([started('placeholder', 0), after], [child], always);

    expect(nodes).toMatchObject([
      { kind: 'flow-run', id: 'subflow', label: 'child / lucky-owl', endTime: start + 5 * second, children: ['after'] },
      { kind: 'task-run', id: 'after', parents: ['subflow'] },
    ]);
  });

  it('keeps what ran inside of what apart from results', () => {
    const inside = started('inside', 2, { taskInputs: { __parents__: [{ input_type: 'task_run', id: 'around' }] } });

    const nodes = graphNodes([started('around', 1), inside], [], always);

    expect(nodes).toMatchObject([
      { id: 'around', children: [] },
      { id: 'inside', parents: [], encapsulating: ['around'] },
    ]);
  });

  it('leaves out what ended before, what nobody expects, and inputs from elsewhere', () => {
    const old = started('old', 0, { endTime: start + second });
    const blank = aTaskRun({ id: 'blank' });
    const fresh = started('fresh', 2, { taskInputs: needs('old', 'elsewhere') });

    const nodes = graphNodes([old, blank, fresh], [], start + 2 * second);

    expect(nodes).toMatchObject([{ id: 'fresh', parents: ['old'] }]);
  });

  it('ends a cached task run when it was expected to begin', () => {
    const cached = aTaskRun({ state: 'COMPLETED', expectedStartTime: start });

    expect(graphNodes([cached], [], always)).toMatchObject([{ startTime: start, endTime: start }]);
  });

  it('of the first version names each task run that results come from once', () => {
    const taskInputs = { ...needs('one', 'two', 'one'), y: [{ input_type: 'flow_run', id: 'three' }] };

    expect(upstreamOf(aTaskRun({ taskInputs }))).toEqual(['one', 'two']);
  });
});

describe('counts', () => {
  it('by state name every state', () => {
    const counts = countByState([aTaskRun({ state: 'FAILED' }), aTaskRun({ state: 'FAILED' }), aTaskRun()]);

    expect(counts).toMatchObject({ FAILED: 2, PENDING: 1, RUNNING: 0, CANCELLING: 0 });
    expect(Object.keys(counts)).toHaveLength(9);
  });

  it('of outcomes lie in twenty spans of their start', () => {
    const ended = (type: Parameters<typeof aState>[0], minutes: number) =>
      aTaskRun({ state: type, startTime: start + minutes * minute });

    const counts = countOutcomes(
      [
        ended('COMPLETED', 0),
        ended('CANCELLED', 0.5),
        ended('CRASHED', 19.5),
        ended('FAILED', 19),
        ended('RUNNING', 3),
        ended('COMPLETED', 20),
        ended('COMPLETED', -1),
      ],
      { after: start + 7 * second, before: start + 19 * minute + 20 * second },
    );

    expect(counts).toHaveLength(20);
    expect(counts[0]).toEqual({ completed: 2, failed: 0 });
    expect(counts[19]).toEqual({ completed: 0, failed: 2 });
    expect(counts.slice(1, 19)).toEqual(Array.from({ length: 18 }, () => ({ completed: 0, failed: 0 })));
  });
});

describe('a history', () => {
  const run = (seconds: number, name = 'Running', over: object = {}) => ({
    expectedStartTime: start + seconds * second,
    state: { type: 'RUNNING' as const, name },
    runTimeMs: 2_000,
    latenessMs: -5,
    ...over,
  });

  it('counts runs by state in the interval of their expected start', () => {
    const runs = [run(0), run(9.999, 'Retrying', { latenessMs: 500 }), run(9), run(10), run(-1), run(30)];

    const history = historyOf(runs, { start, end: start + 25 * second, intervalMs: 10_000 });

    expect(history.map(({ start: from, end }) => [from - start, end - start])).toEqual([
      [0, 10_000],
      [10_000, 20_000],
      [20_000, 30_000],
    ]);
    expect(history[0]?.states).toEqual([
      { type: 'RUNNING', name: 'Retrying', count: 1, runTimeMs: 2_000, latenessMs: 500 },
      { type: 'RUNNING', name: 'Running', count: 2, runTimeMs: 4_000, latenessMs: 0 },
    ]);
    expect(history[1]?.states).toHaveLength(1);
    expect(history[2]?.states).toEqual([]);
  });

  it('has 500 intervals at most, and none before its start', () => {
    expect(historyOf([], { start, end: start + 1_000 * second, intervalMs: 1_000 })).toHaveLength(500);
    expect(historyOf([], { start, end: start, intervalMs: 1_000 })).toEqual([]);
  });
});
