// JSON whose numbers keep the text they were sent with, and the text that Python's json.dumps makes of it.
// A checksum over that text must tell 1 from 1.0, which JSON.parse does not.

import type { Json, JsonObject } from '../json.ts';

export class RawNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type RawObject = { readonly [key: string]: RawJson };
export type RawJson = null | boolean | string | number | RawNumber | readonly RawJson[] | RawObject;

export function isRawObject(value: RawJson | undefined): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber);
}

/** The object's own value of a key. */
export function rawField(object: RawObject, key: string): RawJson | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** @throws SyntaxError when the text is no JSON */
export function parseRaw(text: string): RawJson {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new RawNumber(context?.source ?? String(value)) : value;
  return JSON.parse(text, reviver) as RawJson;
}

/** The same as plain JSON: every number a number. */
function plainJson(value: RawJson): Json {
  if (value instanceof RawNumber) return Number(value.source);
  if (typeof value !== 'object' || value === null) return value;
  return isRawObject(value) ? plainObject(value) : value.map(plainJson);
}

export function plainObject(object: RawObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, plainJson(value)]));
}

/** `json.dumps(value, sort_keys=True)`: ASCII, keys by code point, a space after each comma and colon. */
export function pythonJson(value: RawJson): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return pythonString(value);
  if (typeof value === 'number') return pythonNumber(String(value));
  if (value instanceof RawNumber) return pythonNumber(value.source);
  if (!isRawObject(value)) return `[${value.map(pythonJson).join(', ')}]`;
  const entries = Object.entries(value).toSorted(([one], [other]) => byCodePoint(one, other));
  return `{${entries.map(([key, entry]) => `${pythonString(key)}: ${pythonJson(entry)}`).join(', ')}}`;
}

function pythonString(text: string): string {
  const escaped = JSON.stringify(text);
  return escaped.replaceAll(/[\u007f-\uffff]/g, (unit) =>
    unit === '\u007f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byCodePoint(one: string, other: string): number {
  const [first, second] = [Array.from(one), Array.from(other)];
  for (const [at, character] of first.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (second[at]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}

/** Python reads a number with a point or an exponent as a float, and any other as an integer of any size. */
function pythonNumber(source: string): string {
  return /[.eE]/.test(source) ? pythonFloat(Number(source)) : BigInt(source).toString();
}

function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  const text = power < 0 ? value.toFixed(digits.replace(/[-.]/g, '').length - 1 - power) : String(value);
  return text.includes('.') ? text : `${text}.0`;
}
