// Looks inside JSON that users sent: objects, lists and fields, without trusting any of them to be there.
// Objects are built from entries, never by assignment, so that a key such as __proto__ stays a key.
import type { Json, JsonObject } from '../json.ts';

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object's own value of a key; undefined when the key is missing or the value is no object. */
export function fieldOf(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The field as an object, or an empty one. */
export function objectOf(value: Json | undefined, key: string): JsonObject {
  const found = fieldOf(value, key);
  return isJsonObject(found) ? found : {};
}

/** The field as a list, or an empty one. */
export function listOf(value: Json | undefined, key: string): readonly Json[] {
  const found = fieldOf(value, key);
  return isJsonList(found) ? found : [];
}

/** The field as a text of at least one character. */
export function textOf(value: Json | undefined, key: string): string | undefined {
  const found = fieldOf(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A copy of the object without these keys. */
export function withoutKeys(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** What kind of JSON a value is, for messages: `a list`, `text`, `null` … */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (isJsonList(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : 'a boolean';
}
