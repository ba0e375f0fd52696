// Job templates from a seed: each holds nested $ref, dotted keys, typed and embedded placeholders, unset and null
// values, blocks and variables. Nothing in them depends on the order in which Prefect walks a Python set.
import type { Json, JsonObject } from '../../shared/domain/json.ts';

export type TemplateCase = {
  readonly template: JsonObject;
  readonly deployment: JsonObject;
  readonly run: JsonObject;
  readonly facts: { readonly variables: JsonObject; readonly blocks: JsonObject; readonly blockIds: JsonObject };
  readonly environment: Readonly<Record<string, string>>;
  readonly ctx: JsonObject;
};

/** A small seeded generator (mulberry32): the same seed gives the same cases on every machine. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  count(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    const chosen = choices[Math.floor(this.next() * choices.length)];
    return chosen === undefined ? choices[0] : chosen;
  }
}

const facts: TemplateCase['facts'] = {
  variables: {
    region: 'eu-west-1',
    size: 512,
    nothing: null,
    ratio: 0.000012,
    options: { deep: ["it's", 'a "list"', null, true], 'with.dot': 1 },
    'dotted.name': 'dots',
  },
  blocks: {
    'secret.token': { value: 'se"cret' },
    'json.settings': { value: { key: { 'nested-key': 'nested' }, list: [{ 'list-key': 'x' }, 1, 2.5], values: 7 } },
    'aws.account': { id: 42, tags: ['a', 'b'], url: 's3://b/{{ prefect.variables.region }}', none: null, value: 'own' },
    'custom.empty': {},
  },
  blockIds: { 'id-1': { bucket: 'b', region: '{{ prefect.variables.region }}' }, 'id-2': { value: [1, 2] } },
};

const placeholdersOfValues = [
  '{{ cpu }}',
  '{{cpu}}',
  '{{ image }}',
  '{{ nested }}',
  '{{ nested.inner.list[0] }}',
  '{{ nested.inner.list.1.deep }}',
  '{{ nested.inner.list[-1] }}',
  '{{ nested.inner.word[1] }}',
  '{{ nested.missing }}',
  '{{ 0 }}',
  '{{ flag }}',
  '{{ nothing }}',
  '{{ never-set }}',
  '{{ größe }}',
  '{{\u00a0ratio\u3000}}',
  '{{ items }}',
  '{{ items[0] }}',
  '{{ ctx.flow.name }}',
] as const;

const otherPlaceholders = [
  '{{ prefect.variables.region }}',
  '{{ prefect.variables.size }}',
  '{{ prefect.variables.nothing }}',
  '{{ prefect.variables.ratio }}',
  '{{ prefect.variables.options }}',
  '{{ prefect.variables.dotted.name }}',
  '{{ prefect.variables.unknown }}',
  '{{ prefect.blocks.secret.token }}',
  '{{ prefect.blocks.secret.token.value }}',
  '{{ prefect.blocks.json.settings.key.nested-key }}',
  '{{ prefect.blocks.json.settings.value.list[0].list-key }}',
  '{{ prefect.blocks.json.settings.list[2] }}',
  '{{ prefect.blocks.json.settings.values }}',
  '{{ prefect.blocks.aws.account.id }}',
  '{{ prefect.blocks.aws.account.url }}',
  '{{ prefect.blocks.aws.account.none }}',
  '{{ prefect.blocks.aws.account.value }}',
  '{{ $SLIPWAY_DIFFERENTIAL }}',
  '{{ $SLIPWAY_DIFFERENTIAL_UNSET }}',
] as const;

/** Fine as a whole text; some are refused inside one. */
const wholeOnly = [
  '{{ prefect.blocks.json.settings }}',
  '{{ prefect.blocks.json.settings.key }}',
  '{{ prefect.blocks.aws.account }}',
  '{{ prefect.blocks.aws.account.tags }}',
  '{{ prefect.blocks.custom.empty }}',
] as const;

const refused = [
  '{{ prefect.blocks.secret.unknown }}',
  '{{ prefect.blocks.secret }}',
  '{{ prefect.blocks.aws.account.nowhere }}',
  '{{ prefect.blocks.secret.token.value.deeper }}',
  'inside {{ prefect.blocks.aws.account.tags }} text',
] as const;

const plainValues = [
  1,
  256,
  12345678901,
  0.1,
  1.5e-7,
  -3.75,
  true,
  false,
  null,
  '',
  'text',
  "it's \n \u200b ünïcode 🚢",
  ['a', 1, null],
  { key: 'value', list: [true, 0.5] },
  [],
  {},
] as const satisfies readonly [Json, ...Json[]];

export function templateCase(seed: number): TemplateCase {
  const dice = new Dice(seed);
  return {
    template: { job_configuration: jobConfiguration(dice), variables: variablesSchema(dice) },
    deployment: jobVariables(dice, 'deployment'),
    run: jobVariables(dice, 'run'),
    facts,
    environment: { SLIPWAY_DIFFERENTIAL: 'from the process' },
    ctx: {
      flow: { id: 'flow-id', name: dice.pick(['etl', 'my flow']) },
      flow_run: { id: 'run-id', name: dice.pick(['brave-otter', 'x']), run_count: dice.count(0, 9) },
    },
  };
}

function jobConfiguration(dice: Dice): JsonObject {
  return {
    command: dice.pick<Json>(['{{ command }}', 'run {{ cpu }} now', '', null]),
    env: dice.pick<Json>(['{{ env }}', { FIXED: 'yes', FROM: '{{ image }}', TYPED: '{{ flag }}' }]),
    labels: dice.pick<Json>(['{{ labels }}', { 'a/b': 'x {{ image }}', region: '{{ prefect.variables.region }}' }]),
    name: '{{ name }}',
    typed: '{{ cpu }}',
    embedded: `cpu={{ cpu }} {{ never-set }}and {{ nested }}`,
    unset: ['{{ never-set }}', { gone: '{{ never-set }}', kept: '{{ nothing }}' }],
    block: '{{ prefect.blocks.json.settings.key }}',
    variable: 'at {{ prefect.variables.region }}',
    dotted: '{{ nested.inner.added }}',
    tree: tree(dice, 3),
    ...(dice.chance(0.1) ? { refused: dice.pick(refused) } : {}),
    ...(dice.chance(0.03) ? { schemaLike: { $ref: '#/definitions/Inner' } } : {}),
    ...(dice.chance(0.3) ? { credentials: { $ref: { block_document_id: dice.pick(['id-1', 'id-2']) } } } : {}),
    ...(dice.chance(0.03) ? { credentials: { $ref: { block_document_id: 'id-unknown' } } } : {}),
  };
}

function tree(dice: Dice, depth: number): Json {
  if (depth === 0 || dice.chance(0.3)) return leaf(dice);
  const below = Array.from({ length: dice.count(0, 4) }, () => tree(dice, depth - 1));
  if (dice.chance(0.4)) return below;
  return Object.fromEntries(below.map((entry, index) => [dice.pick([`k${index}`, 'env', 'ключ']), entry]));
}

function leaf(dice: Dice): Json {
  if (dice.chance(0.2)) return dice.pick<Json>(plainValues);
  if (dice.chance(0.15)) return dice.pick(wholeOnly);
  const one = () => (dice.chance(0.5) ? dice.pick(placeholdersOfValues) : dice.pick(otherPlaceholders));
  if (dice.chance(0.4)) return one();
  return dice.pick([' ', 'a', '{{', '{{ not a name! }}', ':']) + one() + dice.pick(['', '-', '}} ']) + one();
}

function variablesSchema(dice: Dice): JsonObject {
  const nestedDefault: JsonObject = { inner: { list: [dice.count(1, 9), { deep: 'x' }, 'last'], word: 'wörd' } };
  const maybe = (name: string, schema: JsonObject, value: Json) => {
    return { [name]: dice.chance(0.7) ? { ...schema, default: value } : schema };
  };
  return {
    type: 'object',
    properties: {
      ...maybe('cpu', { type: 'integer' }, dice.pick<Json>([256, null, 0, '{{ prefect.variables.size }}'])),
      ...maybe('image', { type: 'string' }, dice.pick<Json>(['img:1', '', 'r/{{ prefect.blocks.aws.account.id }}'])),
      ...maybe('nested', { $ref: '#/definitions/Outer' }, nestedDefault),
      ...maybe('flag', { anyOf: [{ type: 'boolean' }, { type: 'null' }] }, dice.chance(0.5)),
      ...maybe('items', { type: 'array', items: { $ref: '#/$defs/Item' } }, [{ id: 1 }, 'two']),
      ...maybe('ratio', { type: 'number' }, dice.pick<Json>(plainValues)),
      ...maybe('größe', {}, dice.pick<Json>(plainValues)),
      ...maybe('env', { type: 'object' }, dice.pick<Json>([{ A: 'default', B: 2, C: '{{ cpu }}' }, {}, null])),
      ...maybe('labels', { type: 'object' }, { team: 'core' }),
      ...maybe('command', { type: 'string' }, 'python -m app'),
      ...maybe('name', { type: 'string' }, dice.pick<Json>(['{{ ctx.flow.name }}-{{ ctx.flow_run.run_count }}', null])),
      nothing: { anyOf: [{ type: 'string' }, { type: 'null' }], default: 'something' },
      ...(dice.chance(0.02) ? { odd: true } : {}),
    },
    definitions: {
      Outer: { type: 'object', properties: { inner: { $ref: '#/$defs/Inner' } } },
    },
    $defs: {
      Inner: { type: 'object', properties: { list: { type: 'array' }, word: { type: 'string' } } },
      Item: { anyOf: [{ type: 'string' }, { type: 'object', properties: { id: { type: 'integer' } } }] },
    },
  };
}

function jobVariables(dice: Dice, level: 'deployment' | 'run'): JsonObject {
  const some = (share: number, values: JsonObject): JsonObject => (dice.chance(share) ? values : {});
  return {
    'nested.inner.added': dice.pick<Json>(plainValues),
    [`env.${level.toUpperCase()}`]: dice.pick<Json>([level, null, 5]),
    nothing: null,
    ...some(0.3, { cpu: dice.pick<Json>([512, null, '{{ prefect.variables.size }}']) }),
    ...some(0.3, { image: dice.pick(['img:2', '{{ prefect.blocks.secret.token }}/x', `${level}:3`]) }),
    ...some(0.3, { env: dice.pick<JsonObject>([{ A: level }, { A: null, [level]: true }, {}, { R: '{{ ratio }}' }]) }),
    ...some(0.2, { labels: dice.pick<Json>([{ level }, {}, { level: dice.pick<Json>(['', 'y']) }]) }),
    ...some(0.02, { labels: { level: 5 } }),
    ...some(0.02, { env: 'A=1' }),
    ...some(0.2, { command: dice.pick<Json>(['echo "hi there"', '', null]) }),
    ...some(0.02, { command: ['echo', 'hi'] }),
    ...some(0.2, {
      name: dice.pick<Json>(['{{ ctx.flow_run.name }}', 'n {{ ctx.flow.name }} {{ ctx.no }}', '{{ ctx.no }}']),
    }),
    ...some(0.2, { ratio: dice.pick<Json>(plainValues), größe: dice.pick<Json>(plainValues) }),
    ...some(0.2, { nested: { inner: { list: [[1, 2], 'b'], word: 'ab' } } }),
    ...some(0.02, { 'cpu.below': 1, 'cpu.below.it': 2 }),
    ...some(0.1, { 'items[0].id': 3 }),
    ...some(0.1, { flag: dice.pick<Json>([true, false, null, 'yes']) }),
  };
}
