// Event patterns of EventBridge: which events a rule takes.
// Rule: a pattern is checked when it is given; a matcher that is not known is refused, never passed over.
// Source: "Creating Amazon EventBridge event patterns", comparison operators.

import { z } from 'zod';

const record = z.record(z.string(), z.unknown());
const list = z.array(z.unknown());

type Value = string | number | boolean | null;
/** Says whether one value at a path fits; undefined stands for a path that leads nowhere. */
type Matcher = (value: Value | undefined) => boolean;
type Test = (event: unknown) => boolean;

/** Compiles a pattern; throws a clear error for one that EventBridge would refuse or that is not served here. */
export function compileEventPattern(pattern: unknown): Test {
  const parsed = record.safeParse(pattern);
  if (!parsed.success) throw new Error('event pattern must be a json object');
  return compileObject(parsed.data, 'pattern');
}

function compileObject(pattern: Readonly<Record<string, unknown>>, place: string): Test {
  const tests = Object.entries(pattern).map(([name, wanted]) => {
    const here = `${place}.${name}`;
    if (name === '$or') return compileAlternatives(wanted, here);
    if (Array.isArray(wanted))
      return compileLeaf(
        name,
        wanted.map((item) => compileMatcher(item, here)),
      );
    const nested = record.safeParse(wanted);
    if (!nested.success) throw new Error(`event pattern: ${here} must be an object or a list of values`);
    const test = compileObject(nested.data, here);
    return (event: unknown) => objectsAt(event, name).some(test);
  });
  return (event) => tests.every((test) => test(event));
}

function compileAlternatives(wanted: unknown, place: string): Test {
  const alternatives = list.min(2).safeParse(wanted);
  if (!alternatives.success) throw new Error(`event pattern: ${place} must be a list of two patterns or more`);
  const tests = alternatives.data.map((alternative) => compileObject(record.parse(alternative), place));
  return (event) => tests.some((test) => test(event));
}

/** The members of this name; where a list of objects stands in the way, those of each. Missing ones are `{}`. */
function objectsAt(event: unknown, name: string): unknown[] {
  const member = memberOf(event, name);
  return Array.isArray(member) ? member : [member];
}

function memberOf(event: unknown, name: string): unknown {
  const object = record.safeParse(event);
  return object.success && Object.hasOwn(object.data, name) ? object.data[name] : undefined;
}

function compileLeaf(name: string, matchers: readonly Matcher[]): Test {
  if (matchers.length === 0) throw new Error(`event pattern: ${name} must list at least one value`);
  return (event) => {
    const member = memberOf(event, name);
    const values = (Array.isArray(member) ? member : [member]).filter(isValue);
    const seen = values.length === 0 ? [undefined] : values;
    return seen.some((value) => matchers.some((matcher) => matcher(value)));
  };
}

function isValue(value: unknown): value is Value {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function compileMatcher(wanted: unknown, place: string): Matcher {
  if (isValue(wanted)) return (value) => value === wanted;
  const entries = Object.entries(record.parse(wanted));
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    throw new Error(`event pattern: ${place} must hold one matcher an object`);
  const [kind, operand] = entry;
  const compile = Object.hasOwn(matcherKinds, kind) ? matcherKinds[kind] : undefined;
  if (compile === undefined) {
    throw new Error(`event pattern: ${place} uses ${kind}, known are ${Object.keys(matcherKinds).join(', ')}`);
  }
  try {
    return compile(operand);
  } catch (error) {
    throw new Error(`event pattern: ${place} has a bad operand for ${kind}: ${JSON.stringify(operand)}`, {
      cause: error,
    });
  }
}

const ignoringCase = z.object({ 'equals-ignore-case': z.string() });

const matcherKinds: Readonly<Record<string, (operand: unknown) => Matcher>> = {
  exists: (operand) => {
    const isWanted = z.boolean().parse(operand);
    return (value) => (value !== undefined) === isWanted;
  },
  prefix: (operand) => onText(edgeTest(operand, (text, edge) => text.startsWith(edge))),
  suffix: (operand) => onText(edgeTest(operand, (text, edge) => text.endsWith(edge))),
  'equals-ignore-case': (operand) => {
    const wanted = z.string().parse(operand).toLowerCase();
    return onText((text) => text.toLowerCase() === wanted);
  },
  wildcard: (operand) => {
    const wanted = wildcardExpression(z.string().parse(operand));
    return onText((text) => wanted.test(text));
  },
  numeric: compileNumeric,
  'anything-but': compileAnythingBut,
};

function onText(test: (text: string) => boolean): Matcher {
  return (value) => typeof value === 'string' && test(value);
}

function edgeTest(operand: unknown, hasEdge: (text: string, edge: string) => boolean): (text: string) => boolean {
  const folded = ignoringCase.safeParse(operand);
  if (!folded.success) return (text) => hasEdge(text, z.string().parse(operand));
  const edge = folded.data['equals-ignore-case'].toLowerCase();
  return (text) => hasEdge(text.toLowerCase(), edge);
}

/** `*` stands for any text; `\*` and `\\` for themselves. */
function wildcardExpression(wildcard: string): RegExp {
  const source = wildcard.replace(/\\[*\\]|\*|[^*\\]+|\\/g, (part) => {
    if (part === '*') return '[^]*';
    const literal = part.length === 2 && part.startsWith('\\') ? part.slice(1) : part;
    return literal.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function compileNumeric(operand: unknown): Matcher {
  const parts = z
    .array(z.union([z.string(), z.number()]))
    .min(2)
    .parse(operand);
  const tests = Array.from({ length: Math.ceil(parts.length / 2) }, (_, index) => {
    const compare = comparisons[z.string().parse(parts[index * 2])];
    const bound = z.number().parse(parts[index * 2 + 1]);
    if (compare === undefined) throw new Error(`expected one of ${Object.keys(comparisons).join(' ')}`);
    return (value: number) => compare(value, bound);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

/** Everything that is there and is not one of these, or does not fit the matcher inside. */
function compileAnythingBut(operand: unknown): Matcher {
  const refused = anythingButMatchers(operand);
  return (value) => value !== undefined && !refused.some((matcher) => matcher(value));
}

function anythingButMatchers(operand: unknown): Matcher[] {
  if (isValue(operand)) return [(value) => value === operand];
  if (Array.isArray(operand)) return operand.flatMap(anythingButMatchers);
  const [kind, inner] = Object.entries(record.parse(operand))[0] ?? [];
  if (kind === undefined || !['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(kind)) {
    throw new Error('expected values, prefix, suffix, equals-ignore-case or wildcard');
  }
  const operands = Array.isArray(inner) ? inner : [inner];
  return operands.map((one) => compileMatcher({ [kind]: one }, 'anything-but'));
}
