import { describe, expect, it } from 'vitest';
import { isCountable } from '../../shared/domain/filter/count-filter.ts';
import { inNamedOrder, inRunOrder, runSorts, walkOrder } from '../../shared/domain/filter/order.ts';
import { type FlowRunFilter, matchesRun, neededFacts, type RunFilters } from '../../shared/domain/filter/run-filter.ts';
import type { Run, RunBody } from '../../shared/domain/run/run.ts';

function aRun(change: Partial<Run> = {}): Run {
  return {
    id: 'run',
    version: 1,
    created: 0,
    updated: 0,
    bodyId: 'body',
    name: 'Brave-Otter',
    flowId: 'flow',
    autoScheduled: false,
    tags: ['a', 'b'],
    state: { id: 's', type: 'RUNNING', name: 'Retrying', timestamp: 0, details: {} },
    recentStates: [],
    runCount: 0,
    totalRunTimeMs: 0,
    empiricalPolicy: { pauseKeys: [], resuming: false },
    launched: false,
    attempt: 0,
    isAttemptOpen: false,
    infrastructureRestarts: 0,
    isRestart: false,
    ...change,
  };
}

const body: RunBody = { parameters: {}, jobVariables: {}, context: {}, labels: {} };

describe('runs', () => {
  const cases: [FlowRunFilter, Partial<Run>, boolean][] = [
    [{}, {}, true],
    [{ id: { any_: ['run'] } }, {}, true],
    [{ id: { any_: [] } }, {}, false],
    [{ id: { not_any_: ['run'] } }, {}, false],
    [{ id: { not_any_: [] } }, {}, true],
    [{ name: { like_: 'OTTER' } }, {}, true],
    [{ name: { like_: '' } }, {}, true],
    [{ name: { any_: ['brave-otter'] } }, {}, false],
    [{ tags: { all_: ['c'] } }, {}, false],
    [{ deployment_id: { any_: ['d'] } }, { deploymentId: 'd' }, true],
    [{ deployment_id: { any_: ['d'] } }, {}, false],
    [{ deployment_id: { is_null_: true } }, {}, true],
    [{ deployment_id: { operator: 'or_', any_: ['d'], is_null_: true } }, {}, true],
    [{ work_queue_name: { any_: ['q'] } }, { workQueueName: 'q' }, true],
    [{ state: { type: { any_: ['RUNNING'] } } }, {}, true],
    [{ state: { type: { not_any_: ['RUNNING'] } } }, {}, false],
    [{ state: { name: { any_: ['Running'] } } }, {}, false],
    [{ state: { operator: 'or_', type: { any_: ['FAILED'] }, name: { any_: ['Retrying'] } } }, {}, true],
    [{ start_time: { after_: 5 } }, { startTime: 5 }, true],
    [{ start_time: { before_: 4 } }, { startTime: 5 }, false],
    [{ start_time: { before_: 4 } }, { expectedStartTime: 3 }, true],
    [{ start_time: { is_null_: true } }, { expectedStartTime: 3 }, true],
    [{ start_time: { is_null_: false } }, {}, false],
    [{ end_time: { after_: 1 } }, {}, false],
    [{ end_time: { is_null_: true } }, {}, true],
    [{ expected_start_time: { before_: 9, after_: 9 } }, { expectedStartTime: 9 }, true],
    [{ next_scheduled_start_time: { before_: 8 } }, { nextScheduledStartTime: 9 }, false],
    [{ parent_flow_run_id: { any_: ['p'] } }, {}, false],
    [{ parent_task_run_id: { is_null_: false } }, { parentTaskRunId: 'p' }, true],
    [{ idempotency_key: { any_: ['k'] } }, { idempotencyKey: 'k' }, true],
    [{ idempotency_key: { not_any_: ['k'] } }, {}, false],
    [{ operator: 'or_', name: { any_: ['x'] }, id: { any_: ['run'] } }, {}, true],
    [{ name: { any_: ['x'] }, id: { any_: ['run'] } }, {}, false],
  ];

  it.each(cases)('are judged by %j with %j as %s', (filter, change, expected) => {
    expect(matchesRun({ flow_runs: filter }, { run: aRun(change), body })).toBe(expected);
  });

  it.each([
    [{ flow_version: { any_: ['1'] } }, { ...body, flowVersion: '1' }, true],
    [{ flow_version: { any_: ['1'] } }, body, false],
    [{ created_by: { type_: ['AUTOMATION'] } }, { ...body, createdBy: { type: 'AUTOMATION' } }, true],
    [{ created_by: { id_: ['x'] } }, { ...body, createdBy: { type: 'AUTOMATION' } }, false],
    [{ created_by: { is_null_: true } }, body, true],
    [{ created_by: { is_null_: true } }, { ...body, createdBy: { type: 'USER' } }, false],
  ] as [FlowRunFilter, RunBody, boolean][])('are judged by %j over the body %j as %s', (filter, given, expected) => {
    expect(neededFacts({ flow_runs: filter }).body).toBe(true);
    expect(matchesRun({ flow_runs: filter }, { run: aRun(), body: given })).toBe(expected);
  });

  it.each(['flows', 'deployments', 'work_pools', 'work_pool_queues', 'task_runs'] as const)(
    'must have what a filter of %s asks for, even an empty one',
    (kind) => {
      expect(matchesRun({ [kind]: {} }, { run: aRun() })).toBe(false);
      expect(matchesRun({ [kind]: null }, { run: aRun() })).toBe(true);
    },
  );

  it.each([
    [{}, true],
    [{ flow_runs: { state: { type: { any_: ['RUNNING'] } } }, flows: {}, work_pools: {} }, true],
    [{ flow_runs: { deployment_id: { any_: ['d'] }, name: null } }, true],
    [{ flow_runs: { state: { name: { any_: ['Late'] } } } }, false],
    [{ flow_runs: { tags: { all_: ['x'] } } }, false],
    [{ flow_runs: { operator: 'or_', state: { type: { any_: ['RUNNING'] } } } }, true],
    [{ task_runs: {} }, false],
  ] as [RunFilters, boolean][])('are counted by the counters for %j: %s', (filters, expected) => {
    expect(isCountable(filters)).toBe(expected);
  });
});

describe('orders', () => {
  const runs = [
    aRun({ id: 'a', name: 'b', startTime: 3, endTime: 9, expectedStartTime: 1, nextScheduledStartTime: 7 }),
    aRun({ id: 'b', name: 'a', expectedStartTime: 2, nextScheduledStartTime: 6 }),
    aRun({ id: 'c', name: 'c', startTime: 1, endTime: 5 }),
  ];

  it.each([
    ['ID_DESC', 'bac'],
    ['START_TIME_ASC', 'cba'],
    ['START_TIME_DESC', 'abc'],
    ['EXPECTED_START_TIME_ASC', 'abc'],
    ['EXPECTED_START_TIME_DESC', 'bac'],
    ['NAME_ASC', 'bac'],
    ['NAME_DESC', 'cab'],
    ['NEXT_SCHEDULED_START_TIME_ASC', 'bac'],
    ['END_TIME_DESC', 'acb'],
  ] as const)('sort runs by %s', (sort, expected) => {
    expect(
      inRunOrder(runs, sort)
        .map(({ id }) => id)
        .join(''),
    ).toBe(expected);
  });

  it('may stop early only in the order of the list', () => {
    expect(runSorts.filter((sort) => walkOrder(sort) === 'DESC')).toEqual(['ID_DESC', 'EXPECTED_START_TIME_DESC']);
    expect(runSorts.filter((sort) => walkOrder(sort) === 'ASC')).toEqual(['EXPECTED_START_TIME_ASC']);
  });

  it.each([
    ['NAME_ASC', 'xyz'],
    ['NAME_DESC', 'zyx'],
    ['CREATED_DESC', 'yzx'],
    ['UPDATED_DESC', 'xzy'],
  ] as const)('sort named things by %s', (sort, expected) => {
    const things = [
      { name: 'y', created: 3, updated: 1 },
      { name: 'x', created: 1, updated: 3 },
      { name: 'z', created: 2, updated: 2 },
    ];

    expect(
      inNamedOrder(things, sort)
        .map(({ name }) => name)
        .join(''),
    ).toBe(expected);
  });
});
