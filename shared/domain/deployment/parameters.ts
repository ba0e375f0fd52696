// Whether parameters fit the schema that a deployment got from its flow's signature.
// Reads the schema as Prefect's server does: draft 2020-12, formats not checked, old pydantic's optional fields nullable.
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, listOf, withoutKeys } from '../template/json-value.ts';

export type ParameterCheckOptions = {
  /** A deployment need not have every required parameter, a run must. @default true */
  readonly required?: boolean;
};

/** Every problem as a sentence that names its field; none when the parameters fit. */
export function checkParameters(
  schema: JsonObject,
  parameters: JsonObject,
  { required = true }: ParameterCheckOptions = {},
): readonly string[] {
  const check = compiled(required ? schema : withoutRequired(schema));
  if (typeof check === 'string') return [check];
  try {
    return check(parameters) ? [] : (check.errors ?? []).map(sentence);
  } catch (error) {
    return [`the parameter schema cannot be applied: ${String(error)}`];
  }
}

/** Why a schema cannot be used, or undefined. */
export function schemaProblem(schema: JsonObject): string | undefined {
  const check = compiled(schema);
  return typeof check === 'string' ? check : undefined;
}

/** Compiling costs milliseconds and a deployment is triggered often: the last schemas stay compiled. */
const kept = new Map<string, ValidateFunction | string>();
const mostKept = 100;

function compiled(schema: JsonObject): ValidateFunction | string {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const fresh = compile(schema);
  const [oldest] = kept.keys();
  if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
  kept.set(text, fresh);
  return fresh;
}

const settings = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  unicodeRegExp: false,
  logger: false,
} as const;

function compile(schema: JsonObject): ValidateFunction | string {
  try {
    return new Ajv2020(settings).compile(prepared(withoutKeys(schema, ['$schema', '$id'])));
  } catch (error) {
    return `the parameter schema is not a usable JSON schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function sentence(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const problem = error.message?.replace(/^(must be \w+),null$/, '$1 or null') ?? 'does not fit the schema';
  return path === '' ? `parameters ${problem}` : `'${path}' ${problem}`;
}

function prepared(schema: JsonObject): JsonObject {
  const entries = Object.entries(preparedProperties(schema)).map(([key, value]): [string, Json] => {
    if (key !== 'definitions' || !isJsonObject(value)) return [key, value];
    const definitions = Object.entries(value).map(([name, definition]): [string, Json] => [
      name,
      isJsonObject(definition) ? preparedProperties(definition) : definition,
    ]);
    return [key, Object.fromEntries(definitions)];
  });
  return Object.fromEntries(entries);
}

function preparedProperties(schema: JsonObject): JsonObject {
  const properties = fieldOf(schema, 'properties');
  if (!isJsonObject(properties)) return schema;
  const required = listOf(schema, 'required');
  const entries = Object.entries(properties).map(([name, property]): [string, Json] => [
    name,
    isJsonObject(property) ? preparedProperty(property, required.includes(name)) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(entries) };
}

function preparedProperty(property: JsonObject, isRequired: boolean): JsonObject {
  const type = fieldOf(property, 'type');
  const isFixed = isRequired || type === undefined || type === 'null' || fieldOf(property, 'default') !== undefined;
  const nullable = isFixed ? property : { ...property, type: [type, 'null'].flat() };
  const items = fieldOf(nullable, 'items');
  const isTuple = isJsonList(items) && items.length > 0 && listOf(nullable, 'prefixItems').length === 0;
  return preparedProperties(isTuple ? { ...withoutKeys(nullable, ['items']), prefixItems: items } : nullable);
}

function withoutRequired(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).filter(([key]) => key !== 'required');
  return Object.fromEntries(entries.map(([key, value]) => [key, isJsonObject(value) ? withoutRequired(value) : value]));
}
