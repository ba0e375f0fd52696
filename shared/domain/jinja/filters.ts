// Jinja's own filters. What would fill the memory (padding, repetition) is bounded.

import type { Json } from '../json.ts';
import { isJsonList, isJsonObject } from '../template/json-value.ts';
import type { Arguments, Filter } from './filter.ts';
import { listFilters } from './list-filters.ts';
import { capitalized, replaced, stripped, titled } from './members.ts';
import { entriesOf, isTrue, jsonOf, numberOf, RenderError, sizeOf, textOf, type Value } from './value.ts';

/** The argument at a place, or under its name. */
function argument({ positional, named }: Arguments, at: number, name: string): Value {
  return positional[at] ?? named.get(name);
}

function numberAt(args: Arguments, at: number, name: string, fallback: number): number {
  const value = argument(args, at, name);
  return value === undefined || value === null ? fallback : numberOf(value);
}

const widest = 1000;

function padding(args: Arguments, fallback: number): number {
  const width = numberAt(args, 0, 'width', fallback);
  if (width > widest) throw new RenderError(`a width of ${width} was asked for, wanted at most ${widest}`);
  return width;
}

const text =
  (change: (value: string, args: Arguments) => Value): Filter =>
  (value, args) =>
    change(textOf(value), args);

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ["'", '&#39;'],
  ['"', '&#34;'],
]);
const escaped = text((value) => value.replace(/[&<>'"]/g, (mark) => entities.get(mark) ?? mark));

function defaulted(value: Value, args: Arguments): Value {
  const isMissing = value === undefined || (isTrue(argument(args, 1, 'boolean')) && !isTrue(value));
  return isMissing ? (argument(args, 0, 'default_value') ?? '') : value;
}

function truncated(value: string, args: Arguments): string {
  const length = numberAt(args, 0, 'length', 255);
  const end = argument(args, 2, 'end');
  const tail = end === undefined ? '...' : textOf(end);
  const leeway = numberAt(args, 3, 'leeway', 5);
  if (value.length <= length + leeway) return value;
  const cut = value.slice(0, length - tail.length);
  if (isTrue(argument(args, 1, 'killwords'))) return cut + tail;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + tail;
}

function indented(value: string, args: Arguments): string {
  const width = argument(args, 0, 'width');
  const margin = typeof width === 'string' ? width : ' '.repeat(padding(args, 4));
  const isBlank = isTrue(argument(args, 2, 'blank'));
  const lines = value.split('\n');
  const first = isTrue(argument(args, 1, 'first'));
  return lines
    .map((line, at) => ((at === 0 && !first) || (at > 0 && line === '' && !isBlank) ? line : margin + line))
    .join('\n');
}

function wrapped(value: string, args: Arguments): string {
  const width = Math.max(1, numberAt(args, 0, 'width', 79));
  return value
    .split('\n')
    .map((line) => {
      const lines: string[] = [''];
      for (const word of line.split(/\s+/)) {
        const last = lines.at(-1) ?? '';
        if (last === '') lines[lines.length - 1] = word;
        else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(word);
      }
      return lines.join('\n');
    })
    .join('\n');
}

function rounded(value: Value, args: Arguments): number {
  const scale = 10 ** numberAt(args, 0, 'precision', 0);
  const method = argument(args, 1, 'method');
  const scaled = numberOf(value) * scale;
  if (method === 'ceil') return Math.ceil(scaled) / scale;
  if (method === 'floor') return Math.floor(scaled) / scale;
  return Math.round(scaled) / scale;
}

function parsedInteger(value: Value, args: Arguments): Value {
  const fallback = argument(args, 0, 'default') ?? 0;
  const number =
    typeof value === 'string' ? Number.parseInt(value.trim(), numberAt(args, 1, 'base', 10)) : Number(value);
  return Number.isFinite(number) ? Math.trunc(number) : fallback;
}

function parsedFloat(value: Value, args: Arguments): Value {
  const number = typeof value === 'string' ? Number(value.trim() === '' ? Number.NaN : value) : Number(value);
  return Number.isFinite(number) ? number : (argument(args, 0, 'default') ?? 0);
}

/** Jinja escapes what could end a script element; the keys stand in order, with a space after each mark. */
function asJson(value: Value, args: Arguments): string {
  const indent = argument(args, 0, 'indent');
  const space = indent === undefined || indent === null ? undefined : Math.min(numberOf(indent), 16);
  return pythonJson(jsonOf(value), space, 0).replace(
    /[<>&']/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function pythonJson(value: Json, indent: number | undefined, depth: number): string {
  const inside = indent === undefined ? '' : `\n${' '.repeat(indent * (depth + 1))}`;
  const end = indent === undefined ? '' : `\n${' '.repeat(indent * depth)}`;
  const comma = indent === undefined ? ', ' : `,${inside}`;
  if (isJsonList(value)) {
    if (value.length === 0) return '[]';
    return `[${inside}${value.map((item) => pythonJson(item, indent, depth + 1)).join(comma)}${end}]`;
  }
  if (!isJsonObject(value)) return asciiJson(value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return '{}';
  return `{${inside}${entries.map(([key, entry]) => `${asciiJson(key)}: ${pythonJson(entry, indent, depth + 1)}`).join(comma)}${end}}`;
}

function asciiJson(value: Json): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const units = ['Bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['Bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

export function fileSize(bytes: number, isBinary: boolean): string {
  if (bytes === 1) return '1 Byte';
  const base = isBinary ? 1024 : 1000;
  const power = bytes < base ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(base)), units.length - 1);
  const unit = (isBinary ? binaryUnits : units)[power] ?? '';
  return power === 0 ? `${Math.trunc(bytes)} ${unit}` : `${(bytes / base ** power).toFixed(1)} ${unit}`;
}

/** `%s`, `%d`, `%.2f` and their kin: Python's percent formatting, without padding. */
export function formatted(pattern: string, values: readonly Value[]): string {
  let at = 0;
  return pattern.replace(/%(?:\.(\d+))?([sdifr%])/g, (_whole, digits: string | undefined, kind: string) => {
    if (kind === '%') return '%';
    if (at >= values.length) throw new RenderError('not enough arguments for format string');
    const value = values[at];
    at += 1;
    if (kind === 'f') return numberOf(value).toFixed(Math.min(Number(digits ?? 6), 50));
    return kind === 'd' || kind === 'i' ? String(Math.trunc(numberOf(value))) : textOf(value);
  });
}

function urlEncoded(value: Value): string {
  const entries = entriesOf(value);
  const encode = (part: Value) =>
    encodeURIComponent(textOf(part)).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  if (entries === undefined) return encode(value).replaceAll('%2F', '/');
  return entries.map(([key, entry]) => `${encode(key)}=${encode(entry)}`).join('&');
}

export const builtInFilters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...listFilters,
  ['abs', (value) => Math.abs(numberOf(value))],
  ['capitalize', text(capitalized)],
  ['center', text((value, args) => centered(value, padding(args, 80)))],
  ['count', sizeOf],
  ['length', sizeOf],
  ['d', defaulted],
  ['default', defaulted],
  ['e', escaped],
  ['escape', escaped],
  ['forceescape', escaped],
  ['safe', (value) => value],
  ['filesizeformat', (value, args) => fileSize(numberOf(value), isTrue(argument(args, 0, 'binary')))],
  ['float', parsedFloat],
  ['int', parsedInteger],
  ['format', text((value, { positional }) => formatted(value, positional))],
  ['indent', text(indented)],
  ['lower', text((value) => value.toLowerCase())],
  ['upper', text((value) => value.toUpperCase())],
  ['title', text(titled)],
  ['trim', text((value, args) => stripped(value, argument(args, 0, 'chars'), 'both'))],
  [
    'replace',
    text((value, args) =>
      replaced(value, [textOf(argument(args, 0, 'old')), textOf(argument(args, 1, 'new'))], argument(args, 2, 'count')),
    ),
  ],
  ['string', textOf],
  ['pprint', textOf],
  ['round', rounded],
  [
    'striptags',
    text((value) =>
      value
        .replace(/<!--[\s\S]*?-->|<[^>]*>/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ),
  ],
  ['tojson', asJson],
  ['truncate', text(truncated)],
  ['urlencode', urlEncoded],
  ['urlize', text((value) => value)],
  ['wordcount', text((value) => value.split(/\s+/).filter(Boolean).length)],
  ['wordwrap', text(wrapped)],
]);

function centered(value: string, width: number): string {
  const free = Math.max(0, width - value.length);
  const left = Math.floor(free / 2);
  return ' '.repeat(left) + value + ' '.repeat(free - left);
}
