// Whether a schema is one: judged by the schema of schemas of draft 2020-12.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../json.ts';

let judge: Ajv2020 | undefined;

/** What is wrong with the schema, or undefined. */
export function schemaMistake(schema: JsonObject): string | undefined {
  judge ??= new Ajv2020({ strict: false, validateFormats: false, logger: false });
  const { $schema: _dialect, ...rest } = schema;
  if (judge.validateSchema(rest) === true) return undefined;
  const [error] = judge.errors ?? [];
  const place = error?.instancePath === '' || error === undefined ? 'the schema' : error.instancePath.slice(1);
  return `${place} ${error?.message ?? 'is no JSON schema'}`;
}
