// Runs the statements of a template. Loops, `with`, macros and blocks have names of their own; `if` has none.
import { type Evaluation, evaluate, filtered, lookUp, type Scope } from './evaluate.ts';
import { createLoop, isNamespace, setMember } from './globals.ts';
import type { Expression, Parameter, Statement, Target } from './syntax.ts';
import { type Callable, isTrue, itemsOf, type List, RenderError, textOf, type Value } from './value.ts';

const longestOutput = 1_000_000;
const deepestCalls = 50;

export function runStatements(evaluation: Evaluation, statements: readonly Statement[], scope: Scope): string {
  let output = '';
  for (const statement of statements) {
    const text = run(evaluation, statement, scope);
    evaluation.length += text.length;
    if (evaluation.length > longestOutput * 4 || output.length > longestOutput) {
      throw new RenderError(`the template makes more than ${longestOutput} characters`);
    }
    output += text;
  }
  return output;
}

function run(evaluation: Evaluation, statement: Statement, scope: Scope): string {
  switch (statement.kind) {
    case 'text':
      return statement.text;
    case 'print':
      return textOf(evaluate(evaluation, statement.value, scope));
    case 'if': {
      const branch = statement.branches.find(({ test }) => isTrue(evaluate(evaluation, test, scope)));
      return runStatements(evaluation, branch?.body ?? statement.otherwise, scope);
    }
    case 'for':
      return runLoop(evaluation, statement, scope);
    case 'set':
      assign(scope, statement.target, evaluate(evaluation, statement.value, scope));
      return '';
    case 'set-block': {
      const text = runStatements(evaluation, statement.body, inner(scope));
      assign(scope, statement.target, throughFilters(evaluation, statement.filter, { text, scope }));
      return '';
    }
    case 'with': {
      const own = inner(scope);
      for (const { target, value } of statement.assignments) assign(own, target, evaluate(evaluation, value, scope));
      return runStatements(evaluation, statement.body, own);
    }
    case 'macro':
      scope.names.set(statement.name, macro(evaluation, statement, scope));
      return '';
    case 'call-block': {
      const caller = macro(evaluation, statement, scope);
      const own = inner(scope);
      own.names.set('caller', caller);
      return textOf(callWithCaller(evaluation, statement.call, { scope: own, caller }));
    }
    case 'filter-block': {
      const text = runStatements(evaluation, statement.body, inner(scope));
      return textOf(throughFilters(evaluation, statement.filter, { text, scope }));
    }
    case 'scope':
      return runStatements(evaluation, statement.body, inner(scope));
    case 'other-template':
      throw new RenderError(`'${statement.tag}' is not possible: there is no other template`);
  }
}

function inner(parent: Scope): Scope {
  return { names: new Map(), parent };
}

function throughFilters(
  evaluation: Evaluation,
  filter: Expression | undefined,
  { text, scope }: { readonly text: string; readonly scope: Scope },
): Value {
  if (filter === undefined || filter.kind !== 'filter') return text;
  const value = filter.of === undefined ? text : throughFilters(evaluation, filter.of, { text, scope });
  return filtered(evaluation, filter, { value, scope });
}

/** Names go into the scope they are set in; members only into a namespace. */
function assign(scope: Scope, target: Target, value: Value): void {
  if (target.kind === 'name') {
    scope.names.set(target.name, value);
    return;
  }
  if (target.kind === 'member') {
    const namespace = lookUp(scope, target.name);
    if (!isNamespace(namespace)) throw new RenderError('cannot assign attribute on non-namespace object');
    setMember(namespace, target.member, value);
    return;
  }
  const items = itemsOf(value);
  if (items.length !== target.items.length) {
    throw new RenderError(`${target.items.length} values were wanted, got ${items.length}`);
  }
  for (const [at, item] of target.items.entries()) assign(scope, item, items[at]);
}

function runLoop(evaluation: Evaluation, loop: Extract<Statement, { kind: 'for' }>, scope: Scope): string {
  return walk(evaluation, loop, { items: itemsOf(evaluate(evaluation, loop.list, scope)), scope, depth: 1 });
}

type Walk = { readonly items: List; readonly scope: Scope; readonly depth: number };

function walk(
  evaluation: Evaluation,
  loop: Extract<Statement, { kind: 'for' }>,
  { items, scope, depth }: Walk,
): string {
  const { filter, target } = loop;
  const chosen = items.filter((item) => {
    if (filter === undefined) return true;
    const own = inner(scope);
    assign(own, target, item);
    return isTrue(evaluate(evaluation, filter, own));
  });
  if (chosen.length === 0) return runStatements(evaluation, loop.otherwise, scope);
  const again: Callable = ([list]) =>
    deeper(evaluation, () => walk(evaluation, loop, { items: itemsOf(list), scope, depth: depth + 1 }));
  const state = createLoop(chosen, depth, loop.isRecursive ? again : undefined);
  let output = '';
  for (const [at, item] of chosen.entries()) {
    const own = inner(scope);
    assign(own, target, item);
    own.names.set('loop', state.at(at));
    output += runStatements(evaluation, loop.body, own);
  }
  return output;
}

type Callee = { readonly parameters: readonly Parameter[]; readonly body: readonly Statement[] };

function macro(evaluation: Evaluation, { parameters, body }: Callee, scope: Scope): Callable {
  return (positional, named) =>
    deeper(evaluation, () => {
      const own = inner(scope);
      for (const [at, { name, fallback }] of parameters.entries()) {
        const given = at < positional.length ? positional[at] : named.get(name);
        own.names.set(name, given ?? (fallback === undefined ? undefined : evaluate(evaluation, fallback, own)));
      }
      if (named.has('caller')) own.names.set('caller', named.get('caller'));
      own.names.set('varargs', positional.slice(parameters.length));
      return evaluation.run(body, own);
    });
}

function deeper(evaluation: Evaluation, work: () => string): string {
  evaluation.depth += 1;
  if (evaluation.depth > deepestCalls)
    throw new RenderError(`macros and loops call each other more than ${deepestCalls} deep`);
  const text = work();
  evaluation.depth -= 1;
  return text;
}

function callWithCaller(
  evaluation: Evaluation,
  call: Expression,
  { scope, caller }: { readonly scope: Scope; readonly caller: Callable },
): Value {
  if (call.kind !== 'call') throw new RenderError('expected call');
  const callee = evaluate(evaluation, call.of, scope);
  if (typeof callee !== 'function') throw new RenderError('the value of a call block is not a function');
  const positional = call.positional.map(({ value }) => evaluate(evaluation, value, scope));
  const named = new Map(call.named.map(({ name, value }) => [name, evaluate(evaluation, value, scope)]));
  return callee(positional, named.set('caller', caller));
}
