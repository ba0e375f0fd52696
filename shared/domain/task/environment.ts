// The environment of a run's container: ours first, the pool's and the user's after it, null removes.
// Ours for good are PREFECT__FLOW_RUN_ID, the secret PREFECT_API_AUTH_STRING, and our keys of the custom headers.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, kindOf } from '../template/json-value.ts';
import { pythonText } from '../template/python-text.ts';
import type { RunIdentity, TaskDefaults } from './task-input.ts';

export const authStringName = 'PREFECT_API_AUTH_STRING';
const customHeadersName = 'PREFECT_CLIENT_CUSTOM_HEADERS';
const runIdName = 'PREFECT__FLOW_RUN_ID';
const sigtermName = 'PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR';

/** Headers that fence an attempt (design rule 5): Prefect's client sends them with every request and socket upgrade. */
export const runHeader = 'X-Slipway-Run';
export const attemptHeader = 'X-Slipway-Attempt';

export type EnvironmentEntry = { readonly name: string; readonly value: string };

export type EnvironmentResult =
  | { readonly ok: true; readonly entries: readonly EnvironmentEntry[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** What the user says, weakest first: the template's own container override, then the configuration's `env`. */
export type UserEnvironment = { readonly ofTemplate: Json | undefined; readonly env: JsonObject };

export function environmentOf(defaults: TaskDefaults, run: RunIdentity, user: UserEnvironment): EnvironmentResult {
  const given = { ...environmentObject(user.ofTemplate), ...user.env };
  const headers = customHeaders(fieldOf(given, customHeadersName), run);
  if (!headers.ok) return headers;

  const warnings: string[] = [];
  if (hasText(given, authStringName)) {
    warnings.push(`${authStringName} is set by the stack as a secret: the one in env is left out`);
  }
  if (fieldOf(given, sigtermName) === 'reschedule') {
    warnings.push(`${sigtermName}=reschedule makes a stopped task schedule its run a second time: use relinquish`);
  }
  const merged = {
    ...standardEnvironment(defaults, run),
    ...given,
    [runIdName]: run.runId,
    [customHeadersName]: headers.text,
    [authStringName]: null,
  };
  const entries = Object.entries(merged).flatMap(([name, value]) =>
    value === null ? [] : [{ name, value: pythonText(value) }],
  );
  return { ok: true, entries, warnings };
}

function standardEnvironment(defaults: TaskDefaults, run: RunIdentity): JsonObject {
  return {
    PREFECT_API_URL: defaults.apiUrl,
    ...(defaults.uiUrl === undefined ? {} : { PREFECT_UI_URL: defaults.uiUrl }),
    [runIdName]: run.runId,
    PREFECT__FLOW_ID: run.flow.id,
    PREFECT__FLOW_NAME: run.flow.name,
    ...(run.deployment === undefined
      ? {}
      : { PREFECT__DEPLOYMENT_ID: run.deployment.id, PREFECT__DEPLOYMENT_NAME: run.deployment.name }),
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY: '60',
    [sigtermName]: 'relinquish',
  };
}

type HeadersResult = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** One JSON object of texts, as Prefect's setting wants it; header names are the same in any case. */
function customHeaders(given: Json | undefined, run: RunIdentity): HeadersResult {
  const headers = readHeaders(given);
  if (headers === undefined) {
    const seen = typeof given === 'string' ? JSON.stringify(given.slice(0, 80)) : kindOf(given);
    return { ok: false, problem: `${customHeadersName} must be a JSON object of header names and texts, got ${seen}` };
  }
  const own = [runHeader, attemptHeader].map((name) => name.toLowerCase());
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name.toLowerCase()));
  const merged = { ...Object.fromEntries(kept), [runHeader]: run.runId, [attemptHeader]: String(run.attempt) };
  return { ok: true, text: JSON.stringify(merged) };
}

function readHeaders(given: Json | undefined): JsonObject | undefined {
  if (given === undefined || given === null || given === '') return {};
  try {
    const parsed: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    const isUsable = isJsonObject(parsed) && Object.values(parsed).every((value) => typeof value === 'string');
    return isUsable ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** An environment written as an object, or as AWS's list of names and values. */
export function environmentObject(environment: Json | undefined): JsonObject {
  if (isJsonObject(environment)) return environment;
  if (!isJsonList(environment)) return {};
  const entries = environment.filter(isJsonObject).flatMap((entry): [string, Json][] => {
    const name = fieldOf(entry, 'name');
    return typeof name === 'string' && name !== '' ? [[name, fieldOf(entry, 'value') ?? null]] : [];
  });
  return Object.fromEntries(entries);
}

function hasText(object: JsonObject, key: string): boolean {
  return typeof fieldOf(object, key) === 'string';
}
