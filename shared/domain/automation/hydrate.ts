// Parameters with values to be filled in (`__prefect_kind`): templates, JSON in text, variables. Done twice: once when
// an automation is saved, to see what is wrong, and once when its run is made.
import { maybeTemplate } from '../jinja/parse-template.ts';
import type { Json, JsonObject } from '../json.ts';
import { isJsonList, isJsonObject } from '../template/json-value.ts';

/** How each kind of value is filled in; a problem is said in one sentence. */
export type Filling = {
  readonly template: (template: string) => Filled;
  readonly variable: (name: string) => Filled;
};

export type Filled =
  | { readonly kind: 'value'; readonly value: Json }
  /** Not known yet, and nothing is wrong with it. */
  | { readonly kind: 'open' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'problem'; readonly problem: string };

const kindKey = '__prefect_kind';

/** `{{ x }}` alone keeps the type of what it stands for; in a longer text it becomes text. */
export function upgradeTemplates(parameters: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, upgraded(value)]));
}

function upgraded(value: Json): Json {
  if (typeof value === 'string') return maybeTemplate(value) ? wrapped(value) : value;
  if (isJsonList(value)) return value.map((item) => (isJsonList(item) ? item : upgraded(item)));
  return isJsonObject(value) && !Object.hasOwn(value, kindKey) ? upgradeTemplates(value) : value;
}

function wrapped(template: string): Json {
  const text = template.trim();
  const isSingle = text.startsWith('{{') && text.endsWith('}}') && text.split('{{').length === 2;
  if (!isSingle) return { [kindKey]: 'jinja', template };
  const inside = text.slice(2, -2).trim();
  return { [kindKey]: 'json', value: { [kindKey]: 'jinja', template: `{{ ${inside} | tojson }}` } };
}

/** What was wrong, by path. */
export type Hydrated = { readonly value: JsonObject; readonly problems: ReadonlyMap<string, string> };

export function hydrate(parameters: JsonObject, filling: Filling): Hydrated {
  const problems = new Map<string, string>();
  const filled = fill(parameters, { filling, problems, path: '' });
  return { value: filled.kind === 'value' && isJsonObject(filled.value) ? filled.value : {}, problems };
}

type Place = { readonly filling: Filling; readonly problems: Map<string, string>; readonly path: string };

function fill(value: Json, place: Place): Filled {
  if (isJsonList(value))
    return { kind: 'value', value: value.flatMap((item, at) => kept(fill(item, below(place, `[${at}]`)))) };
  if (!isJsonObject(value)) return { kind: 'value', value };
  if (Object.hasOwn(value, kindKey)) {
    const filled = fillKind(value, place);
    if (filled.kind === 'problem') place.problems.set(place.path, filled.problem);
    return filled;
  }
  const entries = Object.entries(value).flatMap(([key, entry]) => {
    const path = place.path === '' ? key : `.${key}`;
    return kept(fill(entry, below(place, path))).map((inner): [string, Json] => [key, inner]);
  });
  return { kind: 'value', value: Object.fromEntries(entries) };
}

function below({ path, ...place }: Place, step: string): Place {
  return { ...place, path: path + step };
}

function kept(filled: Filled): Json[] {
  if (filled.kind === 'removed') return [];
  return [filled.kind === 'value' ? filled.value : null];
}

function fillKind(value: JsonObject, place: Place): Filled {
  switch (value[kindKey]) {
    case 'none':
      return 'value' in value ? fill(value['value'] ?? null, place) : missing('value');
    case 'json':
      return fillJson(value, place);
    case 'jinja':
      return inner(value['template'], place, (template) => place.filling.template(template), missing('template'));
    case 'workspace_variable':
      return inner(value['variable_name'], place, (name) => place.filling.variable(name), { kind: 'removed' });
    default:
      return { kind: 'value', value: value['value'] ?? null };
  }
}

function missing(key: string): Filled {
  return { kind: 'problem', problem: `Missing '${key}' key in __prefect object` };
}

function inner(value: Json | undefined, place: Place, use: (text: string) => Filled, otherwise: Filled): Filled {
  if (value === undefined) return otherwise;
  const filled = isJsonObject(value) ? fill(value, place) : { kind: 'value' as const, value };
  return filled.kind === 'value'
    ? use(typeof filled.value === 'string' ? filled.value : JSON.stringify(filled.value))
    : filled;
}

function fillJson(value: JsonObject, place: Place): Filled {
  const sent = value['value'];
  if (sent === undefined) return { kind: 'removed' };
  const filled = isJsonObject(sent) ? fill(sent, place) : { kind: 'value' as const, value: sent };
  if (filled.kind !== 'value' || typeof filled.value !== 'string') return filled;
  try {
    return { kind: 'value', value: JSON.parse(filled.value) as Json };
  } catch (error) {
    return { kind: 'problem', problem: `Invalid JSON: ${error instanceof Error ? error.message : 'not JSON'}` };
  }
}
