// How a value becomes an item: index attributes at the top, the value itself as JSON text in `doc`.
// JSON text keeps numbers and empty keys as they were sent, and costs fewer bytes than DynamoDB's maps.
import { format, type Key } from './table.ts';

export type Item = Record<string, unknown>;

/** Writes a value as an item; `top` holds what indexes and conditions need. Undefined entries are left out. */
export function toItem(key: Key, value: object, top: Item = {}): Item {
  return { ...top, ...key, format, doc: JSON.stringify(value) };
}

/** Reads back what `toItem` wrote. The type is the caller's promise about the key it asked for. */
export function fromItem<T>(item: Item): T {
  const doc = item['doc'];
  if (typeof doc !== 'string') throw new Error(`item ${String(item['pk'])} ${String(item['sk'])} has no document`);
  return JSON.parse(doc) as T;
}
