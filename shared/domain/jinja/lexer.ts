// The tokens of a Jinja template. Users write these templates, so nothing here trusts the text.
// Rule: every token knows its line, and a text that cannot be read is a `TemplateError` with Jinja's own words.

export class TemplateError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'TemplateError';
    this.line = line;
  }
}

export const operators = [
  '//',
  '**',
  '==',
  '!=',
  '>=',
  '<=',
  '+',
  '-',
  '/',
  '*',
  '%',
  '~',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  '>',
  '<',
  '=',
  '.',
  ':',
  '|',
  ',',
  ';',
] as const;
export type Operator = (typeof operators)[number];

export type Token =
  | { readonly kind: 'text'; readonly value: string; readonly line: number }
  | { readonly kind: 'print-begin' | 'print-end' | 'block-begin' | 'block-end' | 'end'; readonly line: number }
  | { readonly kind: 'name' | 'string'; readonly value: string; readonly line: number }
  | { readonly kind: 'integer' | 'float'; readonly value: number; readonly line: number }
  | { readonly kind: 'operator'; readonly value: Operator; readonly line: number };

const kindNames = {
  'print-begin': 'begin of print statement',
  'print-end': 'end of print statement',
  'block-begin': 'begin of statement block',
  'block-end': 'end of statement block',
  end: 'end of template',
  text: 'template data / text',
  name: 'name',
  string: 'string',
  integer: 'integer',
  float: 'float',
} as const;

/** How Jinja names a token that was seen. */
export function describe(token: Token): string {
  if (token.kind === 'name' || token.kind === 'operator') return token.value;
  return kindNames[token.kind];
}

/** How Jinja names a kind of token that was wanted. */
export function describeKind(kind: Exclude<Token['kind'], 'operator'>): string {
  return kindNames[kind];
}

type Cursor = { readonly source: string; at: number; line: number; readonly tokens: Token[]; trims: boolean };

/** @throws TemplateError */
export function tokenize(source: string): readonly Token[] {
  const text = source.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  const cursor: Cursor = { source: text, at: 0, line: 1, tokens: [], trims: false };
  while (cursor.at < text.length) readText(cursor);
  cursor.tokens.push({ kind: 'end', line: cursor.line });
  return cursor.tokens;
}

const opening = /\{\{|\{%|\{#/g;

function readText(cursor: Cursor): void {
  opening.lastIndex = cursor.at;
  const found = opening.exec(cursor.source);
  const end = found?.index ?? cursor.source.length;
  const sign = found === null ? '' : cursor.source.charAt(end + 2);
  addText(cursor, cursor.source.slice(cursor.at, end), sign === '-');
  advance(cursor, end);
  if (found === null) return;
  const isSigned = sign === '-' || sign === '+';
  advance(cursor, end + 2 + (isSigned ? 1 : 0));
  if (found[0] === '{#') {
    skipComment(cursor);
    return;
  }
  if (found[0] === '{%' && skipRaw(cursor)) return;
  const isPrint = found[0] === '{{';
  cursor.tokens.push({ kind: isPrint ? 'print-begin' : 'block-begin', line: cursor.line });
  readInside(cursor, isPrint ? '}}' : '%}');
}

function addText(cursor: Cursor, text: string, trimsEnd: boolean): void {
  const begun = cursor.trims ? text.trimStart() : text;
  const value = trimsEnd ? begun.trimEnd() : begun;
  if (value !== '') cursor.tokens.push({ kind: 'text', value, line: cursor.line });
  if (text !== '') cursor.trims = false;
}

function advance(cursor: Cursor, to: number): void {
  for (let at = cursor.at; at < to; at += 1) if (cursor.source.charAt(at) === '\n') cursor.line += 1;
  cursor.at = to;
}

function skipComment(cursor: Cursor): void {
  const end = cursor.source.indexOf('#}', cursor.at);
  if (end < 0) throw new TemplateError('Missing end of comment tag', cursor.line);
  cursor.trims = cursor.source.charAt(end - 1) === '-';
  advance(cursor, end + 2);
}

const rawBegin = /\s*raw\s*(-?)%\}/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

function skipRaw(cursor: Cursor): boolean {
  rawBegin.lastIndex = cursor.at;
  const begun = rawBegin.exec(cursor.source);
  if (begun === null) return false;
  rawEnd.lastIndex = rawBegin.lastIndex;
  const ended = rawEnd.exec(cursor.source);
  if (ended === null) throw new TemplateError('Missing end of raw directive', cursor.line);
  cursor.trims = begun[1] === '-';
  addText(cursor, cursor.source.slice(rawBegin.lastIndex, ended.index), ended[1] === '-');
  cursor.trims = ended[2] === '-';
  advance(cursor, rawEnd.lastIndex);
  return true;
}

const closers: ReadonlyMap<string, string> = new Map([
  ['{', '}'],
  ['(', ')'],
  ['[', ']'],
]);

/** Reads up to the closing mark; inside of brackets the mark's characters are operators. */
function readInside(cursor: Cursor, close: '}}' | '%}'): void {
  const open: string[] = [];
  while (cursor.at < cursor.source.length) {
    const sign = cursor.source.charAt(cursor.at);
    const isSigned = sign === '-' || sign === '+';
    if (open.length === 0 && cursor.source.startsWith(close, cursor.at + (isSigned ? 1 : 0))) {
      cursor.tokens.push({ kind: close === '}}' ? 'print-end' : 'block-end', line: cursor.line });
      advance(cursor, cursor.at + 2 + (isSigned ? 1 : 0));
      cursor.trims = sign === '-';
      return;
    }
    if (/\s/.test(sign)) advance(cursor, cursor.at + 1);
    else cursor.tokens.push(readToken(cursor, open));
  }
}

const namePattern = /[\p{L}_][\p{L}\p{N}_]*/uy;
const floatPattern = /\d+(?:_\d+)*(?:(?:\.\d+(?:_\d+)*)?e[+-]?\d+(?:_\d+)*|\.\d+(?:_\d+)*)/iy;
const integerPattern = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[0-9a-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const stringPattern = /'([^'\\]*(?:\\[\s\S][^'\\]*)*)'|"([^"\\]*(?:\\[\s\S][^"\\]*)*)"/y;

function readToken(cursor: Cursor, open: string[]): Token {
  const { line } = cursor;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = cursor.at;
    return pattern.exec(cursor.source);
  };
  // A number behind a dot is an index (`a.0.1`), not a fraction.
  const isBehindDot = cursor.source.charAt(cursor.at - 1) === '.';
  const float = isBehindDot ? null : match(floatPattern);
  const found = float ?? match(integerPattern) ?? match(namePattern) ?? match(stringPattern);
  if (found === null) return readOperator(cursor, open);
  const [text] = found;
  advance(cursor, cursor.at + text.length);
  if (float !== null) return { kind: 'float', value: Number(text.replaceAll('_', '')), line };
  if (/^\d/.test(text)) return { kind: 'integer', value: Number(text.replaceAll('_', '')), line };
  if (/^['"]/.test(text)) return { kind: 'string', value: unescaped(found[1] ?? found[2] ?? ''), line };
  return { kind: 'name', value: text, line };
}

function readOperator(cursor: Cursor, open: string[]): Token {
  const { line, at, source } = cursor;
  const value = operators.find((operator) => source.startsWith(operator, at));
  if (value === undefined) throw new TemplateError(`unexpected char ${quoted(source.charAt(at))} at ${at}`, line);
  const closer = closers.get(value);
  if (closer !== undefined) open.push(closer);
  else if (value === '}' || value === ')' || value === ']') {
    const wanted = open.pop();
    if (wanted === undefined) throw new TemplateError(`unexpected '${value}'`, line);
    if (wanted !== value) throw new TemplateError(`unexpected '${value}', expected '${wanted}'`, line);
  }
  advance(cursor, at + value.length);
  return { kind: 'operator', value, line };
}

function quoted(character: string): string {
  return character === "'" ? `"'"` : `'${character}'`;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['0', '\0'],
  ['\n', ''],
]);

function unescaped(text: string): string {
  return text.replace(/\\(u[0-9a-f]{4}|x[0-9a-f]{2}|[\s\S])/gi, (whole, code: string) => {
    if (code.length > 1) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (code === '\\' || code === "'" || code === '"') return code;
    return escapes.get(code) ?? whole;
  });
}
