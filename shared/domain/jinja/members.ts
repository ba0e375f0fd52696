// The methods that texts, lists and mappings have in templates. None of them changes what it is called on.
import {
  type Callable,
  contains,
  entriesOf,
  isDict,
  isList,
  isSame,
  isSpecial,
  itemOf,
  itemsOf,
  type List,
  numberOf,
  RenderError,
  textOf,
  type Value,
} from './value.ts';

/** `value.name`: a method, else an entry of that name. */
export function memberOf(value: Value, name: string): Value {
  if (name.startsWith('__')) return undefined;
  if (typeof value === 'string') return textMethods.get(name)?.(value);
  if (isList(value)) return listMethods.get(name)?.(value);
  if (isSpecial(value)) return value.member(name) ?? mappingMember(value, name);
  if (isDict(value)) return mappingMember(value, name) ?? (Object.hasOwn(value, name) ? value[name] : undefined);
  return undefined;
}

function mappingMember(value: Value, name: string): Value {
  const entries = entriesOf(value);
  return entries === undefined ? undefined : mappingMethods.get(name)?.(value);
}

const mappingMethods: ReadonlyMap<string, (value: Value) => Callable> = new Map<string, (value: Value) => Callable>([
  ['items', (value) => () => (entriesOf(value) ?? []).map(([key, entry]) => [key, entry])],
  ['keys', (value) => () => (entriesOf(value) ?? []).map(([key]) => key)],
  ['values', (value) => () => (entriesOf(value) ?? []).map(([, entry]) => entry)],
  [
    'get',
    (value) =>
      ([key, fallback]) =>
        itemOf(value, key) ?? fallback ?? null,
  ],
  ['copy', (value) => () => value],
]);

const listMethods: ReadonlyMap<string, (list: List) => Callable> = new Map<string, (list: List) => Callable>([
  [
    'count',
    (list) =>
      ([wanted]) =>
        list.filter((item) => isSame(item, wanted)).length,
  ],
  [
    'index',
    (list) =>
      ([wanted]) =>
        indexIn(list, wanted),
  ],
  ['copy', (list) => () => list],
]);

function indexIn(list: List, wanted: Value): number {
  const at = list.findIndex((item) => isSame(item, wanted));
  if (at < 0) throw new RenderError(`${textOf(wanted)} is not in list`);
  return at;
}

type TextMethod = (text: string) => Callable;

const plain =
  (change: (text: string) => Value): TextMethod =>
  (text) =>
  () =>
    change(text);

const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['upper', plain((text) => text.toUpperCase())],
  ['lower', plain((text) => text.toLowerCase())],
  ['casefold', plain((text) => text.toLowerCase())],
  ['title', plain(titled)],
  ['capitalize', plain(capitalized)],
  ['swapcase', plain((text) => Array.from(text, swapped).join(''))],
  [
    'strip',
    (text) =>
      ([marks]) =>
        stripped(text, marks, 'both'),
  ],
  [
    'lstrip',
    (text) =>
      ([marks]) =>
        stripped(text, marks, 'start'),
  ],
  [
    'rstrip',
    (text) =>
      ([marks]) =>
        stripped(text, marks, 'end'),
  ],
  [
    'startswith',
    (text) =>
      ([prefix]) =>
        oneOf(prefix).some((each) => text.startsWith(textOf(each))),
  ],
  [
    'endswith',
    (text) =>
      ([suffix]) =>
        oneOf(suffix).some((each) => text.endsWith(textOf(each))),
  ],
  [
    'removeprefix',
    (text) =>
      ([prefix]) =>
        text.startsWith(textOf(prefix)) ? text.slice(textOf(prefix).length) : text,
  ],
  [
    'removesuffix',
    (text) =>
      ([suffix]) =>
        text.endsWith(textOf(suffix)) ? text.slice(0, text.length - textOf(suffix).length) : text,
  ],
  [
    'replace',
    (text) =>
      ([from, to, count]) =>
        replaced(text, [textOf(from), textOf(to)], count),
  ],
  [
    'split',
    (text) =>
      ([separator, most]) =>
        split(text, separator, most),
  ],
  ['splitlines', plain((text) => text.replace(/\n$/, '').split('\n'))],
  [
    'partition',
    (text) =>
      ([separator]) =>
        partitioned(text, text.indexOf(textOf(separator)), textOf(separator)),
  ],
  [
    'join',
    (text) =>
      ([items]) =>
        itemsOf(items).map(textOf).join(text),
  ],
  [
    'find',
    (text) =>
      ([part]) =>
        text.indexOf(textOf(part)),
  ],
  [
    'rfind',
    (text) =>
      ([part]) =>
        text.lastIndexOf(textOf(part)),
  ],
  [
    'count',
    (text) =>
      ([part]) =>
        text.split(textOf(part)).length - 1,
  ],
  ['isdigit', plain((text) => /^\d+$/.test(text))],
  ['isalpha', plain((text) => /^\p{L}+$/u.test(text))],
  ['isalnum', plain((text) => /^[\p{L}\p{N}]+$/u.test(text))],
  ['isupper', plain((text) => text !== text.toLowerCase() && text === text.toUpperCase())],
  ['islower', plain((text) => text !== text.toUpperCase() && text === text.toLowerCase())],
  ['isspace', plain((text) => /^\s+$/.test(text))],
  [
    'zfill',
    (text) =>
      ([width]) =>
        text.padStart(Math.min(numberOf(width), 1000), '0'),
  ],
  ['encode', plain((text) => text)],
]);

function oneOf(value: Value): List {
  return isList(value) ? value : [value];
}

export function titled(text: string): string {
  return text.replace(/[\p{L}]+/gu, capitalized);
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
}

function swapped(character: string): string {
  return character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase();
}

export function stripped(text: string, marks: Value, where: 'both' | 'start' | 'end'): string {
  const isMark = (character: string) =>
    marks === undefined || marks === null ? /\s/.test(character) : contains(textOf(marks), character);
  let [start, end] = [0, text.length];
  while (where !== 'end' && start < end && isMark(text.charAt(start))) start += 1;
  while (where !== 'start' && end > start && isMark(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

export function replaced(text: string, [from, to]: readonly [string, string], count: Value): string {
  if (count === undefined || count === null) return text.replaceAll(from, () => to);
  const parts = text.split(from);
  const most = numberOf(count);
  return parts.reduce((whole, part, at) => (at === 0 ? part : whole + (at <= most ? to : from) + part), '');
}

function split(text: string, separator: Value, most: Value): List {
  const parts =
    separator === undefined || separator === null
      ? text.trim().split(/\s+/).filter(Boolean)
      : text.split(textOf(separator));
  const limit = most === undefined || most === null ? -1 : numberOf(most);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  const glue = separator === undefined || separator === null ? ' ' : textOf(separator);
  return [...parts.slice(0, limit), parts.slice(limit).join(glue)];
}

function partitioned(text: string, at: number, separator: string): List {
  return at < 0 ? [text, '', ''] : [text.slice(0, at), separator, text.slice(at + separator.length)];
}
