// Reads the names of the tests in a test file from its source, without running it.
// A test that would not run, for whatever reason the source shows, says so.

import ts from 'typescript';

export type TestCase = {
  /** Titles from the outermost `describe` to the test, as written: `%s` and `${…}` stay. */
  readonly titles: readonly string[];
  /** What keeps it from running as a plain test, such as `it.skip`. */
  readonly heldBack?: string;
};

const testWords = new Set(['it', 'test']);
const suiteWords = new Set(['describe', 'suite']);
const holdingWords = new Set(['skip', 'todo', 'only', 'skipIf', 'runIf', 'fails']);

type Declaration = {
  readonly kind: 'test' | 'suite';
  readonly title: string;
  readonly heldBack: string | undefined;
  readonly body: ts.Node | undefined;
};

/** All tests of one source text; the name is for messages only. */
export function readTestNames(source: string): readonly TestCase[] {
  const file = ts.createSourceFile('any.test.ts', source, ts.ScriptTarget.Latest, true);
  const found: TestCase[] = [];
  const visit = (node: ts.Node, titles: readonly string[], heldBack: string | undefined): void => {
    const declared = ts.isCallExpression(node) ? readDeclaration(node) : undefined;
    if (declared === undefined) {
      ts.forEachChild(node, (child) => visit(child, titles, heldBack));
      return;
    }
    const reason = heldBack ?? declared.heldBack;
    const path = [...titles, declared.title];
    if (declared.kind === 'test') found.push({ titles: path, ...(reason === undefined ? {} : { heldBack: reason }) });
    else if (declared.body !== undefined) visit(declared.body, path, reason);
  };
  visit(file, [], undefined);
  return markOthersOfOnly(found);
}

/** The titles, joined by ` › `, of the test that runs under a name: its titles joined by ` > `, with its cases filled in. */
export function sourceTitle(tests: readonly TestCase[], name: string): string | undefined {
  const patternOf = ({ titles }: TestCase) =>
    new RegExp(
      `^${titles
        .map((title) =>
          title
            .split(/%[a-z#]|\$[\w.]+|\$\{[^}]*\}/i)
            .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
            .join('.*'),
        )
        .join(' > ')}$`,
      's',
    );
  // The plainest title that fits: one with blanks fits the names of others, too.
  const fitting = tests.filter((test) => patternOf(test).test(name)).map(({ titles }) => titles.join(' › '));
  return fitting.sort((one, other) => other.length - one.length)[0];
}

/** `.only` anywhere keeps every other test of the file from running. */
function markOthersOfOnly(tests: readonly TestCase[]): readonly TestCase[] {
  const only = tests.find((test) => test.heldBack?.endsWith('.only'));
  if (only === undefined) return tests;
  return tests.map((test) => ({ heldBack: `${only.heldBack} in the same file`, ...test }));
}

function readDeclaration(call: ts.CallExpression): Declaration | undefined {
  const words = calleeWords(call.expression);
  const first = words[0] ?? '';
  const kind = testWords.has(first) ? 'test' : suiteWords.has(first) ? 'suite' : undefined;
  const title = call.arguments[0] === undefined ? undefined : readTitle(call.arguments[0]);
  if (kind === undefined || title === undefined) return undefined;
  const body = call.arguments.find((argument) => ts.isArrowFunction(argument) || ts.isFunctionExpression(argument));
  return { kind, title, body, heldBack: reasonHeldBack(call, words, body) };
}

function reasonHeldBack(
  call: ts.CallExpression,
  words: readonly string[],
  body: ts.ArrowFunction | ts.FunctionExpression | undefined,
): string | undefined {
  const word = words.find((candidate) => holdingWords.has(candidate));
  if (word !== undefined) return `${words[0]}.${word}`;
  const option = call.arguments
    .filter((argument) => ts.isObjectLiteralExpression(argument))
    .flatMap((argument) => argument.properties.map((property) => property.name?.getText() ?? ''))
    .find((name) => holdingWords.has(name));
  if (option !== undefined) return `the option ${option}`;
  if (call.arguments.length < 2) return 'having no body';
  return body !== undefined && usesSkip(body) ? 'a skip inside its body' : undefined;
}

/** Whether a test takes `skip` from its context: `({ skip }) =>` or `(context) => context.skip()`. */
function usesSkip(body: ts.ArrowFunction | ts.FunctionExpression): boolean {
  const context = body.parameters[0]?.name;
  if (context === undefined) return false;
  if (ts.isObjectBindingPattern(context)) {
    return context.elements.some((element) => (element.propertyName ?? element.name).getText() === 'skip');
  }
  const hasSkip = (node: ts.Node): boolean =>
    (ts.isPropertyAccessExpression(node) &&
      node.name.text === 'skip' &&
      node.expression.getText() === context.getText()) ||
    ts.forEachChild(node, hasSkip) === true;
  return hasSkip(body.body);
}

/** The words of a callee, `it.skip.each(cases)` giving it, skip, each; empty for anything else. */
function calleeWords(callee: ts.Expression): readonly string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) {
    const before = calleeWords(callee.expression);
    return before.length === 0 ? [] : [...before, callee.name.text];
  }
  if (ts.isCallExpression(callee)) return calleeWords(callee.expression);
  if (ts.isTaggedTemplateExpression(callee)) return calleeWords(callee.tag);
  return [];
}

function readTitle(argument: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(argument)) return argument.text;
  if (ts.isTemplateExpression(argument)) return argument.getText().slice(1, -1);
  return undefined;
}
