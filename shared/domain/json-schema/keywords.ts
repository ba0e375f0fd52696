// The keywords of JSON Schema that judge a value or lead further down.
// Each answers with problems at its own place, in the words that Prefect's server has for them.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject } from '../template/json-value.ts';
import { pythonRepr } from '../template/python-text.ts';
import { hasFormat } from './formats.ts';
import { canonical, isEqual, type Problem } from './problem.ts';
import type { Visit } from './visit.ts';

export type Keyword = {
  readonly schema: JsonObject;
  readonly wanted: Json;
  readonly value: Json;
  readonly at: Visit;
  readonly visit: (schema: Json, value: Json, at: Visit) => readonly Problem[];
};

type Judge = (keyword: Keyword) => readonly Problem[];

function refused({ at, value }: Keyword, message: string): readonly Problem[] {
  return at.known.isOpen(value) ? [] : [{ path: at.path, message }];
}

function stepDown({ at, visit }: Keyword, schema: Json, [step, value]: readonly [string | number, Json]) {
  return visit(schema, value, { ...at, path: [...at.path, step], references: 0 });
}

const shown = pythonRepr;

function isType(type: Json, value: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return isJsonList(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function bound(fits: (value: number, limit: number) => boolean, words: string): Judge {
  return (keyword) => {
    const { value, wanted } = keyword;
    if (typeof value !== 'number' || typeof wanted !== 'number' || fits(value, wanted)) return [];
    return refused(keyword, `${shown(value)} is ${words} of ${shown(wanted)}`);
  };
}

type Size = {
  readonly of: (value: Json) => number | undefined;
  /** What is said when this very number is asked for, and what otherwise. */
  readonly words: readonly [edge: number, edgeWords: string, words: string];
};

function atLeast({ of, words: [edge, edgeWords, words] }: Size): Judge {
  return (keyword) => {
    const size = of(keyword.value);
    if (size === undefined || typeof keyword.wanted !== 'number' || size >= keyword.wanted) return [];
    return refused(keyword, `${shown(keyword.value)} ${keyword.wanted === edge ? edgeWords : words}`);
  };
}

function atMost({ of, words: [edge, edgeWords, words] }: Size): Judge {
  return (keyword) => {
    const size = of(keyword.value);
    if (size === undefined || typeof keyword.wanted !== 'number' || size <= keyword.wanted) return [];
    return refused(keyword, `${shown(keyword.value)} ${keyword.wanted === edge ? edgeWords : words}`);
  };
}

const lengthOf = (value: Json) => (typeof value === 'string' ? Array.from(value).length : undefined);
const countOf = (value: Json) => (isJsonList(value) ? value.length : undefined);
const keysOf = (value: Json) => (isJsonObject(value) ? Object.keys(value).length : undefined);

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

const properties: Judge = (keyword) => {
  const { wanted, value } = keyword;
  if (!isJsonObject(wanted) || !isJsonObject(value)) return [];
  return Object.entries(wanted).flatMap(([name, schema]) => {
    const entry = fieldOf(value, name);
    return entry === undefined ? [] : stepDown(keyword, schema, [name, entry]);
  });
};

const patternProperties: Judge = (keyword) => {
  const { wanted, value } = keyword;
  if (!isJsonObject(wanted) || !isJsonObject(value)) return [];
  return Object.entries(wanted).flatMap(([pattern, schema]) =>
    Object.entries(value).flatMap((entry) => (matches(pattern, entry[0]) ? stepDown(keyword, schema, entry) : [])),
  );
};

const additionalProperties: Judge = (keyword) => {
  const { schema, wanted, value } = keyword;
  if (!isJsonObject(value)) return [];
  const named = Object.keys(isJsonObject(schema['properties']) ? schema['properties'] : {});
  const patterns = Object.keys(isJsonObject(schema['patternProperties']) ? schema['patternProperties'] : {});
  const extra = Object.entries(value).filter(([name]) => {
    return !named.includes(name) && !patterns.some((pattern) => matches(pattern, name));
  });
  if (wanted !== false) return extra.flatMap((entry) => stepDown(keyword, wanted, entry));
  if (extra.length === 0) return [];
  const names = extra.map(([name]) => shown(name)).join(', ');
  if (patterns.length > 0) {
    const verb = extra.length === 1 ? 'does' : 'do';
    return refused(keyword, `${names} ${verb} not match any of the regexes: ${patterns.map(shown).join(', ')}`);
  }
  const verb = extra.length === 1 ? 'was' : 'were';
  return refused(keyword, `Additional properties are not allowed (${names} ${verb} unexpected)`);
};

/** Told at the property that is missing, where a form has its field. */
const required: Judge = ({ wanted, value, at }) => {
  if (!isJsonList(wanted) || !isJsonObject(value)) return [];
  return wanted.flatMap((name) => {
    if (typeof name !== 'string' || Object.hasOwn(value, name)) return [];
    return [{ path: [...at.path, name], message: `${shown(name)} is a required property` }];
  });
};

const items: Judge = (keyword) => {
  const { schema, wanted, value } = keyword;
  if (!isJsonList(value)) return [];
  const prefix = isJsonList(schema['prefixItems']) ? schema['prefixItems'].length : 0;
  return value.slice(prefix).flatMap((entry, at) => stepDown(keyword, wanted, [at + prefix, entry]));
};

const prefixItems: Judge = (keyword) => {
  const { wanted, value } = keyword;
  if (!isJsonList(value) || !isJsonList(wanted)) return [];
  return wanted.flatMap((schema, at) => {
    const entry = value[at];
    return entry === undefined ? [] : stepDown(keyword, schema, [at, entry]);
  });
};

const contains: Judge = (keyword) => {
  const { schema, wanted, value, at, visit } = keyword;
  if (!isJsonList(value)) return [];
  const count = value.filter((entry) => visit(wanted, entry, at).length === 0).length;
  const [least, most] = [schema['minContains'] ?? 1, schema['maxContains']];
  if (typeof most === 'number' && count > most) {
    return refused(keyword, `Too many items match the given schema (expected at most ${most})`);
  }
  if (typeof least !== 'number' || count >= least) return [];
  if (count === 0) return refused(keyword, `${shown(value)} does not contain items matching the given schema`);
  return refused(
    keyword,
    `Too few items match the given schema (expected at least ${least} but only ${count} matched)`,
  );
};

function fittingOf({ wanted, value, at, visit }: Keyword): readonly Json[] {
  return isJsonList(wanted) ? wanted.filter((schema) => visit(schema, value, at).length === 0) : [];
}

const anyOf: Judge = (keyword) => {
  if (!isJsonList(keyword.wanted) || fittingOf(keyword).length > 0) return [];
  return refused(keyword, `${shown(keyword.value)} is not valid under any of the given schemas`);
};

const oneOf: Judge = (keyword) => {
  if (!isJsonList(keyword.wanted)) return [];
  const fitting = fittingOf(keyword);
  if (fitting.length === 1) return [];
  if (fitting.length === 0) {
    return refused(keyword, `${shown(keyword.value)} is not valid under any of the given schemas`);
  }
  return refused(keyword, `${shown(keyword.value)} is valid under each of ${fitting.map(shown).join(', ')}`);
};

const condition: Judge = (keyword) => {
  const { schema, wanted, value, at, visit } = keyword;
  const branch = visit(wanted, value, at).length === 0 ? schema['then'] : schema['else'];
  return branch === undefined ? [] : visit(branch, value, at);
};

const dependentRequired: Judge = (keyword) => {
  const { wanted, value } = keyword;
  if (!isJsonObject(wanted) || !isJsonObject(value)) return [];
  return Object.entries(wanted).flatMap(([name, needed]) => {
    if (!Object.hasOwn(value, name) || !isJsonList(needed)) return [];
    const absent = needed.filter((other) => typeof other === 'string' && !Object.hasOwn(value, other));
    return absent.flatMap((other) => refused(keyword, `${shown(other)} is a dependency of ${shown(name)}`));
  });
};

const dependentSchemas: Judge = ({ wanted, value, at, visit }) => {
  if (!isJsonObject(wanted) || !isJsonObject(value)) return [];
  return Object.entries(wanted).flatMap(([name, schema]) =>
    Object.hasOwn(value, name) ? visit(schema, value, at) : [],
  );
};

const type: Judge = (keyword) => {
  const types = [keyword.wanted].flat();
  if (types.some((one) => isType(one, keyword.value))) return [];
  return refused(keyword, `${shown(keyword.value)} is not of type ${types.map(shown).join(', ')}`);
};

const uniqueItems: Judge = (keyword) => {
  const { wanted, value } = keyword;
  if (wanted !== true || !isJsonList(value) || new Set(value.map(canonical)).size === value.length) return [];
  return refused(keyword, `${shown(value)} has non-unique elements`);
};

const textJudge =
  (fits: (text: string, wanted: string) => boolean, words: string): Judge =>
  (keyword) => {
    const { value, wanted } = keyword;
    if (typeof value !== 'string' || typeof wanted !== 'string' || fits(value, wanted)) return [];
    return refused(keyword, `${shown(value)} ${words} ${shown(wanted)}`);
  };

export const keywords: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['type', type],
  [
    'enum',
    (keyword) => {
      const { wanted, value } = keyword;
      if (!isJsonList(wanted) || wanted.some((one) => isEqual(one, value))) return [];
      return refused(keyword, `${shown(value)} is not one of ${shown(wanted)}`);
    },
  ],
  [
    'const',
    (keyword) =>
      isEqual(keyword.wanted, keyword.value) ? [] : refused(keyword, `${shown(keyword.wanted)} was expected`),
  ],
  ['minimum', bound((value, limit) => value >= limit, 'less than the minimum')],
  ['maximum', bound((value, limit) => value <= limit, 'greater than the maximum')],
  ['exclusiveMinimum', bound((value, limit) => value > limit, 'less than or equal to the minimum')],
  ['exclusiveMaximum', bound((value, limit) => value < limit, 'greater than or equal to the maximum')],
  ['multipleOf', bound((value, step) => step === 0 || Number.isInteger(value / step), 'not a multiple')],
  ['minLength', atLeast({ of: lengthOf, words: [1, 'should be non-empty', 'is too short'] })],
  ['maxLength', atMost({ of: lengthOf, words: [0, 'is expected to be empty', 'is too long'] })],
  ['minItems', atLeast({ of: countOf, words: [1, 'should be non-empty', 'is too short'] })],
  ['maxItems', atMost({ of: countOf, words: [0, 'is expected to be empty', 'is too long'] })],
  ['minProperties', atLeast({ of: keysOf, words: [1, 'should be non-empty', 'does not have enough properties'] })],
  ['maxProperties', atMost({ of: keysOf, words: [0, 'is expected to be empty', 'has too many properties'] })],
  ['uniqueItems', uniqueItems],
  ['pattern', textJudge((text, pattern) => matches(pattern, text), 'does not match')],
  ['format', textJudge(hasFormat, 'is not a')],
  ['properties', properties],
  ['patternProperties', patternProperties],
  ['additionalProperties', additionalProperties],
  [
    'propertyNames',
    ({ wanted, value, at, visit }) =>
      isJsonObject(value) ? Object.keys(value).flatMap((name) => visit(wanted, name, at)) : [],
  ],
  ['required', required],
  ['items', items],
  ['prefixItems', prefixItems],
  ['contains', contains],
  [
    'allOf',
    ({ wanted, value, at, visit }) => (isJsonList(wanted) ? wanted.flatMap((schema) => visit(schema, value, at)) : []),
  ],
  ['anyOf', anyOf],
  ['oneOf', oneOf],
  [
    'not',
    (keyword) => {
      const { wanted, value, at, visit } = keyword;
      if (visit(wanted, value, at).length > 0) return [];
      return refused(keyword, `${shown(value)} should not be valid under ${shown(wanted)}`);
    },
  ],
  ['if', condition],
  ['dependentRequired', dependentRequired],
  ['dependentSchemas', dependentSchemas],
]);
