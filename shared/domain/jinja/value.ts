// The values that templates work with, as Python has them: how they print, compare and count as true.
// Rule: a template reaches only what is listed here: own entries of plain data, and members that a class offers by name.
import type { Json } from '../json.ts';
import { pythonText } from '../template/python-text.ts';

/** A thing with members of its own: dates, resources, namespaces. */
export interface Special {
  readonly isSpecial: true;
  /** undefined: no such member. */
  member(name: string): Value;
  text(): string;
  json(): Json;
  /** Looked up with brackets, walked through and counted like this mapping, if it is one. */
  readonly mapping?: ReadonlyMap<string, Value>;
  /** What calling it does, if it can be called. */
  readonly call?: Callable;
}

export type Keywords = ReadonlyMap<string, Value>;
export type Callable = (positional: readonly Value[], named: Keywords) => Value;
export type List = readonly Value[];
export type Dict = { readonly [key: string]: Value };
/** `undefined` is Jinja's undefined, which has every member and prints as nothing. */
export type Value = undefined | null | boolean | number | string | List | Dict | Special | Callable;

/** What goes wrong while a template is filled in. */
export class RenderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RenderError';
  }
}

export function isList(value: Value): value is List {
  return Array.isArray(value);
}

export function isSpecial(value: Value): value is Special {
  return typeof value === 'object' && value !== null && 'isSpecial' in value && value.isSpecial === true;
}

export function isDict(value: Value): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSpecial(value);
}

/** Python's truth: nothing, zero and what is empty are false. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isSpecial(value)) return value.mapping === undefined || value.mapping.size > 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** What a template prints. */
export function textOf(value: Value): string {
  if (value === undefined) return '';
  if (isSpecial(value)) return value.text();
  if (typeof value === 'function') return '<function>';
  return pythonText(jsonOf(value));
}

/** Plain data: what `tojson` writes and Python's text is made from. */
export function jsonOf(value: Value): Json {
  if (value === undefined || typeof value === 'function') return null;
  if (isSpecial(value)) return value.json();
  if (isList(value)) return value.map(jsonOf);
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, jsonOf(entry)]));
}

/** The entries of a mapping; undefined when it is none. */
export function entriesOf(value: Value): readonly (readonly [string, Value])[] | undefined {
  if (isSpecial(value)) return value.mapping === undefined ? undefined : [...value.mapping];
  return isDict(value) ? Object.entries(value) : undefined;
}

/** What a loop walks through: items, keys, characters. */
export function itemsOf(value: Value): List {
  if (value === undefined) return [];
  if (isList(value)) return value;
  if (typeof value === 'string') return Array.from(value);
  const entries = entriesOf(value);
  if (entries !== undefined) return entries.map(([key]) => key);
  throw new RenderError(`${typeName(value)} is not iterable`);
}

export function sizeOf(value: Value): number {
  return itemsOf(value).length;
}

export function typeName(value: Value): string {
  if (value === undefined) return 'Undefined';
  if (value === null) return 'NoneType';
  if (isList(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  return typeof value === 'function' ? 'function' : 'dict';
}

export function isSame(one: Value, other: Value): boolean {
  if (one === other) return true;
  if (isSpecial(one) || isSpecial(other)) return isSpecial(one) && isSpecial(other) && one.text() === other.text();
  if (isList(one) && isList(other))
    return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (isDict(one) && isDict(other)) {
    const keys = Object.keys(one);
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
    );
  }
  return typeof one === 'boolean' && typeof other === 'number' ? Number(one) === other : isTrueNumber(one, other);
}

function isTrueNumber(one: Value, other: Value): boolean {
  return typeof one === 'number' && typeof other === 'boolean' && one === Number(other);
}

/** Below 0: `one` comes first. */
export function compare(one: Value, other: Value): number {
  if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : Number(one > other);
  const numbers = [one, other].map((value) => (typeof value === 'boolean' ? Number(value) : value));
  const [left, right] = numbers;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (isSpecial(one) && isSpecial(other)) return compare(one.text(), other.text());
  if (isList(one) && isList(other)) {
    for (const [at, item] of one.entries()) {
      if (at >= other.length) return 1;
      const order = isSame(item, other[at]) ? 0 : compare(item, other[at]);
      if (order !== 0) return order;
    }
    return one.length - other.length;
  }
  throw new RenderError(`cannot compare ${typeName(one)} and ${typeName(other)}`);
}

export function contains(container: Value, value: Value): boolean {
  if (typeof container === 'string') {
    if (typeof value !== 'string')
      throw new RenderError(`'in <string>' requires string as left operand, not ${typeName(value)}`);
    return container.includes(value);
  }
  return itemsOf(container).some((item) => isSame(item, value));
}

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  throw new RenderError(`a number was wanted, got ${typeName(value)}`);
}

/** An entry under a key: `value[key]`, also from the end of a list. */
export function itemOf(value: Value, key: Value): Value {
  if (typeof key === 'number' && (isList(value) || typeof value === 'string')) {
    const items = itemsOf(value);
    return Number.isInteger(key) ? items.at(key) : undefined;
  }
  if (isSpecial(value)) return typeof key === 'string' ? (value.mapping?.get(key) ?? value.member(key)) : undefined;
  if (!isDict(value)) return undefined;
  const name = textOf(key);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
