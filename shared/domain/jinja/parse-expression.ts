// Expressions of Jinja templates, with its precedence: or, and, not, comparisons, + -, ~, * / // %, unary, **, postfix.
import { describe, TemplateError } from './lexer.ts';
import type { Argument, Call, Comparison, Expression, NamedArgument } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

export function parseExpression(stream: TokenStream, options: { readonly conditional?: false } = {}): Expression {
  return stream.nested(() => (options.conditional === false ? parseOr(stream) : parseConditional(stream)));
}

function parseConditional(stream: TokenStream): Expression {
  let value = parseOr(stream);
  while (stream.skipName('if')) {
    const test = parseOr(stream);
    const otherwise = stream.skipName('else') ? parseConditional(stream) : undefined;
    value = { kind: 'conditional', test, chosen: value, otherwise };
  }
  return value;
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.skipName('or')) left = { kind: 'or', left, right: parseAnd(stream) };
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.skipName('and')) left = { kind: 'and', left, right: parseNot(stream) };
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.skipName('not')) return parseCompare(stream);
  return stream.nested(() => ({ kind: 'not', of: parseNot(stream) }));
}

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const rest: { operator: Comparison; value: Expression }[] = [];
  for (let operator = readComparison(stream); operator !== undefined; operator = readComparison(stream)) {
    rest.push({ operator, value: parseSum(stream) });
  }
  return rest.length === 0 ? first : { kind: 'compare', first, rest };
}

function readComparison(stream: TokenStream): Comparison | undefined {
  const { current } = stream;
  if (stream.skipName('in')) return 'in';
  const following = stream.peek(1);
  if (stream.isName('not') && following.kind === 'name' && following.value === 'in') {
    stream.next();
    stream.next();
    return 'not in';
  }
  if (current.kind !== 'operator') return undefined;
  const { value } = current;
  if (value !== '==' && value !== '!=' && value !== '<' && value !== '<=' && value !== '>' && value !== '>=')
    return undefined;
  stream.next();
  return value;
}

function parseSum(stream: TokenStream): Expression {
  let left = parseConcat(stream);
  for (;;) {
    if (stream.skipOperator('+')) left = { kind: 'binary', operator: '+', left, right: parseConcat(stream) };
    else if (stream.skipOperator('-')) left = { kind: 'binary', operator: '-', left, right: parseConcat(stream) };
    else return left;
  }
}

function parseConcat(stream: TokenStream): Expression {
  const parts = [parseProduct(stream)];
  while (stream.skipOperator('~')) parts.push(parseProduct(stream));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'concat', parts };
}

function parseProduct(stream: TokenStream): Expression {
  let left = parseUnary(stream);
  for (;;) {
    const { current } = stream;
    if (current.kind !== 'operator') return left;
    const operator = current.value;
    if (operator !== '*' && operator !== '/' && operator !== '//' && operator !== '%') return left;
    stream.next();
    left = { kind: 'binary', operator, left, right: parseUnary(stream) };
  }
}

function parseUnary(stream: TokenStream, options: { readonly filters?: false } = {}): Expression {
  const value = parseSigned(stream);
  return options.filters === false ? value : parseFilters(stream, value);
}

function parseSigned(stream: TokenStream): Expression {
  if (stream.skipOperator('-')) return { kind: 'negative', of: parseOperand(stream) };
  if (stream.skipOperator('+')) return { kind: 'positive', of: parseOperand(stream) };
  return parsePower(stream);
}

const parseOperand = (stream: TokenStream) => stream.nested(() => parseUnary(stream, { filters: false }));

function parsePower(stream: TokenStream): Expression {
  const left = parsePostfix(stream, parsePrimary(stream));
  if (!stream.skipOperator('**')) return left;
  return { kind: 'binary', operator: '**', left, right: parseOperand(stream) };
}

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  if (token.kind === 'name') {
    stream.next();
    const constant = constants.get(token.value);
    return constant === undefined ? { kind: 'name', name: token.value } : { kind: 'literal', value: constant };
  }
  if (token.kind === 'string') return { kind: 'literal', value: readStrings(stream) };
  if (token.kind === 'integer' || token.kind === 'float') {
    stream.next();
    return { kind: 'literal', value: token.value };
  }
  if (stream.skipOperator('(')) {
    const value = parseTuple(stream, { isBracketed: true });
    stream.expectOperator(')');
    return value;
  }
  if (stream.skipOperator('[')) return parseList(stream);
  if (stream.skipOperator('{')) return parseDict(stream);
  return stream.fail(`unexpected '${describe(token)}'`);
}

function readStrings(stream: TokenStream): string {
  let text = '';
  for (let token = stream.current; token.kind === 'string'; token = stream.current) {
    text += token.value;
    stream.next();
  }
  return text;
}

function parseList(stream: TokenStream): Expression {
  const items: Expression[] = [];
  while (!stream.isOperator(']')) {
    if (items.length > 0) stream.expectOperator(',');
    if (stream.isOperator(']')) break;
    items.push(parseExpression(stream));
  }
  stream.expectOperator(']');
  return { kind: 'list', items };
}

function parseDict(stream: TokenStream): Expression {
  const entries: (readonly [Expression, Expression])[] = [];
  while (!stream.isOperator('}')) {
    if (entries.length > 0) stream.expectOperator(',');
    if (stream.isOperator('}')) break;
    const key = parseExpression(stream);
    stream.expectOperator(':');
    entries.push([key, parseExpression(stream)]);
  }
  stream.expectOperator('}');
  return { kind: 'dict', entries };
}

type TupleOptions = { readonly isBracketed?: boolean; readonly conditional?: false; readonly ends?: readonly string[] };

/** One expression, or several with commas between them. */
export function parseTuple(
  stream: TokenStream,
  { isBracketed = false, ends = [], ...options }: TupleOptions = {},
): Expression {
  const items: Expression[] = [];
  let hasComma = false;
  const isOver = () =>
    stream.current.kind === 'print-end' ||
    stream.current.kind === 'block-end' ||
    stream.isOperator(')') ||
    (ends.length > 0 && stream.isName(...ends));
  while (true) {
    if (items.length > 0) {
      if (!stream.skipOperator(',')) break;
      hasComma = true;
    }
    if (isOver()) break;
    items.push(parseExpression(stream, options));
  }
  const [only] = items;
  if (only === undefined && !isBracketed)
    return stream.fail(`Expected an expression, got '${describe(stream.current)}'`);
  return only !== undefined && !hasComma ? only : { kind: 'list', items };
}

function parsePostfix(stream: TokenStream, value: Expression): Expression {
  let of = value;
  for (;;) {
    if (stream.skipOperator('.')) of = parseMember(stream, of);
    else if (stream.skipOperator('[')) of = parseSubscript(stream, of);
    else if (stream.isOperator('(')) of = { kind: 'call', of, ...parseCall(stream) };
    else return of;
  }
}

function parseMember(stream: TokenStream, of: Expression): Expression {
  const token = stream.next();
  if (token.kind === 'name') return { kind: 'attribute', of, name: token.value };
  if (token.kind === 'integer') return { kind: 'item', of, key: { kind: 'literal', value: token.value } };
  throw new TemplateError('expected name or number', token.line);
}

function parseSubscript(stream: TokenStream, of: Expression): Expression {
  const parts: (Expression | undefined)[] = [];
  let isSlice = false;
  let part: Expression | undefined;
  while (!stream.isOperator(']')) {
    if (stream.skipOperator(':')) {
      isSlice = true;
      parts.push(part);
      part = undefined;
    } else if (part === undefined) part = parseExpression(stream);
    else stream.unexpected(',');
  }
  stream.expectOperator(']');
  if (isSlice) return { kind: 'slice', of, parts: [...parts, part] };
  return part === undefined ? stream.fail("unexpected ']'") : { kind: 'item', of, key: part };
}

export function parseCall(stream: TokenStream): Call {
  const positional: Argument[] = [];
  const named: NamedArgument[] = [];
  stream.expectOperator('(');
  while (!stream.isOperator(')')) {
    if (positional.length + named.length > 0) stream.expectOperator(',');
    if (stream.isOperator(')')) break;
    const { current } = stream;
    const following = stream.peek(1);
    if (stream.skipOperator('*')) positional.push({ value: parseExpression(stream), isSpread: true });
    else if (current.kind === 'name' && following.kind === 'operator' && following.value === '=') {
      stream.next();
      stream.next();
      named.push({ name: current.value, value: parseExpression(stream) });
    } else if (named.length > 0) stream.fail('invalid syntax for function call expression');
    else positional.push({ value: parseExpression(stream), isSpread: false });
  }
  stream.expectOperator(')');
  return { positional, named };
}

const noCall: Call = { positional: [], named: [] };

/** Filters, tests and calls behind a value. */
function parseFilters(stream: TokenStream, value: Expression): Expression {
  let of = value;
  for (;;) {
    if (stream.skipOperator('|')) of = parseFilter(stream, of);
    else if (stream.skipName('is')) of = parseTest(stream, of);
    else if (stream.isOperator('(')) of = { kind: 'call', of, ...parseCall(stream) };
    else return of;
  }
}

export function parseFilter(stream: TokenStream, of: Expression | undefined): Expression {
  const name = readDottedName(stream);
  return { kind: 'filter', of, name, ...(stream.isOperator('(') ? parseCall(stream) : noCall) };
}

function readDottedName(stream: TokenStream): string {
  let name = stream.expectName();
  while (stream.skipOperator('.')) name += `.${stream.expectName()}`;
  return name;
}

function parseTest(stream: TokenStream, of: Expression): Expression {
  const isNegated = stream.skipName('not');
  const test: Expression = { kind: 'test', of, name: readDottedName(stream), ...testArguments(stream) };
  return isNegated ? { kind: 'not', of: test } : test;
}

/** A test may have one argument without brackets: `x is divisibleby 3`. */
function testArguments(stream: TokenStream): Call {
  if (stream.isOperator('(')) return parseCall(stream);
  const { current } = stream;
  const isValue =
    current.kind === 'string' ||
    current.kind === 'integer' ||
    current.kind === 'float' ||
    stream.isOperator('[', '{') ||
    (current.kind === 'name' && !stream.isName('else', 'or', 'and'));
  if (!isValue) return noCall;
  if (stream.isName('is')) stream.fail('You cannot chain multiple tests with is');
  return { positional: [{ value: parsePostfix(stream, parsePrimary(stream)), isSpread: false }], named: [] };
}
