// Work pools and their queues.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { poolFilter, queueFilter } from './filters.ts';
import {
  create,
  future,
  get,
  type Move,
  nameIn,
  patch,
  post,
  remove,
  type Scene,
  someOf,
  type Theme,
} from './scene.ts';

const template = {
  job_configuration: { command: '{{ command }}', env: '{{ env }}', image: '{{ image }}' },
  variables: {
    type: 'object',
    properties: {
      command: { type: 'string', title: 'Command' },
      env: { type: 'object', title: 'Environment', additionalProperties: { type: 'string' } },
      image: { type: 'string', title: 'Image', default: 'none' },
    },
  },
} as const satisfies JsonObject;

export const makePool: Move = (scene) => {
  const { dice } = scene;
  const isAgain = dice.once(8) && scene.all('pool').length > 0;
  const name = isAgain ? (dice.oneOf(scene.all('pool')) ?? '') : scene.add('pool', scene.fresh('pool'));
  const more = someOf(dice, { description: 'a pool', is_paused: true, concurrency_limit: dice.whole(0, 3) });
  return create('/work_pools/', name, {
    name,
    type: dice.one(['process', 'docker', 'kubernetes']),
    base_job_template: dice.once(8) ? {} : template,
    ...more,
  });
};

export const ofPool =
  (make: (pool: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const pool = scene.named('pool');
    return pool === undefined ? undefined : make(pool, scene);
  };

const queueFields = (scene: Scene): JsonObject =>
  someOf(scene.dice, {
    description: 'a queue',
    is_paused: scene.dice.once(2),
    concurrency_limit: scene.dice.whole(0, 2),
    priority: scene.dice.whole(1, 3),
  });

const makeQueue = ofPool((pool, scene) => {
  const isAgain = scene.dice.once(8);
  const name = (isAgain ? scene.dice.oneOf(scene.all('queue')) : undefined) ?? scene.add('queue', scene.fresh('queue'));
  return create(`/work_pools/${pool}/queues`, name, { name, ...queueFields(scene) });
});

const ofQueue =
  (make: (queue: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const queue = scene.ref('queue');
    return queue === undefined ? undefined : make(queue, scene);
  };

const makeBareQueue: Move = (scene) => {
  const name = scene.add('queue', scene.fresh('queue'));
  return create('/work_queues/', name, { name, ...queueFields(scene) });
};

export const workPools: Theme = {
  name: 'work pools',
  begin: [makePool, makePool],
  moves: [
    makePool,
    makePool,
    makeQueue,
    ofPool((pool) => get(`/work_pools/${pool}`)),
    ofPool((pool, { dice }) =>
      patch(
        `/work_pools/${pool}`,
        someOf(dice, {
          description: 'new',
          is_paused: dice.once(2),
          concurrency_limit: dice.one<Json>([null, 0, 5]),
          base_job_template: template,
        }),
      ),
    ),
    (scene) => ({
      ...post('/work_pools/filter', { work_pools: poolFilter(scene), limit: scene.dice.whole(1, 5) }),
      isUnordered: true,
    }),
    (scene) => post('/work_pools/count', { work_pools: poolFilter(scene) }),
    ofPool((pool) => post(`/work_pools/${pool}/concurrency_status`, { page: 1, limit: 10 })),
    ofPool((pool, scene) => {
      if (!scene.dice.once(3)) return undefined;
      scene.drop('pool', pool);
      return remove(`/work_pools/${pool}`);
    }),
    ofPool((pool) => get(`/work_pools/${pool}/queues/default`)),
  ],
};

const queueOfPool =
  (make: (path: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const pool = scene.named('pool');
    const queue = scene.dice.once(4) ? 'default' : scene.named('queue');
    return pool === undefined || queue === undefined ? undefined : make(`/work_pools/${pool}/queues/${queue}`, scene);
  };

export const workQueues: Theme = {
  name: 'work queues',
  begin: [makePool, makeQueue, makeQueue],
  moves: [
    makeQueue,
    makeQueue,
    makeBareQueue,
    queueOfPool((path) => get(path)),
    queueOfPool((path, scene) => patch(path, queueFields(scene))),
    queueOfPool((path, { dice }) => (dice.once(3) ? remove(path) : undefined)),
    ofQueue((queue) => get(`/work_queues/${queue}`)),
    ofQueue((queue) => get(`/work_queues/${queue}/status`)),
    ofQueue((queue, scene) => patch(`/work_queues/${queue}`, queueFields(scene))),
    ofQueue((queue, { dice }) =>
      post(`/work_queues/${queue}/get_runs`, { limit: 5, scheduled_before: dice.one<string>(future) }),
    ),
    ofQueue((queue) => post(`/work_queues/${queue}/concurrency_status`, { page: 1, limit: 10 })),
    (scene) => get(`/work_queues/name/${scene.named('queue') ?? 'none'}`),
    (scene) => ({ ...post('/work_queues/filter', { work_queues: queueFilter(scene), limit: 10 }), isUnordered: true }),
    ofPool((pool, scene) => ({
      ...post(`/work_pools/${pool}/queues/filter`, {
        work_queues: scene.dice.once(2) ? {} : queueFilter(scene),
        limit: 10,
      }),
      isUnordered: true,
    })),
    ofQueue((queue, scene) => {
      if (!scene.dice.once(3)) return undefined;
      scene.drop('queue', nameIn(queue));
      return remove(`/work_queues/${queue}`);
    }),
  ],
};
