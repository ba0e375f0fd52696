// The checksum of a block schema, as Prefect's client computes it over the fields of a block class.
// Words count: a schema with another description is another schema. Secret fields and other blocks' definitions do not.
import type { Sha256 } from '../identity.ts';
import { isRawObject, pythonJson, type RawJson, type RawObject, rawField } from './raw-json.ts';

const noDefinitions: RawObject = {};

/** `sha256:<hex>` */
export function blockChecksum(sha256: Sha256, fields: RawObject): string {
  const known = withoutSecretFields(fields);
  const definitions = definitionsOf(known);
  const counted = definitions === undefined ? known : withDefinitions(known, ownDefinitions(known, definitions));
  return `sha256:${sha256(pythonJson([[counted], {}]))}`;
}

/** The definitions of a schema; undefined when it has none. */
export function definitionsOf(fields: RawObject): RawObject | undefined {
  const definitions = rawField(fields, 'definitions');
  return isRawObject(definitions) && Object.keys(definitions).length > 0 ? definitions : undefined;
}

/** The fields with these definitions in place of theirs; none at all rather than an empty object. */
export function withDefinitions(fields: RawObject, definitions: RawObject): RawObject {
  const { definitions: _old, ...rest } = fields;
  return Object.keys(definitions).length === 0 ? rest : { ...rest, definitions };
}

/** The definitions that the object refers to, directly or not, and that are no blocks. */
export function ownDefinitions(object: RawObject, definitions: RawObject): RawObject {
  const found = new Map<string, RawObject>();
  const visit = (value: RawJson): void => {
    for (const reference of referencesIn(value)) {
      const name = reference.replaceAll('#/definitions/', '');
      const definition = rawField(definitions, name) ?? null;
      if (found.has(name) || !isPlainDefinition(definition)) continue;
      found.set(name, definition);
      visit(definition);
    }
  };
  visit(object);
  return found.size === 0 ? noDefinitions : Object.fromEntries(found);
}

function isPlainDefinition(definition: RawJson): definition is RawObject {
  if (!isRawObject(definition) || Object.keys(definition).length === 0) return false;
  return (rawField(definition, 'block_type_slug') ?? null) === null;
}

/** Every `$ref` anywhere in a value. */
export function referencesIn(value: RawJson): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRawObject(value)) return [];
  const own = rawField(value, '$ref');
  const below = Object.values(value).flatMap(referencesIn);
  return typeof own === 'string' && own !== '' ? [own, ...below] : below;
}

/** At any depth of objects; what stands in lists is kept, as Prefect keeps it. */
function withoutSecretFields(object: RawObject): RawObject {
  const kept = Object.entries(object).filter(([key]) => key !== 'secret_fields');
  return Object.fromEntries(kept.map(([key, value]) => [key, isRawObject(value) ? withoutSecretFields(value) : value]));
}
