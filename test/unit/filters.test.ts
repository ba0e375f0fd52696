import { describe, expect, it } from 'vitest';
import * as contract from '../../shared/contract/filters.ts';
import type { Deployment, Flow, LogLine, Variable, WorkPool, WorkQueue } from '../../shared/domain/catalogue.ts';
import {
  deploymentFields,
  flowFields,
  matchesDeployment,
  matchesFlow,
  matchesVariable,
  matchesWorker,
  matchesWorkPool,
  matchesWorkQueue,
  variableFields,
  workerFields,
  workPoolFields,
  workQueueFields,
} from '../../shared/domain/filter/catalogue-filters.ts';
import { type FieldTable, meets } from '../../shared/domain/filter/field-table.ts';
import { type LogFilter, logFields, matchesLog, matchesText } from '../../shared/domain/filter/log-filter.ts';
import { flowRunFields } from '../../shared/domain/filter/run-filter.ts';
import { taskRunFields } from '../../shared/domain/filter/task-run-filter.ts';

const kept = { created: 1, updated: 1 };

type Thing = { readonly tags: readonly string[]; readonly at?: number; readonly type: string };

const table: FieldTable<Thing> = {
  tags: { read: ({ tags }) => tags },
  at: { read: ({ at }) => at },
  type: { read: ({ type }) => type },
  state: { parts: { type: { read: ({ type }) => type } } },
};
const thing: Thing = { tags: ['a', 'b'], type: 'Sad-Marvin_1' };

describe('criteria', () => {
  it.each([
    [{}, true],
    [{ operator: 'or_' }, true],
    [{ tags: null, type: undefined }, true],
    [{ type: { any_: ['x'] }, tags: { any_: ['a'] } }, false],
    [{ operator: 'or_', type: { any_: ['x'] }, tags: { any_: ['a'] } }, true],
    [{ operator: 'or_', type: { any_: ['x'] }, tags: {} }, true],
    [{ tags: { all_: ['a'] } }, true],
    [{ tags: { all_: ['a', 'c'] } }, false],
    [{ tags: { all_: [] } }, true],
    [{ tags: { any_: ['c', 'b'] } }, true],
    [{ tags: { any_: [] } }, false],
    [{ tags: { is_null_: true } }, false],
    [{ tags: { is_null_: false } }, true],
    [{ tags: { operator: 'or_', all_: ['c'], is_null_: false } }, true],
    [{ tags: { all_: null, any_: null, is_null_: null } }, true],
    [{ type: { not_any_: ['x'] } }, true],
    [{ type: { not_any_: ['Sad-Marvin_1'] } }, false],
    [{ type: { not_any_: [] } }, true],
    [{ type: { like_: 'marvin' } }, true],
    [{ type: { like_: 's_d-%_1' } }, true],
    [{ type: { like_: 'marvin.' } }, false],
    [{ type: { startswith_: ['SAD'] } }, true],
    [{ type: { startswith_: ['marvin'] } }, false],
    [{ at: { before_: 9 } }, false],
    [{ at: { not_any_: [9] } }, false],
    [{ at: { is_null_: true } }, true],
    [{ state: { type: { any_: ['x'] } } }, false],
    [{ state: { type: { any_: ['x'], not_any_: ['y'] } } }, true],
  ])('judge by %j as %s', (filter, expected) => {
    expect(meets(table, filter, thing)).toBe(expected);
  });

  it('are refused when no table knows them, since one that is passed over would match everything', () => {
    expect(() => meets(table, { colour: { any_: ['red'] } }, thing)).toThrow('no filter knows the field colour');
    expect(() => meets(table, { type: { near_: 'x' } }, thing)).toThrow('no filter knows the criterion near_');
  });
});

describe('tables', () => {
  it.each([
    ['flows', contract.flowFilter, flowFields],
    ['flow runs', contract.flowRunFilter, flowRunFields],
    ['task runs', contract.taskRunFilter, taskRunFields],
    ['deployments', contract.deploymentFilter, deploymentFields],
    ['work pools', contract.workPoolFilter, workPoolFields],
    ['work queues', contract.workQueueFilter, workQueueFields],
    ['workers', contract.workerFilter, workerFields],
    ['logs', contract.logFilter, logFields],
    ['variables', contract.variableFilter, variableFields],
  ])('of %s know every field of the contract and no more', (_kind, schema, known) => {
    const fields = Object.keys(schema.shape).filter((field) => field !== 'operator');

    expect(Object.keys(known).sort()).toEqual(fields.sort());
  });
});

describe('the catalogue', () => {
  const flow: Flow = { ...kept, id: 'f', name: 'Etl', tags: ['x'], labels: {} };
  const deployment: Deployment = {
    ...kept,
    id: 'd',
    version: 1,
    name: 'Nightly',
    flowId: 'f',
    flowName: 'Etl',
    paused: false,
    tags: ['x'],
    labels: {},
    schedules: [],
    parameters: {},
    enforceParameterSchema: true,
    jobVariables: {},
    workQueueName: 'q',
  };
  const pool: WorkPool = {
    ...kept,
    id: 'p',
    version: 1,
    name: 'pool',
    type: 'process',
    baseJobTemplate: {},
    isPaused: false,
    storageConfiguration: {},
    defaultQueueId: 'q',
  };
  const queue: WorkQueue = {
    ...kept,
    id: 'q',
    version: 1,
    workPoolName: 'pool',
    name: 'Urgent-1',
    isPaused: false,
    priority: 1,
  };
  const variable: Variable = { ...kept, id: 'v', name: 'token', value: 1, tags: [] };

  it.each([
    [{ deployment: { is_null_: true } }, true, false],
    [{ deployment: { is_null_: false } }, true, true],
    [{ deployment: { is_null_: null } }, false, true],
    [{ tags: { is_null_: true } }, true, false],
    [{ operator: 'or_' as const, id: { any_: ['x'] }, name: { like_: 'et' } }, true, true],
  ])('judges a flow by %j (has a deployment: %s) as %s', (filter, hasDeployment, expected) => {
    expect(matchesFlow(filter, flow, hasDeployment)).toBe(expected);
  });

  it.each([
    [{ flow_or_deployment_name: { like_: 'etl' } }, true],
    [{ flow_or_deployment_name: { like_: 'night' } }, true],
    [{ flow_or_deployment_name: { like_: 'other' } }, false],
    [{ flow_or_deployment_name: { like_: '' } }, true],
    [{ paused: { eq_: true } }, false],
    [{ paused: { eq_: null } }, true],
    [{ work_queue_name: { any_: ['other'] } }, false],
    [{ concurrency_limit: { ge_: 99 } }, true],
  ])('judges a deployment by %j as %s', (filter, expected) => {
    expect(matchesDeployment(filter, deployment)).toBe(expected);
  });

  it.each([
    [{ type: { any_: ['ecs:push'] } }, false],
    [{ id: { any_: ['p'] }, name: { any_: ['pool'] } }, true],
    [{ operator: 'or_' as const, id: { any_: ['x'] }, type: { any_: ['process'] } }, true],
  ])('judges a pool by %j as %s', (filter, expected) => {
    expect(matchesWorkPool(filter, pool)).toBe(expected);
  });

  it.each([
    [{ name: { startswith_: ['urg', 'x'] } }, true],
    [{ name: { startswith_: ['gent'] } }, false],
    [{ name: { any_: ['Urgent-1'], startswith_: ['x'] } }, false],
    [{ id: { any_: [] } }, false],
  ])('judges a queue by %j as %s', (filter, expected) => {
    expect(matchesWorkQueue(filter, queue)).toBe(expected);
  });

  it.each([
    [{ status: { any_: ['ONLINE' as const] } }, true],
    [{ status: { not_any_: ['ONLINE' as const] } }, false],
    [{ last_heartbeat_time: { after_: 6 } }, false],
  ])('judges a worker by %j as %s', (filter, expected) => {
    expect(matchesWorker(filter, { lastHeartbeat: 5, status: 'ONLINE' })).toBe(expected);
  });

  it.each([
    [{ id: { any_: ['v'] } }, true],
    [{ name: { like_: 'OK' } }, true],
    [{ tags: { all_: ['x'] } }, false],
  ])('judges a variable by %j as %s', (filter, expected) => {
    expect(matchesVariable(filter, variable)).toBe(expected);
  });
});

describe('log lines', () => {
  const line: LogLine = {
    id: 'l',
    created: 0,
    name: 'prefect.flow_runs',
    level: 30,
    message: 'Disk "C:" is full',
    timestamp: 5.5,
    flowRunId: 'r',
  };

  it.each([
    [{}, true],
    [{ level: { ge_: 30, le_: 30 } }, true],
    [{ level: { ge_: 31 } }, false],
    [{ timestamp: { before_: 5.4 } }, false],
    [{ flow_run_id: { any_: ['r'] } }, true],
    [{ task_run_id: { any_: ['t'] } }, false],
    [{ task_run_id: { is_null_: true } }, true],
    [{ operator: 'or_', level: { ge_: 50 }, text: { query: 'disk' } }, true],
  ] as [LogFilter, boolean][])('are judged by %j as %s', (filter, expected) => {
    expect(matchesLog(filter, line)).toBe(expected);
  });

  it.each([
    ['', true],
    ['   ', true],
    ['DISK', true],
    ['flow_runs', true],
    ['nothing disk', true],
    ['nothing', false],
    ['disk -full', false],
    ['disk !full', false],
    ['-nothing', true],
    ['+disk +full', true],
    ['+disk +nothing', false],
    ['"is full"', true],
    ['"full is"', false],
    ['-"is full"', false],
    ['"\\"c:\\""', true],
    ['"is full', true],
    ['- disk', true],
  ])('are searched for %j: %s', (query, expected) => {
    expect(matchesText(query, `${line.message} ${line.name}`)).toBe(expected);
  });
});
