// DynamoDB's expressions, as far as the stores use them: parsed once a text, then asked about items.
// Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and functions", "Update expressions".

export type Item = Record<string, unknown>;

export type Terms = {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
};

type Value = (item: Item, terms: Terms) => unknown;
type Condition = (item: Item, terms: Terms) => boolean;

const conditions = new Map<string, Condition>();
const updates = new Map<string, (item: Item, terms: Terms) => void>();

/** Whether the item (none: an empty one) meets the condition. */
export function meets(expression: string | undefined, item: Item | undefined, terms: Terms): boolean {
  if (expression === undefined) return true;
  const known = conditions.get(expression) ?? parseCondition(expression);
  conditions.set(expression, known);
  return known(item ?? {}, terms);
}

/** The item after the update; the old one is left as it is. */
export function updated(expression: string, item: Item, terms: Terms): Item {
  const known = updates.get(expression) ?? parseUpdate(expression);
  updates.set(expression, known);
  const after = { ...item };
  known(after, terms);
  return after;
}

/** The attributes that a projection names. */
export function projected(expression: string | undefined, item: Item, terms: Terms): Item {
  if (expression === undefined) return { ...item };
  const names = expression.split(',').map((name) => resolveName(name.trim(), terms));
  return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}

const resolveName = (name: string, { ExpressionAttributeNames: names }: Terms): string => names?.[name] ?? name;

/** Numbers as numbers, text by its bytes, which for the keys of the stores is the order of code units. */
export function compare(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [left, right] = [String(one), String(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

type Reader = { peek(): string | undefined; take(): string; expect(token: string): void };

function readerOf(expression: string): Reader {
  const tokens = expression.match(/[#:]?[A-Za-z_][\w]*|<>|<=|>=|[=<>(),+-]/g) ?? [];
  let at = 0;
  const take = (): string => {
    const token = tokens[at];
    if (token === undefined) throw new Error(`expression ends too early: ${expression}`);
    at += 1;
    return token;
  };
  return {
    peek: () => tokens[at],
    take,
    expect(token) {
      const seen = take();
      if (seen.toUpperCase() !== token) throw new Error(`wanted ${token}, saw ${seen} in: ${expression}`);
    },
  };
}

function isWord(reader: Reader, word: string): boolean {
  return reader.peek()?.toUpperCase() === word;
}

function parseCondition(expression: string): Condition {
  const reader = readerOf(expression);
  const condition = parseOr(reader);
  if (reader.peek() !== undefined) throw new Error(`not understood: ${expression}`);
  return condition;
}

function parseOr(reader: Reader): Condition {
  const parts = [parseAnd(reader)];
  while (isWord(reader, 'OR')) {
    reader.take();
    parts.push(parseAnd(reader));
  }
  return (item, terms) => parts.some((part) => part(item, terms));
}

function parseAnd(reader: Reader): Condition {
  const parts = [parseOne(reader)];
  while (isWord(reader, 'AND')) {
    reader.take();
    parts.push(parseOne(reader));
  }
  return (item, terms) => parts.every((part) => part(item, terms));
}

function parseOne(reader: Reader): Condition {
  const token = reader.take();
  switch (token) {
    case 'NOT': {
      const inner = parseOne(reader);
      return (item, terms) => !inner(item, terms);
    }
    case '(': {
      const inner = parseOr(reader);
      reader.expect(')');
      return inner;
    }
    case 'attribute_exists':
    case 'attribute_not_exists': {
      const [name = ''] = parseNames(reader);
      const isWanted = token === 'attribute_exists';
      return (item, terms) => (item[resolveName(name, terms)] !== undefined) === isWanted;
    }
    case 'begins_with': {
      const [name = '', prefix = ''] = parseNames(reader);
      const [whole, start] = [operandOf(name), operandOf(prefix)];
      return (item, terms) => String(whole(item, terms) ?? '').startsWith(String(start(item, terms)));
    }
    default:
      return parseComparison(operandOf(token), reader);
  }
}

function parseNames(reader: Reader): string[] {
  reader.expect('(');
  const names = [reader.take()];
  while (reader.peek() === ',') {
    reader.take();
    names.push(reader.take());
  }
  reader.expect(')');
  return names;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function parseComparison(left: Value, reader: Reader): Condition {
  const operator = reader.take();
  if (operator.toUpperCase() === 'BETWEEN') {
    const low = operandOf(reader.take());
    reader.expect('AND');
    const high = operandOf(reader.take());
    return (item, terms) => {
      const value = left(item, terms);
      if (value === undefined) return false;
      return compare(value, low(item, terms)) >= 0 && compare(value, high(item, terms)) <= 0;
    };
  }
  if (operator.toUpperCase() === 'IN') {
    const values = parseNames(reader).map(operandOf);
    return (item, terms) => values.some((value) => left(item, terms) === value(item, terms));
  }
  const holds = comparisons[operator];
  if (holds === undefined) throw new Error(`no comparison ${operator}`);
  const right = operandOf(reader.take());
  return (item, terms) => {
    const [one, other] = [left(item, terms), right(item, terms)];
    // What is not there compares with nothing.
    return one !== undefined && other !== undefined && typeof one === typeof other && holds(compare(one, other));
  };
}

function operandOf(token: string): Value {
  return token.startsWith(':')
    ? (_, { ExpressionAttributeValues: values }) => values?.[token]
    : (item, terms) => item[resolveName(token, terms)];
}

function parseUpdate(expression: string): (item: Item, terms: Terms) => void {
  const reader = readerOf(expression);
  const actions: ((item: Item, terms: Terms) => void)[] = [];
  let clause = '';
  while (reader.peek() !== undefined) {
    if (['SET', 'REMOVE', 'ADD'].some((word) => isWord(reader, word))) clause = reader.take().toUpperCase();
    actions.push(parseAction(clause, reader));
    if (reader.peek() === ',') reader.take();
  }
  return (item, terms) => {
    for (const act of actions) act(item, terms);
  };
}

function parseAction(clause: string, reader: Reader): (item: Item, terms: Terms) => void {
  const name = reader.take();
  if (clause === 'REMOVE') {
    return (item, terms) => {
      delete item[resolveName(name, terms)];
    };
  }
  if (clause === 'SET') reader.expect('=');
  const value = operandOf(reader.take());
  if (clause === 'SET') {
    return (item, terms) => {
      item[resolveName(name, terms)] = value(item, terms);
    };
  }
  return (item, terms) => {
    const at = resolveName(name, terms);
    item[at] = Number(item[at] ?? 0) + Number(value(item, terms));
  };
}
