// Renders a pool's base job template for a run, exactly as Prefect's workers do (BaseJobConfiguration, 3.8).
// Two steps, because domain does no I/O: say what the template refers to, then render with these facts loaded.
import type { Json, JsonObject } from '../json.ts';
import { nestDottedKeys, templateDefaults } from './job-variables.ts';
import { fieldOf, isJsonObject, kindOf, textOf, withoutKeys } from './json-value.ts';
import { blockReferenceOf, variableNameOf } from './placeholder.ts';
import { pythonText } from './python-text.ts';
import {
  applyToObject,
  applyValues,
  type BlockData,
  collectReferences,
  type Refuse,
  resolveBlocks,
  resolveVariables,
} from './substitution.ts';

export type TemplateReferences = {
  /** Names of Prefect variables. */
  readonly variables: readonly string[];
  readonly blocks: readonly { readonly type: string; readonly name: string }[];
  /** Ids from `{"$ref": {"block_document_id": …}}`. */
  readonly blockIds: readonly string[];
};

export type RenderOptions = {
  /** What `{{ $NAME }}` may see; nothing unless told: the control plane's own environment is nobody's business. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Keys of the job configuration whose blocks and variables stay unresolved, because nobody will read them. */
  readonly unresolved?: readonly string[];
};

export type RenderInput = RenderOptions & {
  readonly template: JsonObject;
  /** Merged job variables of deployment and run, template defaults not yet applied. */
  readonly values: JsonObject;
  /** Values of the Prefect variables that exist, by name. */
  readonly variables: JsonObject;
  /** The data of a block document, undefined when there is none. */
  readonly blocks: (type: string, name: string) => Json | undefined;
  readonly blockById?: (id: string) => Json | undefined;
  /** `{flow, flow_run}` in Prefect's wire form: the only thing that reads it is `name`, as with Prefect. */
  readonly ctx?: JsonObject;
};

export type RenderResult =
  | { readonly ok: true; readonly configuration: JsonObject }
  | { readonly ok: false; readonly problem: string };

const noBlocks: BlockData = { byName: () => null, byId: () => null };

/**
 * What must be loaded before the template can be rendered. Block data may itself mention variables: when blocks are
 * referred to, ask again with them loaded. A template that cannot be rendered refers to nothing; rendering says why.
 */
export function templateReferences(
  template: JsonObject,
  values: JsonObject,
  options: RenderOptions & { readonly blocks?: BlockData } = {},
): TemplateReferences {
  const populated = populate(template, values, options);
  if (!populated.ok) return { variables: [], blocks: [], blockIds: [] };
  const read = withoutKeys(populated.configuration, options.unresolved ?? []);
  const direct = collectReferences(read);
  const resolved = options.blocks === undefined ? [] : collectReferences(withBlocks(read, options.blocks)).placeholders;

  const variables = [...direct.placeholders, ...resolved].filter(({ kind }) => kind === 'variable').map(variableNameOf);
  const blocks = new Map<string, { type: string; name: string }>();
  for (const placeholder of direct.placeholders) {
    const reference = placeholder.kind === 'block' ? blockReferenceOf(placeholder) : undefined;
    if (reference !== undefined) {
      blocks.set(`${reference.type}.${reference.name}`, { type: reference.type, name: reference.name });
    }
  }
  return {
    variables: [...new Set(variables)],
    blocks: [...blocks.values()],
    blockIds: [...new Set(direct.blockIds)],
  };
}

function withBlocks(configuration: JsonObject, blocks: BlockData): Json {
  const lenient: BlockData = {
    byName: (type, name) => blocks.byName(type, name) ?? noBlocks.byName(type, name),
    byId: (id) => blocks.byId(id) ?? noBlocks.byId(id),
  };
  return resolveBlocks(configuration, lenient, () => undefined);
}

/**
 * The job configuration of a run. `command`, `env`, `labels` and `name` are always there (null or empty when unset),
 * `env` holds text or null, everything else is as the template has it.
 */
export function renderJobConfiguration(input: RenderInput): RenderResult {
  const populated = populate(input.template, input.values, input);
  if (!populated.ok) return populated;
  const kept = input.unresolved ?? [];
  const problems: string[] = [];
  const refuse = (problem: string) => void problems.push(problem);

  const blocks: BlockData = { byName: input.blocks, byId: input.blockById ?? (() => undefined) };
  const withBlockData = resolveBlocks(withoutKeys(populated.configuration, kept), blocks, refuse);
  const resolved = resolveVariables(withBlockData, input.variables);
  const unread = Object.entries(populated.configuration).filter(([key]) => kept.includes(key));
  const whole = isJsonObject(resolved) ? { ...resolved, ...Object.fromEntries(unread) } : {};
  const configuration = withName(checkedBase(whole, refuse), input);

  const [problem] = problems;
  return problem === undefined ? { ok: true, configuration } : { ok: false, problem };
}

/**
 * The first pass alone: job variables are in, blocks and variables are still placeholders.
 * What can be judged without loading anything (a size, a launch type) is judged on this.
 */
export function populate(template: JsonObject, values: JsonObject, options: RenderOptions = {}): RenderResult {
  const problems: string[] = [];
  const refuse = (problem: string) => void problems.push(problem);
  const base = fieldOf(template, 'job_configuration');
  if (!isJsonObject(base)) refuse(`the template's job_configuration must be an object, got ${kindOf(base)}`);

  const defaults = templateDefaults(template, refuse);
  const variables = { ...defaults, ...nestDottedKeys(values, refuse) };
  const configuration = withEnv(isJsonObject(base) ? base : {}, { defaults, variables, refuse });
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, problem };
  const given = { values: variables, environment: options.environment ?? {} };
  return { ok: true, configuration: applyToObject(configuration, given) };
}

type EnvSources = { readonly defaults: JsonObject; readonly variables: JsonObject; readonly refuse: Refuse };

/** The template's own `env`, then the default `env`, then the given one. Placeholders in it are replaced afterwards. */
function withEnv(base: JsonObject, { defaults, variables, refuse }: EnvSources): JsonObject {
  const own = fieldOf(base, 'env');
  const standard = fieldOf(defaults, 'env');
  const given = fieldOf(variables, 'env');

  const first = isEmpty(standard) ? own : isJsonObject(own) ? joinedEnv(own, standard, refuse) : standard;
  if (first === undefined) return base;
  const second = isJsonObject(first) && !isEmpty(given) ? joinedEnv(first, given, refuse) : first;
  return { ...base, env: second };
}

function joinedEnv(env: JsonObject, more: Json | undefined, refuse: Refuse): JsonObject {
  if (isJsonObject(more)) return { ...env, ...more };
  refuse(`env must be an object of names and values, got ${kindOf(more)}`);
  return env;
}

/** Python's idea of an empty value. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The four fields that every kind of worker checks. */
function checkedBase(configuration: JsonObject, refuse: Refuse): JsonObject {
  return {
    ...configuration,
    command: textOrNull(configuration, 'command', refuse) || null,
    env: checkedEnv(fieldOf(configuration, 'env'), refuse),
    labels: checkedLabels(fieldOf(configuration, 'labels'), refuse),
    name: textOrNull(configuration, 'name', refuse),
  };
}

function textOrNull(configuration: JsonObject, key: string, refuse: Refuse): string | null {
  const value = fieldOf(configuration, key);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  refuse(`${key} must be text or null, got ${kindOf(value)}`);
  return null;
}

function checkedEnv(env: Json | undefined, refuse: Refuse): JsonObject {
  if (env === undefined) return {};
  if (!isJsonObject(env)) {
    refuse(`env must be an object of names and values, got ${kindOf(env)}`);
    return {};
  }
  const texts = Object.entries(env).map(([key, value]) => [key, value === null ? null : pythonText(value)]);
  return Object.fromEntries(texts);
}

function checkedLabels(labels: Json | undefined, refuse: Refuse): JsonObject {
  if (labels === undefined) return {};
  if (!isJsonObject(labels)) {
    refuse(`labels must be an object of names and texts, got ${kindOf(labels)}`);
    return {};
  }
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== 'string') refuse(`the label ${key} must be text, got ${kindOf(value)}`);
  }
  return labels;
}

/** `name` may speak of the flow and the run; without one the run's own name is used. */
function withName(configuration: JsonObject, input: RenderInput): JsonObject {
  if (input.ctx === undefined) return configuration;
  const given = { values: { ctx: input.ctx }, environment: input.environment ?? {} };
  const name = fieldOf(configuration, 'name');
  const rendered = isEmpty(name) ? undefined : applyValues(name ?? null, given);
  const chosen = rendered === undefined ? name : rendered;
  const ownName = textOf(fieldOf(input.ctx, 'flow_run'), 'name') ?? null;
  return { ...configuration, name: isEmpty(chosen) ? ownName : (chosen ?? null) };
}
