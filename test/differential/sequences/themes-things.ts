// Variables, blocks, saved searches and what stands alone.
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import {
  create,
  future,
  get,
  idsOf,
  type Move,
  nameIn,
  ofThing,
  past,
  patch,
  post,
  remove,
  removeThing,
  type Scene,
  someOf,
  type Theme,
} from './scene.ts';

// Variables: their names know no dashes or capitals in old clients, so both kinds are tried.
const variableName = (scene: Scene): string => scene.fresh('v').replaceAll('-', '_');
const value = (scene: Scene): Json => scene.dice.one<Json>(['text', 5, true, null, 1.5, [1, 'a'], { a: { b: 1 } }]);

const makeVariable: Move = (scene) => {
  const again = scene.dice.once(6) ? scene.dice.oneOf(scene.all('variable')) : undefined;
  const name = again ?? scene.add('variable', scene.dice.once(8) ? `Bad ${scene.fresh('v')}` : variableName(scene));
  return create('/variables/', name, {
    name,
    value: value(scene),
    ...someOf(scene.dice, { tags: scene.dice.some(['a', 'b']) }),
  });
};

const variableFilter = (scene: Scene): JsonObject => ({
  ...scene.dice.one<JsonObject>([
    { name: { like_: `${scene.prefix}_` } },
    { id: { any_: idsOf(scene, 'variable') } },
    { name: { any_: [...scene.all('variable')] } },
  ]),
  ...someOf(scene.dice, { tags: scene.dice.one<JsonObject>([{ all_: ['a'] }, { is_null_: true }]) }),
});

const variableChange = (scene: Scene): JsonObject =>
  someOf(scene.dice, { name: variableName(scene), value: value(scene), tags: ['c'] });
const ofVariable =
  (make: (path: string, scene: Scene) => ReturnType<Move>): Move =>
  (scene) => {
    const name = scene.named('variable');
    if (name === undefined) return undefined;
    return make(scene.dice.once(2) ? `/variables/@{${name}}` : `/variables/name/${name}`, scene);
  };

export const variables: Theme = {
  name: 'variables',
  begin: [makeVariable, makeVariable],
  moves: [
    makeVariable,
    makeVariable,
    ofVariable((path) => get(path)),
    ofVariable((path, scene) => patch(path, variableChange(scene))),
    ofVariable((path, { dice }) => (dice.once(3) ? remove(path) : undefined)),
    (scene) =>
      post('/variables/filter', {
        variables: variableFilter(scene),
        limit: scene.dice.whole(1, 10),
        offset: scene.dice.whole(0, 1),
        sort: scene.dice.one(['NAME_ASC', 'NAME_DESC']),
      }),
    (scene) => post('/variables/count', { variables: variableFilter(scene) }),
  ],
};

const makeBlockType: Move = (scene) => {
  const again = scene.dice.once(6) ? scene.dice.oneOf(scene.all('block-type')) : undefined;
  const name = again ?? scene.add('block-type', scene.fresh('block-type'));
  return create('/block_types/', name, {
    name,
    slug: name,
    ...someOf(scene.dice, {
      description: 'a type',
      logo_url: 'https://example.com/logo.png',
      documentation_url: 'https://example.com/',
      code_example: 'code',
    }),
  });
};

const makeBlockSchema = ofThing('block-type', (type, scene) => {
  const name = scene.add('block-schema', scene.fresh('block-schema'));
  const properties = {
    secret: { title: 'Secret', type: 'string', writeOnly: true, format: 'password' },
    plain: { title: 'Plain', type: 'string' },
  };
  return create('/block_schemas/', name, {
    block_type_id: type,
    capabilities: scene.dice.some(['read', 'write']),
    fields: {
      title: `Schema${scene.dice.whole(1, 3)}`,
      type: 'object',
      properties,
      required: ['plain'],
      block_type_slug: nameIn(type),
      secret_fields: ['secret'],
      block_schema_references: {},
    },
    ...someOf(scene.dice, { version: scene.dice.one(['1.0', '2.0']) }),
  });
});

const makeBlock = ofThing('block-schema', (schema, scene) => {
  const type = scene.ref('block-type') ?? '';
  const again = scene.dice.once(6) ? scene.dice.oneOf(scene.all('block')) : undefined;
  const name = again ?? scene.add('block', scene.fresh('block'));
  const who = scene.dice.once(8) ? { is_anonymous: true } : { name };
  return create('/block_documents/', name, {
    ...who,
    block_schema_id: schema,
    block_type_id: type,
    data: { plain: 'value', ...someOf(scene.dice, { secret: 'hidden' }) },
  });
});

const secretly = (scene: Scene): string => (scene.dice.once(3) ? '?include_secrets=true' : '');
const typeSlug = (scene: Scene): string => scene.named('block-type') ?? 'none';

export const blocks: Theme = {
  name: 'blocks',
  begin: [makeBlockType, makeBlockSchema, makeBlock, () => ({ ...get('/block_capabilities/'), isUnordered: true })],
  moves: [
    makeBlockType,
    makeBlockSchema,
    makeBlockSchema,
    makeBlock,
    makeBlock,
    makeBlock,
    ofThing('block', (block, scene) => get(`/block_documents/${block}${secretly(scene)}`)),
    ofThing('block', (block, { dice }) =>
      patch(`/block_documents/${block}`, {
        data: someOf(dice, { plain: 'other', secret: 'more' }),
        ...someOf(dice, { merge_existing_data: false }),
      }),
    ),
    ofThing('block-type', (type) => get(`/block_types/${type}`)),
    ofThing('block-type', (type, { dice }) =>
      patch(`/block_types/${type}`, someOf(dice, { description: 'new', logo_url: 'https://example.com/new.png' })),
    ),
    ofThing('block-schema', (schema) => get(`/block_schemas/${schema}`)),
    (scene) => get(`/block_types/slug/${typeSlug(scene)}`),
    (scene) => ({
      ...get(`/block_types/slug/${typeSlug(scene)}/block_documents${secretly(scene)}`),
      isUnordered: true,
    }),
    (scene) =>
      get(
        `/block_types/slug/${typeSlug(scene)}/block_documents/name/${scene.named('block') ?? 'none'}${secretly(scene)}`,
      ),
    (scene) => ({
      ...post('/block_types/filter', { block_types: { name: { like_: `${scene.prefix}-` } }, limit: 10 }),
      isUnordered: true,
    }),
    (scene) => ({
      ...post('/block_schemas/filter', {
        block_schemas: {
          block_type_id: { any_: idsOf(scene, 'block-type') },
          ...someOf(scene.dice, { block_capabilities: { all_: ['read'] }, version: { any_: ['1.0'] } }),
        },
      }),
      isUnordered: true,
    }),
    (scene) => ({
      ...post('/block_documents/filter', {
        block_documents: {
          name: { like_: `${scene.prefix}-` },
          ...someOf(scene.dice, { is_anonymous: { eq_: false } }),
        },
        include_secrets: scene.dice.once(3),
        sort: 'NAME_ASC',
      }),
    }),
    (scene) => post('/block_documents/count', { block_documents: { name: { like_: `${scene.prefix}-` } } }),
    (scene) =>
      scene.dice.once(3) ? get('/block_types/slug/secret') : { ...get('/block_capabilities/'), isUnordered: true },
    (scene) => (scene.dice.once(4) ? post('/block_types/install_system_block_types') : undefined),
    removeThing('block', '/block_documents'),
    removeThing('block-schema', '/block_schemas'),
    removeThing('block-type', '/block_types'),
  ],
};

const makeSearch: Move = (scene) => {
  const again = scene.dice.once(4) ? scene.dice.oneOf(scene.all('search')) : undefined;
  const name = again ?? scene.add('search', scene.fresh('search'));
  const filters = [
    {
      object: 'flow',
      property: 'name',
      type: 'string',
      operation: 'equals',
      value: scene.dice.one<Json>(['x', 1, ['a']]),
    },
  ];
  return {
    method: 'PUT',
    path: '/saved_searches/',
    body: { name, ...someOf(scene.dice, { filters }) },
    keep: { [name]: 'id' },
  };
};

export const savedSearches: Theme = {
  name: 'saved searches',
  begin: [makeSearch],
  moves: [
    makeSearch,
    makeSearch,
    ofThing('search', (search) => get(`/saved_searches/${search}`)),
    removeThing('search', '/saved_searches'),
    (scene) => (scene.dice.once(3) ? { ...post('/saved_searches/filter', { limit: 0 }) } : undefined),
  ],
};

export const alone: Theme = {
  name: 'alone',
  begin: [() => get('/collections/views/nothing')],
  moves: [
    () => get('/admin/version'),
    () => get('/health'),
    () => get('/ready'),
    () => get('/hello'),
    () => get('/version'),
    () => get('/csrf-token?client=a'),
    () => get('/admin/storage'),
    ({ dice }) => (dice.once(4) ? remove('/admin/storage') : undefined),
    ({ dice }) => get(`/block_schemas/checksum/${dice.one(['sha256:0', 'nothing'])}`),
    (scene) =>
      post(
        '/templates/validate',
        scene.dice.one(['{{ flow.name }}', '{{ broken', '{% if %}', 'plain', '{{ x | nofilter }}']),
      ),
    (scene) => get(`/collections/views/${scene.dice.one(['nothing', '..'])}`),
    (scene) =>
      post('/ui/schemas/validate', {
        schema: {
          type: 'object',
          properties: { x: { type: 'integer' }, y: { type: 'array', items: { type: 'string' } } },
          required: ['x'],
        },
        values: scene.dice.one<JsonObject>([
          { x: 1 },
          { x: 'a' },
          {},
          { x: 1, y: ['a', 2] },
          { x: { __prefect_kind: 'json', value: '5' } },
        ]),
      }),
    (scene) => get(`/no_such_route/${scene.prefix}`),
    (scene) => ({ method: scene.dice.one(['PUT', 'DELETE'] as const), path: '/flows/', body: {} }),
    (scene) => ({
      method: 'PUT',
      path: '/admin/storage',
      body: {
        default_result_storage_block_id: scene.dice.one<Json>(['00000000-1111-4222-8333-444444444444', 'x', null]),
      },
    }),
    (scene) => get(`/flow_runs/filter?x=${scene.dice.one(past)}${scene.dice.one(future)}`),
  ],
};
