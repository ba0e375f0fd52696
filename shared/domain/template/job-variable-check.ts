// What Prefect's server checks when a pool, a deployment or a run is saved: the template's own shape, and job
// variables against the template's JSON schema ($ref, $defs and definitions included). Says every problem it finds.
import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonObject, kindOf, listOf, objectOf, textOf, withoutKeys } from './json-value.ts';
import { findPlaceholders } from './placeholder.ts';

/** A job variable (or another part of what was sent) and what is wrong with it. */
export type Problem = { readonly variable: string; readonly problem: string };

/** `{}` is a template too; any other needs both parts, and every placeholder must be a declared variable. */
export function checkBaseJobTemplate(template: JsonObject): readonly Problem[] {
  if (Object.keys(template).length === 0) return [];
  const configuration = objectOf(template, 'job_configuration');
  const schema = objectOf(template, 'variables');
  if (Object.keys(configuration).length === 0 || Object.keys(schema).length === 0) {
    const problem = 'a base job template needs both job_configuration and variables, neither of them empty';
    return [{ variable: 'base_job_template', problem }];
  }
  const declared = objectOf(schema, 'properties');
  const used = findPlaceholders(JSON.stringify(Object.values(configuration))).map(({ name }) => name);
  const missing = [...new Set(used)].filter((name) => !Object.hasOwn(declared, name));
  return missing.map((name) => ({
    variable: name,
    problem: `the job configuration uses {{ ${name} }}, but the variables schema declares no such property`,
  }));
}

export type JobVariableCheck = {
  readonly template: JsonObject;
  /** Merged job variables; null values are allowed for every property that is not required. */
  readonly jobVariables: JsonObject;
  /** A run must have every required variable, a pool or deployment need not. */
  readonly required: boolean;
  /** Wrong defaults are a pool's own fault: said when the pool is saved, passed over otherwise. */
  readonly defaults: 'checked' | 'passed-over';
};

/**
 * Job variables over the template's defaults, against its schema. Formats are not checked, as with Prefect, and a
 * default that refers to a block is not looked at, because its data is not known here.
 */
export function checkJobVariables(check: JobVariableCheck): readonly Problem[] {
  const schema = fieldOf(check.template, 'variables');
  if (!isJsonObject(schema) || Object.keys(schema).length === 0) return [];
  const invalid = schemaProblem(schema);
  if (invalid !== undefined) return [{ variable: 'variables', problem: invalid }];

  const { usable, dropped } = usableDefaults(schema, check.defaults);
  const strict = check.required && !dropped;
  const prepared = preparedSchema(schema);
  const compiled = compileSchema(strict ? prepared : withoutRequired(prepared));
  return compiled.validate({ ...usable, ...check.jobVariables });
}

function schemaProblem(schema: JsonObject): string | undefined {
  // Prefect's server cannot read a property that is described by true or false, though JSON schema allows it.
  const odd = Object.entries(objectOf(schema, 'properties')).find(([, property]) => !isJsonObject(property));
  if (odd !== undefined) return `the variable ${odd[0]} must be described by a JSON schema, got ${kindOf(odd[1])}`;
  return compileSchema(schema).problem;
}

/** Drops defaults that their own schema refuses; then nobody can tell whether a required variable is missing. */
function usableDefaults(
  schema: JsonObject,
  defaults: JobVariableCheck['defaults'],
): { usable: JsonObject; dropped: boolean } {
  const plain = Object.entries(objectOf(schema, 'properties')).flatMap(([name, property]): [string, Json][] => {
    const value = fieldOf(property, 'default');
    const isBlock = isJsonObject(value) && Object.hasOwn(value, '$ref');
    return value === undefined || isBlock ? [] : [[name, value]];
  });
  if (defaults === 'checked') return { usable: Object.fromEntries(plain), dropped: false };
  const lenient = compileSchema(withoutRequired(schema));
  const good = plain.filter(([name, value]) => lenient.validate({ [name]: value }).length === 0);
  return { usable: Object.fromEntries(good), dropped: good.length < plain.length };
}

type Compiled = {
  /** Why the schema itself cannot be used. */
  readonly problem?: string;
  readonly validate: (values: JsonObject) => readonly Problem[];
};

const settings: Options = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  unicodeRegExp: false,
  logger: false,
  verbose: true,
};
const metaSchemas = new Ajv2020(settings);

/** Compiling takes longer than a launch, and a pool's schema is asked for at every run: the last ones are kept. */
const compiledSchemas = new Map<string, Compiled>();
const mostCompiledSchemas = 100;

function compileSchema(schema: JsonObject): Compiled {
  const key = JSON.stringify(schema);
  const known = compiledSchemas.get(key);
  if (known !== undefined) return known;
  const compiled = freshlyCompiled(schema);
  if (compiledSchemas.size >= mostCompiledSchemas) compiledSchemas.clear();
  compiledSchemas.set(key, compiled);
  return compiled;
}

function freshlyCompiled(schema: JsonObject): Compiled {
  // Prefect ignores the dialect that a schema names and reads every schema as draft 2020-12.
  const plain = withoutKeys(schema, ['$schema', '$id']);
  try {
    if (metaSchemas.validateSchema(plain) !== true) return unusable(schemaErrors(metaSchemas.errors ?? []));
    // An instance of its own: ajv keeps every schema that it has compiled.
    const validate = new Ajv2020({ ...settings, meta: false, validateSchema: false }).compile(plain);
    return { validate: (values) => runValidation(validate, values) };
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
}

function runValidation(validate: ValidateFunction, values: JsonObject): readonly Problem[] {
  try {
    return validate(values) ? [] : toProblems(validate.errors ?? []);
  } catch (error) {
    return [{ variable: 'variables', problem: `the variables schema cannot be applied: ${String(error)}` }];
  }
}

function schemaErrors(errors: readonly ErrorObject[]): string {
  return [...new Set(errors.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`))].join(', ');
}

function unusable(reason: string): Compiled {
  const problem = `the variables schema is not a usable JSON schema: ${reason}`;
  return { problem, validate: () => [{ variable: 'variables', problem }] };
}

/** One problem a variable: what its alternatives would take, and what was seen (texts unquoted: they may be secret). */
function toProblems(errors: readonly ErrorObject[]): readonly Problem[] {
  const byVariable = Map.groupBy(errors, variableOf);
  return [...byVariable].map(([variable, found]) => {
    const specific = found.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf');
    const chosen = specific.length > 0 ? specific : found;
    const wanted = [...new Set(chosen.map(wantedBy))].join(' or ');
    return { variable, problem: `${wanted}, got ${seenValue(chosen)}` };
  });
}

function variableOf(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const missing: unknown = error.params['missingProperty'];
  const parts = [path, typeof missing === 'string' ? missing : ''].filter((part) => part !== '');
  return parts.length === 0 ? 'job_variables' : parts.join('.');
}

function wantedBy(error: ErrorObject): string {
  if (error.keyword === 'required') return 'must be given';
  const allowed: unknown = error.params['allowedValues'];
  if (Array.isArray(allowed)) return `must be one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}`;
  return error.message ?? 'must fit the schema';
}

function seenValue([error]: readonly ErrorObject[]): string {
  if (error === undefined || error.keyword === 'required') return 'nothing';
  const seen: unknown = error.data;
  if (typeof seen === 'number' || typeof seen === 'boolean') return String(seen);
  if (typeof seen === 'string') return error.keyword === 'enum' ? JSON.stringify(seen.slice(0, 80)) : 'text';
  if (seen === null) return 'null';
  return Array.isArray(seen) ? 'a list' : 'an object';
}

/** The schema as Prefect's server reads it: old pydantic's optional fields and block references made valid. */
function preparedSchema(schema: JsonObject): JsonObject {
  const withProperties = preparedObject(schema);
  const definitions = fieldOf(schema, 'definitions');
  if (!isJsonObject(definitions)) return withProperties;
  const prepared: [string, Json][] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const changed = isJsonObject(definition) ? preparedObject(definition) : definition;
    prepared.push([name, changed]);
    const title = textOf(definition, 'title');
    if (title !== undefined && fieldOf(definition, 'block_type_slug') !== undefined) {
      prepared.push([title, { oneOf: [changed, blockReference] }]);
    }
  }
  return { ...withProperties, definitions: Object.fromEntries(prepared) };
}

const blockReference: JsonObject = {
  type: 'object',
  required: ['$ref'],
  properties: {
    $ref: {
      oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1 }],
    },
  },
};

function preparedObject(schema: JsonObject): JsonObject {
  const properties = fieldOf(schema, 'properties');
  if (!isJsonObject(properties)) return schema;
  const required = listOf(schema, 'required');
  const entries = Object.entries(properties).map(([name, property]): [string, Json] => {
    return [name, isJsonObject(property) ? preparedProperty(property, required.includes(name)) : property];
  });
  return { ...schema, properties: Object.fromEntries(entries) };
}

function preparedProperty(property: JsonObject, required: boolean): JsonObject {
  const type = fieldOf(property, 'type');
  if (required || type === undefined || type === 'null') return preparedObject(property);
  return preparedObject({ ...withoutKeys(property, ['type']), anyOf: [{ type }, { type: 'null' }] });
}

/** Removes `required` everywhere below objects (not below lists), as Prefect's server does. */
function withoutRequired(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).filter(([key]) => key !== 'required');
  return Object.fromEntries(entries.map(([key, value]) => [key, isJsonObject(value) ? withoutRequired(value) : value]));
}
