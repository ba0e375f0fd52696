// What of a block's data is secret by its schema, and what callers see of it.
// A path such as `headers.*` means every value below; a secret that is an object is hidden as a whole.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject } from '../template/json-value.ts';

/** What stands in place of a secret. */
const mask = '********';

type Path = readonly string[];

/** The paths that a schema declares secret. */
export function secretPaths(schemaFields: JsonObject): readonly Path[] {
  const declared = fieldOf(schemaFields, 'secret_fields');
  if (!isJsonList(declared)) return [];
  return declared.flatMap((entry) => (typeof entry === 'string' ? [entry.split('.')] : []));
}

/** The data with every secret hidden. Null is no secret where a path names it. */
export function maskSecrets(data: JsonObject, paths: readonly Path[]): JsonObject {
  return paths.reduce((masked, path) => rewritten(masked, path, () => mask), data);
}

/**
 * An update of all fields often sends back what was read: where it holds the mask, it means the value that is there.
 *
 * @param update the data that was sent
 */
export function restoreSecrets(update: JsonObject, current: JsonObject, paths: readonly Path[]): JsonObject {
  const restore = (sent: Json, at: Path) => (sent === mask ? (valueAt(current, at) ?? sent) : sent);
  return paths.reduce((restored, path) => rewritten(restored, path, restore), update);
}

type Rewrite = (value: Json, at: Path) => Json;

/** Copies the data, with each value that the path means replaced. */
function rewritten(data: JsonObject, path: Path, rewrite: Rewrite): JsonObject {
  const wildcard = path.indexOf('*');
  if (wildcard === -1) return rewrittenAt(data, { at: [], path }, (value, at) => plain(value, at, rewrite));
  const prefix = path.slice(0, wildcard);
  if (prefix.length === 0) return rewrittenEntries(data, [], (value, at) => everyLeaf(value, at, rewrite));
  return rewrittenAt(data, { at: [], path: prefix }, (value, at) => everyLeaf(value, at, rewrite));
}

function plain(value: Json, at: Path, rewrite: Rewrite): Json {
  return value === null ? null : rewrite(value, at);
}

function everyLeaf(value: Json, at: Path, rewrite: Rewrite): Json {
  const isBranch = isJsonObject(value) && Object.keys(value).length > 0;
  return isBranch
    ? rewrittenEntries(value, at, (entry, below) => everyLeaf(entry, below, rewrite))
    : rewrite(value, at);
}

function rewrittenEntries(object: JsonObject, at: Path, rewrite: Rewrite): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, rewrite(value, [...at, key])]));
}

function rewrittenAt(object: JsonObject, { at, path }: { at: Path; path: Path }, rewrite: Rewrite): JsonObject {
  const [key = '', ...rest] = path;
  const value = fieldOf(object, key);
  if (value === undefined) return object;
  const here = [...at, key];
  if (rest.length === 0) return { ...object, [key]: rewrite(value, here) };
  return isJsonObject(value) ? { ...object, [key]: rewrittenAt(value, { at: here, path: rest }, rewrite) } : object;
}

function valueAt(data: JsonObject, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => fieldOf(value, key), data);
}
