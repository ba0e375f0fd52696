// Reads the fields of a block's data. Blocks are written by clients: what is not of the wanted kind counts as missing.
import type { Json, JsonObject } from '../json.ts';
import { isJsonList, isJsonObject } from '../template/json-value.ts';

export function textField(data: JsonObject, name: string): string | undefined {
  const value = data[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function textsField(data: JsonObject, name: string): readonly string[] {
  const value = data[name];
  return isJsonList(value) ? value.filter((entry): entry is string => typeof entry === 'string' && entry !== '') : [];
}

export function flagField(data: JsonObject, name: string, standard: boolean): boolean {
  const value = data[name];
  return typeof value === 'boolean' ? value : standard;
}

export function numberField(data: JsonObject, name: string, standard: number): number {
  const value = data[name];
  return typeof value === 'number' ? value : standard;
}

export function objectField(data: JsonObject, name: string): JsonObject {
  const value = data[name];
  return isJsonObject(value) ? value : {};
}

/** An object of texts: anything else in it becomes text, null is left out. */
export function textMap(value: Json | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  const entries = Object.entries(value).flatMap(([key, entry]): [string, string][] =>
    entry === null ? [] : [[key, typeof entry === 'string' ? entry : JSON.stringify(entry)]],
  );
  return Object.fromEntries(entries);
}
