// The `{{ name }}` placeholders of job templates: how they look, what they point to, how a dotted name is followed.
// Agrees with prefect.utilities.templating of Prefect 3.8, quirks included; the differential test holds it to that.
import type { Json } from '../json.ts';
import { fieldOf, isJsonList } from './json-value.ts';

/** `value`: a job variable; `environment`: a variable of the worker's own process (`{{ $NAME }}`). */
export type PlaceholderKind = 'value' | 'block' | 'variable' | 'environment';
export type Placeholder = { readonly text: string; readonly name: string; readonly kind: PlaceholderKind };

const blockPrefix = 'prefect.blocks.';
const variablePrefix = 'prefect.variables.';

// Python's \s and \w on text: JavaScript's \s has other members, and its \w knows ASCII only.
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
const one = `\\{\\{${space}([\\p{L}\\p{N}_.\\-\\[\\]$]+)${space}\\}\\}`;
const pattern = new RegExp(one, 'gu');
const wholePattern = new RegExp(`^${one}$`, 'u');
// Most texts of a job have none, which is seen sooner without a pattern.
const start = '{{';

/** The placeholders of a text in order of appearance, each once. */
export function findPlaceholders(text: string): readonly Placeholder[] {
  if (!text.includes(start)) return [];
  const found = new Map<string, Placeholder>();
  for (const [whole, name = ''] of text.matchAll(pattern))
    found.set(whole, { text: whole, name, kind: kindOfName(name) });
  return [...found.values()];
}

/** The one placeholder that is the whole text: only such a one keeps the type of its value. */
export function wholePlaceholder(text: string): Placeholder | undefined {
  const name = text.startsWith(start) ? wholePattern.exec(text)?.[1] : undefined;
  return name === undefined ? undefined : { text, name, kind: kindOfName(name) };
}

/** Replaces each placeholder for which `write` gives a text; the others stay. Replaced text is not looked at again. */
export function replacePlaceholders(text: string, write: (placeholder: Placeholder) => string | undefined): string {
  if (!text.includes(start)) return text;
  return text.replaceAll(pattern, (whole, name: string) => {
    return write({ text: whole, name, kind: kindOfName(name) }) ?? whole;
  });
}

function kindOfName(name: string): PlaceholderKind {
  if (name.startsWith(blockPrefix)) return 'block';
  if (name.startsWith(variablePrefix)) return 'variable';
  return name.startsWith('$') ? 'environment' : 'value';
}

/** `{{ prefect.variables.NAME }}`: everything after the prefix is the name. */
export function variableNameOf(placeholder: Placeholder): string {
  return placeholder.name.replaceAll(variablePrefix, '');
}

export type BlockReference = { readonly type: string; readonly name: string; readonly path?: string };

/** `{{ prefect.blocks.TYPE.NAME[.PATH] }}`; undefined when type or name is missing. */
export function blockReferenceOf(placeholder: Placeholder): BlockReference | undefined {
  const [type, name, ...path] = placeholder.name.replaceAll(blockPrefix, '').split('.');
  if (type === undefined || name === undefined) return undefined;
  return path.length === 0 ? { type, name } : { type, name, path: path.join('.') };
}

/** Follows `a.b[0].c` into a value; undefined when it leads nowhere. */
export function followPath(root: Json, path: string): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path.replaceAll('[', '.').replaceAll(']', '').split('.')) value = follow(value, key);
  return value;
}

function follow(value: Json | undefined, key: string): Json | undefined {
  if (!/^-?\d+(_\d+)*$/.test(key)) return fieldOf(value, key);
  // A key that reads as an integer is an index: of a list, or of a text's characters, never a key of an object.
  const index = Number(key.replaceAll('_', ''));
  if (isJsonList(value)) return value.at(index);
  return typeof value === 'string' ? Array.from(value).at(index) : undefined;
}
