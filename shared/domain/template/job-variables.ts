// Job variables: how a deployment's and a run's are merged, and how they meet the template's defaults.
// Later wins; only `env` is merged key by key. Follows Prefect's BaseJobConfiguration (workers/base.py, 3.8).
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, kindOf, withoutKeys } from './json-value.ts';
import type { Refuse } from './substitution.ts';

/** The run's job variables over the deployment's. A run's `env` of null leaves the deployment's as it is. */
export function mergeJobVariables(deployment: JsonObject, run: JsonObject): JsonObject {
  const deploymentEnv = fieldOf(deployment, 'env');
  const runEnv = fieldOf(run, 'env');
  if (!isJsonObject(deploymentEnv)) return { ...deployment, ...run };
  if (runEnv === undefined || runEnv === null) return { ...deployment, ...withoutKeys(run, ['env']) };
  return { ...deployment, ...run, env: isJsonObject(runEnv) ? { ...deploymentEnv, ...runEnv } : runEnv };
}

/** The defaults that a template's variables schema declares; a default of null counts as none. */
export function templateDefaults(template: JsonObject, refuse: Refuse): JsonObject {
  const schema = fieldOf(template, 'variables');
  if (!isJsonObject(schema)) {
    refuse(`the template's variables must be a JSON schema, got ${kindOf(schema)}`);
    return {};
  }
  const properties = fieldOf(schema, 'properties') ?? (Object.hasOwn(schema, 'properties') ? null : {});
  if (!isJsonObject(properties)) {
    refuse(`the properties of the template's variables must be an object, got ${kindOf(properties)}`);
    return {};
  }
  const defaults: [string, Json][] = [];
  for (const [name, property] of Object.entries(properties)) {
    const value = defaultOf(name, property, refuse);
    if (value !== undefined && value !== null) defaults.push([name, value]);
  }
  return Object.fromEntries(defaults);
}

function defaultOf(name: string, property: Json, refuse: Refuse): Json | undefined {
  if (isJsonObject(property)) return fieldOf(property, 'default');
  const holdsNothing = isJsonList(property) ? !property.includes('default') : property === '';
  if (!holdsNothing) refuse(`the variable ${name} must be described by a JSON schema, got ${kindOf(property)}`);
  return undefined;
}

/** `{'env.A': 1, env: {B: 2}}` becomes `{env: {A: 1, B: 2}}`; where both say something, the nested form wins. */
export function nestDottedKeys(values: JsonObject, refuse: Refuse): JsonObject {
  const entries = Object.entries(values);
  let nested: JsonObject = {};
  for (const [key, value] of entries) {
    if (key.includes('.')) nested = setAtPath(nested, pathOf(key), { value, refuse });
  }
  for (const [key, value] of entries) {
    if (key.includes('.')) continue;
    const before = fieldOf(nested, key);
    nested = { ...nested, [key]: isJsonObject(before) && isJsonObject(value) ? mergeDeeply(before, value) : value };
  }
  return nested;
}

function pathOf(key: string): readonly string[] {
  return key.replaceAll('[', '.').replaceAll(']', '').split('.');
}

type Placed = { readonly value: Json; readonly refuse: Refuse };

function setAtPath(object: JsonObject, [key = '', ...rest]: readonly string[], placed: Placed): JsonObject {
  if (rest.length === 0) return { ...object, [key]: placed.value };
  const below = fieldOf(object, key) ?? (Object.hasOwn(object, key) ? null : {});
  if (isJsonObject(below)) return { ...object, [key]: setAtPath(below, rest, placed) };
  placed.refuse(`the job variable ${key} is set as ${kindOf(below)} and by a dotted key below it: use one of the two`);
  return object;
}

function mergeDeeply(before: JsonObject, after: JsonObject): JsonObject {
  const merged = Object.entries(after).map(([key, value]): [string, Json] => {
    const old = fieldOf(before, key);
    return [key, isJsonObject(old) && isJsonObject(value) ? mergeDeeply(old, value) : value];
  });
  return { ...before, ...Object.fromEntries(merged) };
}
