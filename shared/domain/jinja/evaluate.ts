// What an expression of a template is worth. What is missing is undefined and has every member, as Prefect sets it.
import type { Filter } from './filter.ts';
import { formatted } from './filters.ts';
import { memberOf } from './members.ts';
import type { BinaryOperator, Call, Comparison, Expression, Statement } from './syntax.ts';
import { tests } from './tests.ts';
import {
  compare,
  contains,
  isList,
  isSame,
  isSpecial,
  isTrue,
  itemOf,
  itemsOf,
  numberOf,
  RenderError,
  textOf,
  typeName,
  type Value,
} from './value.ts';

export type Scope = { readonly names: Map<string, Value>; readonly parent: Scope | undefined };

export type Evaluation = {
  readonly filters: ReadonlyMap<string, Filter>;
  steps: number;
  length: number;
  depth: number;
  /** Runs statements: macros and blocks need it. */
  readonly run: (statements: readonly Statement[], scope: Scope) => string;
};

const mostSteps = 200_000;
const longestText = 1_000_000;

export function lookUp(scope: Scope, name: string): Value {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.names.has(name)) return at.names.get(name);
  }
  return undefined;
}

export function evaluate(evaluation: Evaluation, expression: Expression, scope: Scope): Value {
  evaluation.steps += 1;
  if (evaluation.steps > mostSteps) throw new RenderError(`the template takes more than ${mostSteps} steps`);
  const of = (inner: Expression) => evaluate(evaluation, inner, scope);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return lookUp(scope, expression.name);
    case 'list':
      return expression.items.map(of);
    case 'dict':
      return Object.fromEntries(expression.entries.map(([key, value]) => [textOf(of(key)), of(value)]));
    case 'attribute':
      return memberOrItem(of(expression.of), expression.name);
    case 'item': {
      const [value, key] = [of(expression.of), of(expression.key)];
      return itemOf(value, key) ?? (typeof key === 'string' ? memberOf(value, key) : undefined);
    }
    case 'slice':
      return sliced(
        of(expression.of),
        expression.parts.map((part) => (part === undefined ? undefined : of(part))),
      );
    case 'call':
      return called(evaluation, expression, scope);
    case 'filter': {
      if (expression.of === undefined) throw new RenderError('a filter stands without a value');
      return filtered(evaluation, expression, { value: of(expression.of), scope });
    }
    case 'test':
      return tested(expression.name, [of(expression.of), ...readArguments(evaluation, expression, scope).positional]);
    case 'not':
      return !isTrue(of(expression.of));
    case 'negative':
      return -numberOf(of(expression.of));
    case 'positive':
      return numberOf(of(expression.of));
    case 'and': {
      const left = of(expression.left);
      return isTrue(left) ? of(expression.right) : left;
    }
    case 'or': {
      const left = of(expression.left);
      return isTrue(left) ? left : of(expression.right);
    }
    case 'binary':
      return calculated(expression.operator, of(expression.left), of(expression.right));
    case 'concat':
      return bounded(expression.parts.map((part) => textOf(of(part))).join(''));
    case 'compare':
      return compared(
        of(expression.first),
        expression.rest.map(({ operator, value }) => ({ operator, value: of(value) })),
      );
    case 'conditional':
      if (isTrue(of(expression.test))) return of(expression.chosen);
      return expression.otherwise === undefined ? undefined : of(expression.otherwise);
  }
}

/** A member first, then an entry of that name, as Jinja looks for `a.b`. */
function memberOrItem(value: Value, name: string): Value {
  return memberOf(value, name) ?? itemOf(value, name);
}

function bounded(text: string): string {
  if (text.length > longestText)
    throw new RenderError(`a text of ${text.length} characters, wanted at most ${longestText}`);
  return text;
}

function compared(first: Value, rest: readonly { readonly operator: Comparison; readonly value: Value }[]): boolean {
  let left = first;
  for (const { operator, value } of rest) {
    if (!holds(operator, left, value)) return false;
    left = value;
  }
  return true;
}

function holds(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return isSame(left, right);
    case '!=':
      return !isSame(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
  }
}

function calculated(operator: BinaryOperator, left: Value, right: Value): Value {
  if (operator === '+') return added(left, right);
  if (operator === '*') return multiplied(left, right);
  if (operator === '%' && typeof left === 'string') return formatted(left, isList(right) ? right : [right]);
  const [one, other] = [numberOf(left), numberOf(right)];
  if (operator === '-') return one - other;
  if (operator === '**') return one ** other;
  if (other === 0) throw new RenderError('division by zero');
  if (operator === '/') return one / other;
  return operator === '//' ? Math.floor(one / other) : one - other * Math.floor(one / other);
}

function added(left: Value, right: Value): Value {
  if (typeof left === 'string' && typeof right === 'string') return bounded(left + right);
  if (isList(left) && isList(right)) return [...left, ...right];
  if (typeof left === 'string' || typeof right === 'string') {
    throw new RenderError(`cannot add ${typeName(left)} and ${typeName(right)}`);
  }
  return numberOf(left) + numberOf(right);
}

function multiplied(left: Value, right: Value): Value {
  const [value, count] = typeof left === 'number' ? [right, left] : [left, right];
  if (typeof value !== 'string' && !isList(value)) return numberOf(left) * numberOf(right);
  const times = Math.max(0, Math.floor(numberOf(count)));
  if (itemsOf(value).length * times > 10_000) throw new RenderError(`${typeName(value)} is repeated too often`);
  return typeof value === 'string' ? value.repeat(times) : Array.from({ length: times }, () => value).flat();
}

function sliced(value: Value, [from, to, by]: readonly Value[]): Value {
  const items = itemsOf(value);
  const step = by === undefined || by === null ? 1 : numberOf(by);
  if (step === 0) throw new RenderError('slice step cannot be zero');
  const place = (bound: Value, fallback: number) => {
    if (bound === undefined || bound === null) return fallback;
    const at = numberOf(bound);
    return Math.min(
      Math.max(at < 0 ? at + items.length : at, step > 0 ? 0 : -1),
      step > 0 ? items.length : items.length - 1,
    );
  };
  const [start, end] =
    step > 0 ? [place(from, 0), place(to, items.length)] : [place(from, items.length - 1), place(to, -1)];
  const chosen: Value[] = [];
  for (let at = start; step > 0 ? at < end : at > end; at += step) chosen.push(items[at]);
  return typeof value === 'string' ? chosen.map(textOf).join('') : chosen;
}

type Given = { readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> };

function readArguments(evaluation: Evaluation, call: Call, scope: Scope): Given {
  const positional = call.positional.flatMap(({ value, isSpread }) => {
    const given = evaluate(evaluation, value, scope);
    return isSpread ? [...itemsOf(given)] : [given];
  });
  return {
    positional,
    named: new Map(call.named.map(({ name, value }) => [name, evaluate(evaluation, value, scope)])),
  };
}

function called(evaluation: Evaluation, expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Value {
  const callee = evaluate(evaluation, expression.of, scope);
  const { positional, named } = readArguments(evaluation, expression, scope);
  const call = isSpecial(callee) ? callee.call : callee;
  if (typeof call !== 'function') throw new RenderError(`${nameOf(expression.of)} is not a function`);
  return call(positional, named);
}

function nameOf(expression: Expression): string {
  if (expression.kind === 'name' || expression.kind === 'attribute') return `'${expression.name}'`;
  return 'the value';
}

export function filtered(
  evaluation: Evaluation,
  filter: Extract<Expression, { kind: 'filter' }>,
  { value, scope }: { readonly value: Value; readonly scope: Scope },
): Value {
  const given = readArguments(evaluation, filter, scope);
  return applied(evaluation, filter.name, { value, ...given });
}

function applied(evaluation: Evaluation, name: string, { value, ...given }: Given & { readonly value: Value }): Value {
  const filter = evaluation.filters.get(name);
  if (filter === undefined) throw new RenderError(`No filter named '${name}'.`);
  const apply = (kind: 'filter' | 'test', other: string, values: readonly Value[]): Value => {
    if (kind === 'test') return tested(other, values);
    const [first, ...positional] = values;
    return applied(evaluation, other, { value: first, positional, named: new Map() });
  };
  return filter(value, { ...given, apply });
}

function tested(name: string, [value, argument]: readonly Value[]): boolean {
  const test = tests.get(name);
  if (test === undefined) throw new RenderError(`No test named '${name}'.`);
  return test(value, argument);
}
