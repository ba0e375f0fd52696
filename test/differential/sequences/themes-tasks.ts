// Task runs, logs, artifacts and events: what a run leaves behind.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { flowFilter, flowRunFilter, relatedFilters, taskRunFilter } from './filters.ts';
import {
  create,
  future,
  get,
  type Move,
  nameIn,
  past,
  patch,
  post,
  remove,
  type Scene,
  someOf,
  type Theme,
} from './scene.ts';
import { makeFlow } from './themes-deployments.ts';
import { makeRun, randomState } from './themes-runs.ts';

const makeTaskRun: Move = (scene) => {
  const { dice } = scene;
  const name = scene.add('task-run', scene.fresh('task-run'));
  const run = dice.once(8) ? null : (scene.ref('run') ?? null);
  return create('/task_runs/', name, {
    flow_run_id: run,
    task_key: dice.one(['task-a', 'task-b']),
    dynamic_key: dice.once(5) ? `${scene.prefix}-same` : name,
    ...(dice.once(8) ? {} : { name }),
    ...someOf(dice, {
      tags: dice.some([`${scene.prefix}-a`, 'b']),
      state: dice.one<JsonObject>([
        { type: 'PENDING' },
        { type: 'RUNNING' },
        { type: 'SCHEDULED', state_details: { scheduled_time: dice.one<string>([...past, ...future]) } },
      ]),
      empirical_policy: { retries: 1, retry_delay: 0 },
      task_inputs: { x: [{ input_type: 'parameter', name: 'x' }] },
      labels: { own: 'label' },
      task_version: '3',
    }),
  });
};

const ofTaskRun =
  (make: (taskRun: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const taskRun = scene.ref('task-run');
    return taskRun === undefined ? undefined : make(taskRun, scene);
  };

const setTaskState = ofTaskRun((taskRun, scene) => {
  const force = scene.dice.once(6) ? { force: true } : {};
  const step = post(`/task_runs/${taskRun}/set_state`, { state: randomState(scene), ...force });
  return { ...step, keep: { [scene.add('task-run-state', scene.fresh('task-run-state'))]: 'state.id' } };
});

const taskRunList =
  (route: string): Move =>
  (scene) => {
    const { dice } = scene;
    const window =
      route === 'filter'
        ? { limit: dice.whole(1, 20), offset: dice.whole(0, 1) }
        : route === 'paginate'
          ? { limit: 2, page: dice.whole(1, 2) }
          : {};
    const sort = route === 'count' ? {} : { sort: dice.one(['NAME_ASC', 'NAME_DESC']) };
    return post(`/task_runs/${route}`, {
      task_runs: taskRunFilter(scene),
      ...relatedFilters(scene, 'task_runs'),
      ...window,
      ...sort,
    });
  };

export const taskRuns: Theme = {
  name: 'task runs',
  begin: [makeFlow, makeRun, makeTaskRun, () => post('/task_workers/filter', {})],
  moves: [
    makeTaskRun,
    makeTaskRun,
    makeTaskRun,
    setTaskState,
    setTaskState,
    setTaskState,
    setTaskState,
    makeRun,
    taskRunList('filter'),
    taskRunList('filter'),
    taskRunList('count'),
    taskRunList('paginate'),
    ofTaskRun((taskRun) => get(`/task_runs/${taskRun}`)),
    ofTaskRun((taskRun) => get(`/task_run_states/?task_run_id=${taskRun}`)),
    (scene) => get(`/task_run_states/${scene.ref('task-run-state') ?? 'bad-id'}`),
    ofTaskRun((taskRun, { fresh }) => patch(`/task_runs/${taskRun}`, { name: fresh('renamed') })),
    ofTaskRun((taskRun, scene) => {
      if (!scene.dice.once(3)) return undefined;
      scene.drop('task-run', nameIn(taskRun));
      return remove(`/task_runs/${taskRun}`);
    }),
    (scene) => ({
      ...post('/task_runs/history', {
        history_start: '2020-01-01T00:00:00Z',
        history_end: '2020-01-04T00:00:00Z',
        history_interval_seconds: 86_400,
        task_runs: taskRunFilter(scene),
      }),
      isUnordered: true,
    }),
    ofTaskRun((taskRun) => get(`/ui/task_runs/${taskRun}`)),
    (scene) => post('/ui/task_runs/count', { task_runs: taskRunFilter(scene) }),
    (scene) => post('/ui/flow_runs/count-task-runs', { flow_run_ids: scene.all('run').map((name) => `@{${name}}`) }),
    (scene) =>
      post('/task_workers/filter', someOf(scene.dice, { task_worker_filter: { task_keys: [`${scene.prefix}-key`] } })),
    (scene) => get(`/flow_runs/${scene.ref('run') ?? 'none'}/graph-v2`),
  ],
};

const writeLogs: Move = (scene) => {
  const run = scene.ref('run');
  const { dice } = scene;
  const line = (index: number): JsonObject => ({
    name: 'logger',
    level: dice.one([10, 20, 30, 40]),
    message: `line ${index} of ${dice.one(['apples', 'pears'])}`,
    timestamp: `2025-0${dice.whole(1, 9)}-01T00:00:0${index}.${dice.whole(100, 999)}Z`,
    flow_run_id: run ?? null,
    ...someOf(dice, { task_run_id: scene.ref('task-run') ?? null }),
  });
  return post(
    '/logs/',
    Array.from({ length: dice.whole(1, 4) }, (_, index) => line(index)),
  );
};

const logFilter = (scene: Scene): JsonObject => ({
  flow_run_id: { any_: scene.all('run').map((name) => `@{${name}}`) },
  ...someOf(scene.dice, {
    level: scene.dice.one<JsonObject>([{ ge_: 20 }, { le_: 30 }]),
    timestamp: scene.dice.one<JsonObject>([{ after_: '2025-03-01T00:00:00Z' }, { before_: '2025-05-01T00:00:00Z' }]),
    task_run_id: scene.dice.one<JsonObject>([
      { is_null_: true },
      { any_: [scene.ref('task-run') ?? ''].filter(Boolean) },
    ]),
    text: { query: scene.dice.one(['apples', '"line 1"', '-pears', 'apples pears']) },
  }),
});

export const logs: Theme = {
  name: 'logs',
  begin: [makeFlow, makeRun, makeTaskRun, writeLogs],
  moves: [
    writeLogs,
    writeLogs,
    writeLogs,
    (scene) => ({
      ...post('/logs/filter', {
        logs: logFilter(scene),
        sort: scene.dice.one(['TIMESTAMP_ASC', 'TIMESTAMP_DESC']),
        limit: scene.dice.whole(1, 20),
        offset: scene.dice.whole(0, 2),
      }),
    }),
    (scene) => ({ ...post('/logs/filter', { logs: logFilter(scene), sort: 'TIMESTAMP_ASC' }) }),
    (scene) => get(`/flow_runs/${scene.ref('run') ?? 'none'}/logs/download`),
  ],
};

const makeArtifact: Move = (scene) => {
  const { dice } = scene;
  const name = scene.add('artifact', scene.fresh('artifact'));
  return create(
    '/artifacts/',
    name,
    someOf(dice, {
      key: dice.one([`${scene.prefix}-key-1`, `${scene.prefix}-key-2`, 'Bad Key']),
      type: dice.one(['markdown', 'table', 'progress']),
      data: dice.one<Json>(['# text', 5, [{ a: 1 }], { b: 2 }]),
      description: 'words',
      metadata_: { unit: 'm' },
      flow_run_id: scene.ref('run') ?? null,
      task_run_id: scene.ref('task-run') ?? null,
    }),
  );
};

const artifactFilter = (scene: Scene, latest: boolean): JsonObject => {
  const ids = scene.all('artifact').map((name) => `@{${name}}`);
  const own = scene.dice.one<JsonObject>([
    { key: { like_: `${scene.prefix}-key` } },
    { key: { any_: [`${scene.prefix}-key-1`] } },
    { [latest ? 'latest_id' : 'id']: { any_: ids } },
  ]);
  return {
    ...someOf(scene.dice, {
      type: scene.dice.one<JsonObject>([{ any_: ['markdown'] }, { not_any_: ['table'] }]),
      flow_run_id: { any_: scene.all('run').map((name) => `@{${name}}`) },
    }),
    ...own,
  };
};

const ofArtifact =
  (make: (artifact: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const artifact = scene.ref('artifact');
    return artifact === undefined ? undefined : make(artifact, scene);
  };

export const artifacts: Theme = {
  name: 'artifacts',
  begin: [makeFlow, makeRun, makeArtifact],
  moves: [
    makeArtifact,
    makeArtifact,
    makeArtifact,
    ofArtifact((artifact) => get(`/artifacts/${artifact}`)),
    (scene) => get(`/artifacts/${scene.prefix}-key-${scene.dice.whole(1, 2)}/latest`),
    ofArtifact((artifact, { dice }) =>
      patch(`/artifacts/${artifact}`, someOf(dice, { data: 'new', description: 'new', metadata_: { a: 'b' } })),
    ),
    (scene) => ({
      ...post('/artifacts/filter', {
        artifacts: artifactFilter(scene, false),
        ...relatedFilters(scene, 'task_runs'),
        limit: 10,
      }),
      isUnordered: true,
    }),
    (scene) => post('/artifacts/count', { artifacts: artifactFilter(scene, false) }),
    (scene) => ({
      ...post('/artifacts/latest/filter', {
        artifacts: artifactFilter(scene, true),
        sort: scene.dice.one(['KEY_ASC', 'KEY_DESC']),
        limit: 10,
      }),
    }),
    (scene) =>
      post('/artifacts/latest/count', {
        artifacts: artifactFilter(scene, true),
        ...(scene.dice.once(3) ? { flows: flowFilter(scene) } : { flow_runs: flowRunFilter(scene) }),
      }),
    ofArtifact((artifact, scene) => {
      if (!scene.dice.once(2)) return undefined;
      scene.drop('artifact', nameIn(artifact));
      return remove(`/artifacts/${artifact}`);
    }),
  ],
};
