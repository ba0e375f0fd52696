// Filters over what a sequence made: each names something of the sequence's own, so that sequences do not see each other.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { future, past, type Scene, someOf } from './scene.ts';

type Kind = 'flows' | 'flow_runs' | 'task_runs' | 'deployments' | 'work_pools' | 'work_pool_queues' | 'work_queues';

const refs = (scene: Scene, kind: string): string[] => scene.all(kind).map((name) => `@{${name}}`);

const tagsFilter = (scene: Scene): Json => {
  const { dice } = scene;
  return dice.one<JsonObject>([
    { all_: dice.some([`${scene.prefix}-a`, 'b', 'c']) },
    { is_null_: true },
    { is_null_: false },
    { all_: ['b'], operator: 'or_', is_null_: true },
  ]);
};

const time = (scene: Scene): Json =>
  scene.dice.one<JsonObject>([
    { after_: past[0] },
    { before_: future[1] },
    { before_: past[1] },
    { after_: past[1], before_: future[0] },
  ]);

/** Mostly `and_`; `or_` only inside what belongs to the sequence anyway, so that no other sequence is seen. */
const scoped = (scene: Scene, own: JsonObject, more: JsonObject): JsonObject => ({
  ...someOf(scene.dice, more),
  ...own,
});

export function flowFilter(scene: Scene): JsonObject {
  const { dice } = scene;
  const own = dice.one<JsonObject>([
    { id: { any_: refs(scene, 'flow') } },
    { name: { like_: `${scene.prefix}-` } },
    { name: { any_: [...scene.all('flow')] } },
  ]);
  return scoped(scene, own, { tags: tagsFilter(scene), deployment: { is_null_: dice.once(2) } });
}

export function flowRunFilter(scene: Scene): JsonObject {
  const { dice } = scene;
  const own = dice.one<JsonObject>([
    { id: { any_: refs(scene, 'run') } },
    { id: { any_: refs(scene, 'run'), not_any_: refs(scene, 'run').slice(0, 1) } },
    { name: { like_: `${scene.prefix}-` } },
    { name: { any_: [...scene.all('run')] } },
  ]);
  const state = dice.one<JsonObject>([
    { type: { any_: dice.some(['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED']) } },
    { type: { not_any_: ['COMPLETED', 'CRASHED'] } },
    { name: { any_: ['Running', 'Late', 'Scheduled'] } },
    { name: { not_any_: ['Running'] } },
    { operator: 'or_', type: { any_: ['PENDING'] }, name: { any_: ['Failed'] } },
  ]);
  return scoped(scene, own, {
    state,
    tags: dice.once(4) ? { any_: ['b', 'zz'] } : tagsFilter(scene),
    flow_version: { any_: ['1', '7'] },
    deployment_id: dice.one<JsonObject>([{ is_null_: true }, { any_: refs(scene, 'deployment') }, { is_null_: false }]),
    start_time: dice.one<Json>([time(scene), { is_null_: true }, { is_null_: false }]),
    end_time: dice.one<Json>([time(scene), { is_null_: true }, { is_null_: false }]),
    expected_start_time: time(scene),
    next_scheduled_start_time: time(scene),
    parent_task_run_id: dice.one<JsonObject>([{ is_null_: true }, { any_: refs(scene, 'task-run') }]),
    parent_flow_run_id: { any_: refs(scene, 'run') },
    work_queue_name: dice.one<JsonObject>([{ any_: ['default'] }, { is_null_: true }]),
    idempotency_key: dice.one<JsonObject>([
      { any_: [`${scene.prefix}-1`, `${scene.prefix}-2`] },
      { not_any_: [`${scene.prefix}-1`] },
    ]),
  });
}

export function taskRunFilter(scene: Scene): JsonObject {
  const { dice } = scene;
  const own = dice.one<JsonObject>([
    { id: { any_: refs(scene, 'task-run') } },
    { name: { like_: `${scene.prefix}-` } },
    { flow_run_id: { any_: refs(scene, 'run') } },
  ]);
  return scoped(scene, own, {
    state: dice.one<JsonObject>([
      { type: { any_: ['RUNNING', 'PENDING'] } },
      { name: { any_: ['Running', 'Completed'] } },
    ]),
    tags: tagsFilter(scene),
    start_time: time(scene),
    end_time: dice.one<Json>([time(scene), { is_null_: true }]),
    expected_start_time: time(scene),
    subflow_runs: { exists_: dice.once(2) },
  });
}

export function deploymentFilter(scene: Scene): JsonObject {
  const { dice } = scene;
  const own = dice.one<JsonObject>([
    { id: { any_: refs(scene, 'deployment') } },
    { name: { like_: `${scene.prefix}-` } },
    { name: { any_: [...scene.all('deployment')] } },
    { flow_or_deployment_name: { like_: `${scene.prefix}-` } },
  ]);
  return scoped(scene, own, {
    paused: { eq_: dice.once(2) },
    tags: tagsFilter(scene),
    work_queue_name: { any_: ['default'] },
    concurrency_limit: dice.one<JsonObject>([{ is_null_: true }, { ge_: 1 }, { le_: 2 }]),
  });
}

export function poolFilter(scene: Scene): JsonObject {
  const own = scene.dice.one<JsonObject>([
    { id: { any_: refs(scene, 'pool') } },
    { name: { any_: [...scene.all('pool')] } },
  ]);
  return scoped(scene, own, { type: { any_: [scene.dice.one(['process', 'docker'])] } });
}

export function queueFilter(scene: Scene): JsonObject {
  return scene.dice.one<JsonObject>([
    { id: { any_: refs(scene, 'queue') } },
    { name: { any_: [...scene.all('queue')] } },
    { name: { startswith_: [`${scene.prefix}-`] } },
    { id: { any_: refs(scene, 'queue') }, name: { any_: ['default'] }, operator: 'and_' },
  ]);
}

const byKind = {
  flows: flowFilter,
  flow_runs: flowRunFilter,
  task_runs: taskRunFilter,
  deployments: deploymentFilter,
  work_pools: poolFilter,
  work_pool_queues: queueFilter,
  work_queues: queueFilter,
} as const satisfies Record<Kind, (scene: Scene) => JsonObject>;

/** Now and then filters of other kinds beside the list's own. */
export function relatedFilters(scene: Scene, own: Kind): JsonObject {
  if (!scene.dice.once(4)) return {};
  const others: readonly Kind[] =
    own === 'flows'
      ? ['flow_runs', 'deployments', 'task_runs', 'work_pools']
      : ['flows', 'flow_runs', 'deployments', 'task_runs'];
  const kind = scene.dice.oneOf(others.filter((other) => other !== own));
  return kind === undefined ? {} : { [kind]: byKind[kind](scene) };
}
