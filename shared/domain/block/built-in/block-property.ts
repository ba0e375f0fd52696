// The kinds of property that schemas of Prefect's own blocks are made of, as pydantic writes them.
// `position` is the property's place in the form; it follows from the order here.
import type { Json, JsonObject } from '../../json.ts';

type Words = { readonly title: string; readonly description: string; readonly examples?: readonly Json[] };

export function text(words: Words, more: JsonObject = {}): JsonObject {
  return { ...more, ...words, type: 'string' };
}

export function secretText(words: Words): JsonObject {
  return { ...words, type: 'string', format: 'password', writeOnly: true };
}

const hiddenText: JsonObject = { type: 'string', format: 'password', writeOnly: true };
export const textList: JsonObject = { type: 'array', items: { type: 'string' } };
export const textMap: JsonObject = { type: 'object', additionalProperties: { type: 'string' } };

/** One of these or null, null unless given. */
export function optional(kinds: readonly JsonObject[], words: Words, standard: Json = null): JsonObject {
  return { ...words, anyOf: [...kinds, { type: 'null' }], default: standard };
}

export function optionalText(words: Words, standard: Json = null): JsonObject {
  return optional([{ type: 'string' }], words, standard);
}

export function optionalSecret(words: Words): JsonObject {
  return optional([hiddenText], words);
}

export function choice(options: readonly string[], standard: string, words: Words): JsonObject {
  return { ...words, type: 'string', enum: options, default: standard };
}

export function flag(standard: boolean, words: Words): JsonObject {
  return { ...words, type: 'boolean', default: standard };
}

export function number(type: 'integer' | 'number', standard: number, words: Words): JsonObject {
  return { ...words, type, default: standard };
}

export function object(words: Words): JsonObject {
  return { ...words, type: 'object' };
}

export type BuiltInBlock = {
  readonly slug: string;
  readonly name: string;
  readonly logo: string;
  readonly documentation: string;
  readonly description: string;
  /** The class and where Prefect's client imports it from. */
  readonly importedFrom: string;
  readonly className: string;
  /**
   * What Prefect's client computes over its own wording of the schema. Clients ask by it, so it stands here as a fact:
   * our wording has another one, and nobody asks for that.
   */
  readonly checksum: string;
  readonly capabilities: readonly string[];
  readonly isProtected: boolean;
  readonly fields: JsonObject;
};

type SchemaParts = {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required?: readonly string[];
  readonly secretFields: readonly string[];
};

/** The fields of a block's schema. */
export function blockFields(parts: SchemaParts): JsonObject {
  const placed = Object.entries(parts.properties).map(([key, property], position) => {
    return [key, { ...property, position }] as const;
  });
  return {
    block_type_slug: parts.slug,
    description: parts.description,
    properties: Object.fromEntries(placed),
    ...(parts.required === undefined ? {} : { required: parts.required }),
    secret_fields: parts.secretFields,
    title: parts.title,
    type: 'object',
    block_schema_references: {},
  };
}
