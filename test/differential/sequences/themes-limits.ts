// Concurrency limits of both kinds, and the leases on them.
import type { JsonObject } from '../../../shared/domain/json.ts';
import {
  create,
  get,
  type Move,
  ofThing,
  patch,
  post,
  remove,
  removeThing,
  type Scene,
  someOf,
  type Theme,
} from './scene.ts';

const makeTagLimit: Move = (scene) => {
  const again = scene.dice.once(5) ? scene.dice.oneOf(scene.all('tag')) : undefined;
  const tag = again ?? scene.add('tag', scene.fresh('tag'));
  return create('/concurrency_limits/', tag, { tag, concurrency_limit: scene.dice.whole(0, 3) });
};

const holder = (scene: Scene): string => `20000000-0000-4000-8000-00000000000${scene.dice.whole(1, 4)}`;
const tags = (scene: Scene): string[] => [scene.named('tag') ?? `${scene.prefix}-none`];

export const tagLimits: Theme = {
  name: 'tag limits',
  begin: [makeTagLimit],
  moves: [
    makeTagLimit,
    (scene) => post('/concurrency_limits/increment', { names: tags(scene), task_run_id: holder(scene) }),
    (scene) => post('/concurrency_limits/increment', { names: tags(scene), task_run_id: holder(scene) }),
    (scene) => post('/concurrency_limits/decrement', { names: tags(scene), task_run_id: holder(scene) }),
    (scene) => get(`/concurrency_limits/tag/${scene.named('tag') ?? 'none'}`),
    ofThing('tag', (tag) => get(`/concurrency_limits/${tag}`)),
    (scene) =>
      post(
        `/concurrency_limits/tag/${scene.named('tag') ?? 'none'}/reset`,
        someOf(scene.dice, { slot_override: [holder(scene)] }),
      ),
    (scene) => (scene.dice.once(4) ? remove(`/concurrency_limits/tag/${scene.named('tag') ?? 'none'}`) : undefined),
    removeThing('tag', '/concurrency_limits'),
    (scene) => (scene.dice.once(4) ? post('/concurrency_limits/filter', { limit: 0 }) : undefined),
  ],
};

const makeLimit: Move = (scene) => {
  const again = scene.dice.once(5) ? scene.dice.oneOf(scene.all('limit')) : undefined;
  const name = again ?? scene.add('limit', scene.fresh('limit'));
  return create('/v2/concurrency_limits/', name, {
    name,
    limit: scene.dice.whole(0, 4),
    ...someOf(scene.dice, { active: scene.dice.once(2), active_slots: 1 }),
  });
};

const limitNames = (scene: Scene): string[] => [scene.named('limit') ?? `${scene.prefix}-none`];
const slots = (scene: Scene): JsonObject => ({ names: limitNames(scene), slots: scene.dice.whole(1, 2) });
const limitPath = (scene: Scene): string => {
  const name = scene.named('limit') ?? 'none';
  return `/v2/concurrency_limits/${scene.dice.once(2) ? name : `@{${name}}`}`;
};

const lease: Move = (scene) => {
  const name = scene.add('lease', scene.fresh('lease'));
  const more = someOf(scene.dice, {
    lease_duration: scene.dice.one([60, 300]),
    holder: { type: scene.dice.one(['flow_run', 'task_run', 'deployment']), id: holder(scene) },
  });
  return {
    ...post('/v2/concurrency_limits/increment-with-lease', { ...slots(scene), mode: 'concurrency', ...more }),
    keep: { [name]: 'lease_id' },
  };
};

export const globalLimits: Theme = {
  name: 'global limits',
  begin: [makeLimit, lease],
  moves: [
    makeLimit,
    lease,
    lease,
    lease,
    (scene) =>
      post('/v2/concurrency_limits/increment', {
        ...slots(scene),
        ...someOf(scene.dice, { mode: scene.dice.one(['concurrency', 'rate_limit']) }),
      }),
    (scene) =>
      post('/v2/concurrency_limits/decrement', { ...slots(scene), ...someOf(scene.dice, { occupancy_seconds: 1.5 }) }),
    ofThing('lease', (name) => post('/v2/concurrency_limits/decrement-with-lease', { lease_id: name })),
    ofThing('lease', (name) => post(`/v2/concurrency_limits/leases/${name}/renew`, { lease_duration: 60 })),
    (scene) => get(limitPath(scene)),
    (scene) =>
      patch(
        limitPath(scene),
        someOf(scene.dice, {
          limit: scene.dice.whole(0, 3),
          active: scene.dice.once(2),
          name: scene.fresh('limit-renamed'),
        }),
      ),
    (scene) => (scene.dice.once(4) ? remove(limitPath(scene)) : undefined),
    (scene) => (scene.dice.once(4) ? post('/v2/concurrency_limits/filter', { limit: 0 }) : undefined),
  ],
};
