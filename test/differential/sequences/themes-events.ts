// Events, and automations that wait for them.
import type { JsonObject } from '../../../shared/domain/json.ts';
import {
  create,
  get,
  idsOf,
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

/** Events are kept for some days, so they must be young; whole hours, so that a seed means the same for an hour. */
const hoursAgo = (hours: number): string =>
  new Date((Math.floor(Date.now() / 3_600_000) - hours) * 3_600_000).toISOString();

const event = (scene: Scene): JsonObject => {
  const id = `30000000-0000-4000-8000-${String(Math.floor(Number(scene.prefix.slice(1)) % 1_000_000)).padStart(6, '0')}${String(scene.all('event').length).padStart(6, '0')}`;
  scene.add('event', id);
  return {
    id,
    occurred: hoursAgo(scene.dice.whole(4, 60)),
    event: `${scene.prefix}.${scene.dice.one(['made', 'gone'])}`,
    resource: {
      'prefect.resource.id': `${scene.prefix}.thing.${scene.dice.whole(1, 3)}`,
      'prefect.resource.name': 'thing',
      size: scene.dice.one(['big', 'small']),
    },
    related: scene.dice.once(2)
      ? [{ 'prefect.resource.id': `${scene.prefix}.other`, 'prefect.resource.role': 'owner' }]
      : [],
    payload: { number: scene.dice.whole(1, 5) },
  };
};

const eventFilter = (scene: Scene): JsonObject => ({
  occurred: { since: hoursAgo(72), until: hoursAgo(-24) },
  event: scene.dice.one<JsonObject>([
    { prefix: [`${scene.prefix}.`] },
    { name: [`${scene.prefix}.made`] },
    { prefix: [`${scene.prefix}.`], exclude_name: [`${scene.prefix}.gone`] },
  ]),
  ...someOf(scene.dice, {
    resource: scene.dice.one<JsonObject>([
      { id: [`${scene.prefix}.thing.1`] },
      { id_prefix: [`${scene.prefix}.thing`] },
      { labels: { size: ['big'] } },
      { labels: { size: ['!big'] } },
    ]),
    related: scene.dice.one<JsonObject>([{ role: ['owner'] }, { id: [`${scene.prefix}.other`] }]),
    any_resource: { id_prefix: [`${scene.prefix}.o`] },
    order: scene.dice.one(['ASC', 'DESC']),
  }),
});

const sendEvents: Move = (scene) =>
  post(
    '/events',
    Array.from({ length: scene.dice.whole(1, 3) }, () => event(scene)),
  );

export const events: Theme = {
  name: 'events',
  begin: [sendEvents, sendEvents],
  moves: [
    sendEvents,
    sendEvents,
    (scene) => ({
      ...post('/events/filter', { filter: eventFilter(scene), limit: 50 }),
      isEventual: true,
      isUnordered: true,
    }),
    (scene) => ({
      ...post('/events/filter', { filter: eventFilter(scene), limit: 50 }),
      isEventual: true,
      isUnordered: true,
    }),
    (scene) => ({
      ...post(`/events/count-by/${scene.dice.one(['day', 'time', 'event', 'resource'])}`, {
        filter: eventFilter(scene),
        time_unit: 'day',
        time_interval: 1,
      }),
      isEventual: true,
      isUnordered: true,
    }),
  ],
};

const trigger = (scene: Scene): JsonObject =>
  scene.dice.one<JsonObject>([
    { type: 'event', posture: 'Reactive', expect: ['prefect.flow-run.Failed'], threshold: 1, within: 0 },
    {
      type: 'event',
      posture: 'Proactive',
      expect: ['some.event'],
      after: ['before.it'],
      within: 60,
      match: { 'prefect.resource.id': 'a.*' },
      for_each: ['prefect.resource.id'],
    },
    { type: 'event', posture: 'Proactive', within: 1 },
    {
      type: 'compound',
      require: 'all',
      within: 60,
      triggers: [
        { type: 'event', posture: 'Reactive', expect: ['a'], threshold: 1 },
        { type: 'event', posture: 'Reactive', expect: ['b'], threshold: 2 },
      ],
    },
    { type: 'sequence', within: 60, triggers: [{ type: 'event', posture: 'Reactive', expect: ['a'], threshold: 1 }] },
    {
      type: 'compound',
      require: 3,
      within: 60,
      triggers: [{ type: 'event', posture: 'Reactive', expect: ['a'], threshold: 1 }],
    },
  ]);

const action = (scene: Scene): JsonObject =>
  scene.dice.one<JsonObject>([
    { type: 'do-nothing' },
    { type: 'cancel-flow-run' },
    {
      type: 'run-deployment',
      source: 'selected',
      deployment_id: '40000000-0000-4000-8000-000000000001',
      parameters: { x: '{{ event.id }}' },
    },
    { type: 'pause-work-pool', source: 'inferred' },
    { type: 'change-flow-run-state', state: 'FAILED', name: 'Failed', message: 'so' },
    { type: 'run-deployment', source: 'selected' },
  ]);

const automation = (scene: Scene, name: string): JsonObject => ({
  name,
  trigger: trigger(scene),
  actions: [action(scene)],
  ...someOf(scene.dice, {
    description: 'an automation',
    enabled: scene.dice.once(2),
    tags: ['a', scene.prefix],
    actions_on_trigger: [action(scene)],
  }),
});

const makeAutomation: Move = (scene) => {
  const name = scene.add('automation', scene.fresh('automation'));
  return create('/automations/', name, {
    ...automation(scene, name),
    ...someOf(scene.dice, { owner_resource: `${scene.prefix}.owner` }),
  });
};

const automationFilter = (scene: Scene): JsonObject =>
  scene.dice.one<JsonObject>([
    { name: { any_: [...scene.all('automation')] } },
    { id: { any_: idsOf(scene, 'automation') } },
    { tags: { all_: [scene.prefix] } },
  ]);

export const automations: Theme = {
  name: 'automations',
  begin: [makeAutomation],
  moves: [
    makeAutomation,
    makeAutomation,
    ofThing('automation', (name) => get(`/automations/${name}`)),
    ofThing('automation', (name, { dice }) => patch(`/automations/${name}`, { enabled: dice.once(2) })),
    ofThing('automation', (name, scene) => ({
      method: 'PUT',
      path: `/automations/${name}`,
      body: automation(scene, scene.fresh('replaced')),
    })),
    removeThing('automation', '/automations'),
    (scene) =>
      post('/automations/filter', {
        automations: automationFilter(scene),
        sort: scene.dice.one(['NAME_ASC', 'NAME_DESC']),
        limit: 10,
      }),
    (scene) => post('/automations/count', { automations: automationFilter(scene) }),
    (scene) => ({ ...get(`/automations/related-to/${scene.prefix}.owner`), isUnordered: true }),
    (scene) => (scene.dice.once(3) ? remove(`/automations/owned-by/${scene.prefix}.owner`) : undefined),
    (scene) =>
      post('/automations/templates/validate', scene.dice.one(['{{ flow.name }}', '{{ broken', '{% for x %}', 'plain'])),
  ],
};
