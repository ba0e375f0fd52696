// The three passes over a job configuration: job variables, then blocks, then variables.
// Each is a pure walk; what a pass refuses is said through `refuse` and ends the rendering.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, kindOf } from './json-value.ts';
import {
  blockReferenceOf,
  findPlaceholders,
  followPath,
  type Placeholder,
  replacePlaceholders,
  variableNameOf,
  wholePlaceholder,
} from './placeholder.ts';
import { pythonText } from './python-text.ts';

export type Refuse = (problem: string) => void;

/** The data of block documents; undefined where there is none. */
export type BlockData = {
  readonly byName: (type: string, name: string) => Json | undefined;
  readonly byId: (id: string) => Json | undefined;
};

/** Job variables, and what `{{ $NAME }}` may see. */
export type Values = { readonly values: JsonObject; readonly environment: Readonly<Record<string, string>> };

/**
 * Puts job variables into a template. A text that is exactly one placeholder becomes the value itself, and is dropped
 * from its object or list (here: undefined) when the value is unset; embedded placeholders become text, unset ones ''.
 */
export function applyValues(template: Json, given: Values): Json | undefined {
  if (typeof template === 'string') return applyToText(template, given);
  if (isJsonList(template)) {
    return template.map((entry) => applyValues(entry, given)).filter((entry) => entry !== undefined);
  }
  return isJsonObject(template) ? applyToObject(template, given) : template;
}

export function applyToObject(template: JsonObject, given: Values): JsonObject {
  const entries: [string, Json][] = [];
  for (const [key, entry] of Object.entries(template)) {
    const applied = applyValues(entry, given);
    if (applied !== undefined) entries.push([key, applied]);
  }
  return Object.fromEntries(entries);
}

function applyToText(text: string, given: Values): Json | undefined {
  const whole = wholePlaceholder(text);
  if (whole?.kind === 'value') return followPath(given.values, whole.name);
  return replacePlaceholders(text, ({ name, kind }) => {
    if (kind === 'block' || kind === 'variable') return undefined;
    const value = kind === 'value' ? followPath(given.values, name) : environmentValue(given, name);
    return value === undefined ? '' : pythonText(value);
  });
}

function environmentValue(given: Values, name: string): string | undefined {
  const key = name.replace(/^\$+/, '');
  return Object.hasOwn(given.environment, key) ? given.environment[key] : undefined;
}

/** Replaces block placeholders and `{"$ref": {"block_document_id": …}}` by the data of their block documents. */
export function resolveBlocks(template: Json, blocks: BlockData, refuse: Refuse): Json {
  if (typeof template === 'string') return resolveBlocksInText(template, blocks, refuse);
  if (isJsonList(template)) return template.map((entry) => resolveBlocks(entry, blocks, refuse));
  if (!isJsonObject(template)) return template;

  const id = blockIdOf(template, refuse);
  if (id === undefined) {
    return Object.fromEntries(
      Object.entries(template).map(([key, entry]) => [key, resolveBlocks(entry, blocks, refuse)]),
    );
  }
  const data = blocks.byId(id);
  if (data === undefined) refuse(`no block document with the id ${id}`);
  return data ?? null;
}

function blockIdOf(template: JsonObject, refuse: Refuse): string | undefined {
  const reference = fieldOf(template, '$ref');
  if (reference === undefined) return undefined;
  if (!isJsonObject(reference)) {
    refuse(`a $ref in the job configuration must be an object with a block_document_id, got ${kindOf(reference)}`);
    return undefined;
  }
  const id = fieldOf(reference, 'block_document_id');
  if (id === undefined || id === null || id === '' || id === 0 || id === false) return undefined;
  if (typeof id === 'string') return id;
  refuse(`a block_document_id must be text, got ${kindOf(id)}`);
  return undefined;
}

function resolveBlocksInText(text: string, blocks: BlockData, refuse: Refuse): Json {
  const whole = wholePlaceholder(text);
  if (whole?.kind === 'block') return blockValue(whole, blocks, refuse);
  return replacePlaceholders(text, (placeholder) => {
    if (placeholder.kind !== 'block') return undefined;
    const value = blockValue(placeholder, blocks, refuse);
    if (isJsonList(value) || isJsonObject(value)) {
      refuse(`${placeholder.text} is ${kindOf(value)} and cannot stand inside text: name one of its plain values`);
      return '';
    }
    return pythonText(value);
  });
}

function blockValue(placeholder: Placeholder, blocks: BlockData, refuse: Refuse): Json {
  const reference = blockReferenceOf(placeholder);
  if (reference === undefined) {
    refuse(`${placeholder.text} names no block: wanted prefect.blocks.<type>.<name>`);
    return null;
  }
  const data = blocks.byName(reference.type, reference.name);
  if (data === undefined) {
    refuse(`no block named ${reference.name} of the type ${reference.type}`);
    return null;
  }
  const value = reference.path === undefined ? plainData(data) : valueAt(data, reference.path);
  if (value === undefined) refuse(`${placeholder.text} leads nowhere in the data of its block`);
  return value ?? null;
}

/** Blocks that hold nothing but a `value` (secrets, JSON) stand for that value. */
function plainData(data: Json): Json {
  if (!isJsonObject(data) || Object.keys(data).length !== 1) return data;
  const value = fieldOf(data, 'value');
  return value === undefined ? data : value;
}

function valueAt(data: Json, path: string): Json | undefined {
  const pointsAtValue = path === 'value' || path.startsWith('value.') || path.startsWith('value[');
  return followPath(pointsAtValue ? data : plainData(data), path);
}

/** Replaces `{{ prefect.variables.NAME }}`; a variable that does not exist becomes '' (it is not dropped). */
export function resolveVariables(template: Json, variables: JsonObject): Json {
  if (isJsonList(template)) return template.map((entry) => resolveVariables(entry, variables));
  if (isJsonObject(template)) {
    return Object.fromEntries(
      Object.entries(template).map(([key, entry]) => [key, resolveVariables(entry, variables)]),
    );
  }
  if (typeof template !== 'string') return template;

  const variableValue = (placeholder: Placeholder) => fieldOf(variables, variableNameOf(placeholder));
  const whole = wholePlaceholder(template);
  if (whole?.kind === 'variable') {
    const value = variableValue(whole);
    return value === undefined ? '' : value;
  }
  return replacePlaceholders(template, (placeholder) => {
    if (placeholder.kind !== 'variable') return undefined;
    const value = variableValue(placeholder);
    return value === undefined ? '' : pythonText(value);
  });
}

/** Every placeholder of these kinds, and every block document id, anywhere in a value. */
export function collectReferences(template: Json): {
  readonly placeholders: readonly Placeholder[];
  readonly blockIds: readonly string[];
} {
  if (typeof template === 'string') return { placeholders: findPlaceholders(template), blockIds: [] };
  const children = isJsonList(template) ? template : isJsonObject(template) ? Object.values(template) : [];
  const below = children.map(collectReferences);
  const id = isJsonObject(template) ? blockIdOf(template, () => undefined) : undefined;
  return {
    placeholders: below.flatMap((entry) => entry.placeholders),
    blockIds: [...(id === undefined ? [] : [id]), ...below.flatMap((entry) => entry.blockIds)],
  };
}
