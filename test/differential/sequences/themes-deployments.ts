// Deployments, their schedules and runs, and the workers that ask for these.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { deploymentFilter, flowRunFilter, relatedFilters } from './filters.ts';
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
import { makePool, ofPool } from './themes-places.ts';

export const makeFlow: Move = (scene) => {
  const name = scene.add('flow', scene.fresh('flow'));
  return create('/flows/', name, { name });
};

const schedule = (scene: Scene): JsonObject =>
  scene.dice.one<JsonObject>([
    { interval: scene.dice.one([3600, 86_400]), anchor_date: past[0], timezone: 'UTC' },
    { interval: 60 },
    {
      cron: scene.dice.one(['0 9 * * 1-5', '*/5 * * * *', 'not cron']),
      timezone: scene.dice.one(['UTC', 'Europe/Berlin', 'No/Where']),
    },
    { rrule: 'FREQ=DAILY;INTERVAL=2', timezone: 'America/New_York' },
    { rrule: 'FREQ=NEVER' },
  ]);

const newSchedule = (scene: Scene): JsonObject => ({
  schedule: schedule(scene),
  ...someOf(scene.dice, {
    active: scene.dice.once(2),
    max_scheduled_runs: 3,
    slug: `slug-${scene.dice.whole(1, 2)}`,
    parameters: { x: 5 },
  }),
});

const parameterSchema = { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] };

const deploymentFields = (scene: Scene): JsonObject =>
  someOf(scene.dice, {
    tags: scene.dice.some([`${scene.prefix}-a`, 'b', 'c']),
    parameters: { x: scene.dice.one<Json>([1, 'text']) },
    description: 'a deployment',
    version: 'v1',
    entrypoint: 'flow.py:main',
    path: '/somewhere',
    paused: scene.dice.once(2),
    enforce_parameter_schema: scene.dice.once(2),
    parameter_openapi_schema: parameterSchema,
    pull_steps: [{ 'prefect.deployments.steps.set_working_directory': { directory: '/tmp' } }],
    job_variables: scene.dice.one<JsonObject>([{ image: 'i:2' }, { command: 7 }, { env: { A: 'b' } }]),
    concurrency_limit: scene.dice.whole(0, 2),
    concurrency_options: { collision_strategy: scene.dice.one(['ENQUEUE', 'CANCEL_NEW']) },
  });

const makeDeployment: Move = (scene) => {
  const { dice } = scene;
  const flow = scene.ref('flow');
  if (flow === undefined) return undefined;
  scene.add('used-flow', nameIn(flow));
  const isAgain = dice.once(6) && scene.all('deployment').length > 0;
  const name = isAgain
    ? (dice.oneOf(scene.all('deployment')) ?? '')
    : scene.add('deployment', scene.fresh('deployment'));
  const place = dice.once(3)
    ? {}
    : {
        work_pool_name: scene.named('pool') ?? null,
        ...someOf(dice, { work_queue_name: scene.named('queue') ?? 'made' }),
      };
  const schedules = dice.once(3) ? { schedules: [newSchedule(scene)] } : {};
  return create('/deployments/', name, { name, flow_id: flow, ...place, ...deploymentFields(scene), ...schedules });
};

const ofDeployment =
  (make: (deployment: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const deployment = scene.ref('deployment');
    return deployment === undefined ? undefined : make(deployment, scene);
  };

const runDeployment = ofDeployment((deployment, scene) => {
  const name = scene.add('run', scene.fresh('run'));
  const { dice } = scene;
  return create(`/deployments/${deployment}/create_flow_run`, name, {
    name,
    ...someOf(dice, {
      parameters: { x: dice.one<Json>([3, 'text', null]) },
      tags: ['run'],
      idempotency_key: `${scene.prefix}-${dice.whole(1, 3)}`,
      state: { type: 'SCHEDULED', state_details: { scheduled_time: dice.one<string>([...past, ...future]) } },
      job_variables: dice.one<JsonObject>([{ image: 'i:3' }, { command: 8 }]),
      labels: { from: 'run' },
      context: { a: 1 },
      work_queue_name: scene.named('queue') ?? 'default',
      enforce_parameter_schema: dice.once(2),
    }),
  });
});

const deploymentList =
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
    return post(`/deployments/${route}`, {
      deployments: deploymentFilter(scene),
      ...relatedFilters(scene, 'deployments'),
      ...window,
      ...sort,
    });
  };

const setRunState: Move = (scene) => {
  const run = scene.ref('run');
  const state = scene.dice.one<JsonObject>([
    { type: 'PENDING' },
    { type: 'RUNNING' },
    { type: 'COMPLETED' },
    { type: 'FAILED' },
    { type: 'SCHEDULED', name: 'Late' },
  ]);
  return run === undefined ? undefined : post(`/flow_runs/${run}/set_state`, { state });
};

export const deployments: Theme = {
  name: 'deployments',
  begin: [makePool, makeFlow, makeDeployment],
  moves: [
    makeDeployment,
    makeDeployment,
    runDeployment,
    runDeployment,
    setRunState,
    setRunState,
    deploymentList('filter'),
    deploymentList('count'),
    deploymentList('paginate'),
    ofDeployment((deployment) => get(`/deployments/${deployment}`)),
    (scene) => get(`/deployments/name/${scene.named('flow') ?? 'x'}/${scene.named('deployment') ?? 'y'}`),
    ofDeployment((deployment, scene) => patch(`/deployments/${deployment}`, deploymentFields(scene))),
    ofDeployment((deployment) => post(`/deployments/${deployment}/pause_deployment`)),
    ofDeployment((deployment) => post(`/deployments/${deployment}/resume_deployment`)),
    ofDeployment((deployment, { fresh }) => ({
      ...post(`/deployments/${deployment}/create_flow_run/bulk`, [
        { name: fresh('bulk') },
        { name: fresh('bulk'), parameters: { x: 1 } },
      ]),
      isUnordered: true,
    })),
    (scene) => ({
      ...post('/flow_runs/filter', {
        flow_runs: flowRunFilter(scene),
        deployments: deploymentFilter(scene),
        sort: 'NAME_ASC',
      }),
    }),
    ofDeployment((deployment, scene) => {
      if (!scene.dice.once(3)) return undefined;
      scene.drop('deployment', nameIn(deployment));
      return scene.dice.once(3)
        ? post('/deployments/bulk_delete', { deployments: { id: { any_: [deployment] } } })
        : remove(`/deployments/${deployment}`);
    }),
  ],
};

const addSchedule = ofDeployment((deployment, scene) => {
  const name = scene.add('schedule', scene.fresh('schedule'));
  return { ...post(`/deployments/${deployment}/schedules`, [newSchedule(scene)]), keep: { [name]: '0.id' } };
});

const ofSchedule = (make: (path: string, scene: Scene) => ReturnType<Move>): Move =>
  ofDeployment((deployment, scene) => {
    const name = scene.ref('schedule');
    return name === undefined ? undefined : make(`/deployments/${deployment}/schedules/${name}`, scene);
  });

export const schedules: Theme = {
  name: 'schedules',
  begin: [makePool, makeFlow, makeDeployment, addSchedule],
  moves: [
    addSchedule,
    addSchedule,
    ofDeployment((deployment) => ({ ...get(`/deployments/${deployment}/schedules`), isUnordered: true })),
    ofSchedule((path, scene) =>
      patch(
        path,
        someOf(scene.dice, {
          active: scene.dice.once(2),
          schedule: schedule(scene),
          parameters: { y: 1 },
          max_scheduled_runs: 2,
          slug: 'slug-9',
        }),
      ),
    ),
    ofSchedule((path, { dice }) => (dice.once(2) ? remove(path) : undefined)),
    ofDeployment((deployment, { dice }) => patch(`/deployments/${deployment}`, { paused: dice.once(2) })),
  ],
};

const heartbeat = ofPool((pool, scene) => {
  const name = scene.dice.once(3)
    ? scene.add('worker', scene.fresh('worker'))
    : (scene.named('worker') ?? scene.add('worker', scene.fresh('worker')));
  return post(`/work_pools/${pool}/workers/heartbeat`, {
    name,
    ...someOf(scene.dice, { heartbeat_interval_seconds: scene.dice.one([30, 60]) }),
  });
});

const workerFilter = (scene: Scene): JsonObject =>
  someOf(scene.dice, {
    status: { any_: [scene.dice.one(['ONLINE', 'OFFLINE'])] },
    last_heartbeat_time: scene.dice.one<JsonObject>([{ after_: past[0] }, { before_: past[1] }]),
  });

export const workers: Theme = {
  name: 'workers',
  begin: [makePool, makeFlow, makeDeployment, heartbeat],
  moves: [
    heartbeat,
    heartbeat,
    runDeployment,
    runDeployment,
    setRunState,
    ofPool((pool, scene) => ({
      ...post(`/work_pools/${pool}/workers/filter`, { workers: workerFilter(scene), limit: 10 }),
      isUnordered: true,
    })),
    ofPool((pool, scene) => {
      const worker = scene.named('worker');
      return worker === undefined || !scene.dice.once(2) ? undefined : remove(`/work_pools/${pool}/workers/${worker}`);
    }),
    ofPool((pool, scene) => ({
      ...post(`/work_pools/${pool}/get_scheduled_flow_runs`, {
        scheduled_before: scene.dice.one<string>([...past, ...future]),
        limit: scene.dice.whole(1, 10),
        ...someOf(scene.dice, { work_queue_names: [scene.named('queue') ?? 'default'] }),
      }),
      isUnordered: true,
    })),
    ofDeployment((deployment, { dice }) => ({
      ...post('/deployments/get_scheduled_flow_runs', {
        deployment_ids: [deployment],
        scheduled_before: dice.one<string>([...past, ...future]),
        limit: 10,
      }),
      isUnordered: true,
    })),
    ofPool((pool) => ({ ...get(`/work_pools/${pool}`), isEventual: true })),
  ],
};
