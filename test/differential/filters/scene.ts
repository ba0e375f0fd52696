// What both servers hold when they are asked for lists: of each kind, things that every filter field tells apart.
// Things go by their name here, moments too: `@{after-first-start}` lies between what happened before it and after it.
import type { JsonObject } from '../../../shared/domain/json.ts';
import { create, patch, post } from '../sequences/scene.ts';
import type { Step } from '../sequences/step.ts';

/** A moment to remember, or a request. */
export type Act = Step | { readonly mark: string };

const scheduled = (time: string): JsonObject => ({ type: 'SCHEDULED', state_details: { scheduled_time: time } });
const runState = (name: string, state: JsonObject): Step => post(`/flow_runs/@{${name}}/set_state`, { state });
const taskState = (name: string, state: JsonObject): Step => post(`/task_runs/@{${name}}/set_state`, { state });

const places: readonly Act[] = [
  create('/flows/', 'flow-b', { name: 'flow-b', tags: ['red'] }),
  create('/flows/', 'flow-a', { name: 'flow-a' }),
  create('/flows/', 'flow-c', { name: 'flow-c' }),
  patch('/flows/@{flow-a}', { tags: ['red', 'blue'] }),
  create('/work_pools/', 'pool-p', { name: 'pool-p', type: 'process' }),
  create('/work_pools/', 'pool-k', { name: 'pool-k', type: 'kubernetes' }),
  create('/work_pools/pool-p/queues', 'urgent-p', { name: 'urgent-p' }),
  create('/work_pools/pool-k/queues', 'slow-k', { name: 'slow-k' }),
  create('/work_pools/pool-p/queues', 'calm-p', { name: 'calm-p' }),
  create('/deployments/', 'deployment-b', {
    name: 'deployment-b',
    flow_id: '@{flow-b}',
    work_pool_name: 'pool-k',
    work_queue_name: 'slow-k',
    tags: ['north'],
    paused: true,
    concurrency_limit: 5,
  }),
  create('/deployments/', 'deployment-a', {
    name: 'deployment-a',
    flow_id: '@{flow-a}',
    work_pool_name: 'pool-p',
    work_queue_name: 'urgent-p',
    tags: ['north', 'east'],
    concurrency_limit: 2,
  }),
  {
    ...create('/deployments/', 'planned', {
      name: 'planned',
      flow_id: '@{flow-b}',
      schedules: [{ schedule: { interval: 86_400, anchor_date: '2026-01-01T00:00:00Z' }, max_scheduled_runs: 1 }],
    }),
    keep: { planned: 'id', schedule: 'schedules.0.id' },
  },
  patch('/deployments/@{deployment-a}', { description: 'changed last' }),
];

const runs: readonly Act[] = [
  post('/deployments/@{planned}/schedule', { min_runs: 1 }),
  {
    ...post('/flow_runs/filter', { flow_runs: { deployment_id: { any_: ['@{planned}'] } }, limit: 1 }),
    keep: { 'run-planned': '0.id' },
  },
  patch('/flow_runs/@{run-planned}', { name: 'run-planned' }),
  create('/deployments/@{deployment-a}/create_flow_run', 'run-a', {
    name: 'run-a',
    tags: ['hot', 'wet'],
    idempotency_key: 'key-a',
    state: scheduled('2031-01-01T00:00:00Z'),
  }),
  create('/deployments/@{deployment-b}/create_flow_run', 'run-late', {
    name: 'run-late',
    tags: ['hot'],
    idempotency_key: 'key-late',
    state: scheduled('2024-01-01T00:00:00Z'),
  }),
  create('/flow_runs/', 'run-d', { name: 'run-d', flow_id: '@{flow-c}', flow_version: '1', tags: ['wet'] }),
  runState('run-d', { type: 'RUNNING' }),
  runState('run-d', { type: 'FAILED', name: 'TimedOut' }),
  create('/flow_runs/', 'run-b', {
    name: 'run-b',
    flow_id: '@{flow-b}',
    flow_version: '2',
    tags: ['hot', 'wet'],
    state: scheduled('2024-02-01T00:00:00Z'),
  }),
  runState('run-b', { type: 'RUNNING' }),
  { mark: 'after-first-run' },
  create('/flow_runs/', 'run-c', { name: 'run-c', flow_id: '@{flow-a}' }),
  runState('run-c', { type: 'RUNNING' }),
  runState('run-c', { type: 'COMPLETED' }),
];

const taskRuns: readonly Act[] = [
  create('/task_runs/', 'task-a', {
    name: 'task-a',
    flow_run_id: '@{run-b}',
    task_key: 'a',
    dynamic_key: '0',
    tags: ['long', 'dry'],
  }),
  taskState('task-a', { type: 'RUNNING' }),
  create('/task_runs/', 'task-d', { name: 'task-d', flow_run_id: '@{run-d}', task_key: 'd', dynamic_key: '0' }),
  taskState('task-d', { type: 'RUNNING' }),
  taskState('task-d', { type: 'FAILED' }),
  { mark: 'after-first-task' },
  create('/task_runs/', 'task-b', {
    name: 'task-b',
    flow_run_id: '@{run-c}',
    task_key: 'b',
    dynamic_key: '0',
    tags: ['dry'],
  }),
  taskState('task-b', { type: 'RUNNING' }),
  taskState('task-b', { type: 'COMPLETED', name: 'Cached' }),
  create('/task_runs/', 'task-c', {
    name: 'task-c',
    flow_run_id: null,
    task_key: 'c',
    dynamic_key: '0',
    tags: ['long'],
    state: scheduled('2032-01-01T00:00:00Z'),
  }),
  create('/task_runs/', 'task-e', {
    name: 'task-e',
    flow_run_id: '@{run-late}',
    task_key: 'e',
    dynamic_key: '0',
    state: scheduled('2033-01-01T00:00:00Z'),
  }),
  create('/task_runs/', 'task-f', { name: 'task-f', flow_run_id: '@{run-a}', task_key: 'f', dynamic_key: '0' }),
  taskState('task-f', { type: 'RUNNING' }),
  taskState('task-f', { type: 'COMPLETED' }),
  create('/flow_runs/', 'run-child', { name: 'run-child', flow_id: '@{flow-b}', parent_task_run_id: '@{task-a}' }),
];

const artifact = (name: string, body: JsonObject) => create('/artifacts/', name, body);
const blockType = (name: string) => create('/block_types/', name, { name: name.toUpperCase(), slug: name });
const blockSchema = (name: string, type: string, body: JsonObject) =>
  create('/block_schemas/', name, {
    block_type_id: `@{${type}}`,
    fields: { title: name, type: 'object', properties: {}, block_type_slug: type, block_schema_references: {} },
    ...body,
  });
const block = (name: string, schema: string, body: JsonObject) =>
  create('/block_documents/', name, {
    name,
    data: {},
    block_schema_id: `@{${schema}}`,
    block_type_id: `@{${schema.replace('schema', 'type')}}`,
    ...body,
  });
const automation = (name: string, tags: readonly string[]) =>
  create('/automations/', name, {
    name,
    tags: [...tags],
    trigger: { type: 'event', posture: 'Reactive', expect: ['never'], threshold: 1, within: 60 },
    actions: [{ type: 'do-nothing' }],
  });

const things: readonly Act[] = [
  artifact('artifact-1', { key: 'alpha', type: 'markdown', flow_run_id: '@{run-b}', task_run_id: '@{task-a}' }),
  artifact('artifact-2', { key: 'beta', type: 'table', flow_run_id: '@{run-c}', task_run_id: '@{task-b}' }),
  artifact('artifact-3', { type: 'progress', flow_run_id: '@{run-late}', task_run_id: '@{task-e}' }),
  artifact('artifact-4', { key: 'alpha', type: 'link', flow_run_id: '@{run-d}', task_run_id: '@{task-d}' }),
  artifact('artifact-5', { key: 'annex', type: 'link', flow_run_id: '@{run-a}' }),
  patch('/artifacts/@{artifact-1}', { description: 'changed last' }),
  create('/variables/', 'variable-b', { name: 'variable_b', value: 2, tags: ['loud'] }),
  create('/variables/', 'variable-a', { name: 'variable_a', value: 1, tags: ['loud', 'odd'] }),
  create('/variables/', 'variable-c', { name: 'variable_c', value: 3 }),
  patch('/variables/@{variable-a}', { value: 4 }),
  automation('automation-b', ['mild', 'late']),
  { mark: 'after-first-automation' },
  automation('automation-a', ['mild']),
  automation('automation-c', []),
  patch('/automations/@{automation-b}', { enabled: false }),
  blockType('type-b'),
  blockType('type-a'),
  blockSchema('schema-a', 'type-a', { capabilities: ['read', 'write'], version: '1.0' }),
  blockSchema('schema-b', 'type-b', { capabilities: ['read'], version: '2.0' }),
  block('block-b', 'schema-a', {}),
  block('block-a', 'schema-b', {}),
  block('block-c', 'schema-a', {}),
  block('block-d', 'schema-b', { is_anonymous: true, name: null }),
  post('/work_pools/pool-p/workers/heartbeat', { name: 'worker-a', heartbeat_interval_seconds: 1 }),
  { mark: 'after-first-worker' },
  post('/work_pools/pool-p/workers/heartbeat', { name: 'worker-b', heartbeat_interval_seconds: 3600 }),
];

const line = (message: string, level: number, body: JsonObject): JsonObject => ({
  name: 'prefect',
  level,
  message,
  timestamp: '2026-11-01T12:00:00Z',
  ...body,
});

/** Events are kept for some days, so they must be young. */
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const eventId = (number: number) => `30000000-0000-4000-8000-00000000000${number}`;
const events: readonly JsonObject[] = [
  {
    id: eventId(1),
    event: 'shop.door.opened',
    occurred: minutesAgo(30),
    resource: { 'prefect.resource.id': 'shop.north', size: 'big' },
    related: [{ 'prefect.resource.id': 'town.a', 'prefect.resource.role': 'owner', colour: 'red' }],
    payload: { note: 'rainy' },
  },
  {
    id: eventId(2),
    event: 'shop.door.closed',
    occurred: minutesAgo(20),
    resource: { 'prefect.resource.id': 'shop.south', size: 'small' },
    related: [{ 'prefect.resource.id': 'town.b', 'prefect.resource.role': 'tenant', colour: 'blue' }],
    payload: { note: 'sunny' },
  },
  {
    id: eventId(3),
    event: 'shop.window.opened',
    occurred: minutesAgo(10),
    resource: { 'prefect.resource.id': 'shop.north', size: 'big' },
    related: [],
    payload: {},
  },
];

const told: readonly Act[] = [
  post('/logs/', [
    line('first words', 10, { flow_run_id: '@{run-b}', timestamp: '2026-11-01T11:00:00Z' }),
    line('second words', 20, { flow_run_id: '@{run-b}', task_run_id: '@{task-a}' }),
    line('third remark', 40, { flow_run_id: '@{run-c}', timestamp: '2026-11-01T13:00:00Z' }),
  ]),
  post('/events', [...events]),
  { mark: 'now' },
];

export const scene: readonly Act[] = [...places, ...runs, ...taskRuns, ...things, ...told];

/** What moments of the past events lie between. */
export const eventTimes = { before: minutesAgo(60), between: minutesAgo(15), after: minutesAgo(0) };
export const eventIds = [eventId(1), eventId(2), eventId(3)] as const;

/** As references, the oldest first. */
export const taskRunsInOrder = scene.flatMap((act) =>
  'mark' in act || act.path !== '/task_runs/' ? [] : Object.keys(act.keep ?? {}).map((name) => `@{${name}}`),
);
