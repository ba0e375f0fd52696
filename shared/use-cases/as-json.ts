// A parsed value as JSON: what is undefined is left out, so that it can be kept and read back.
import type { JsonObject } from '../domain/json.ts';

export function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
