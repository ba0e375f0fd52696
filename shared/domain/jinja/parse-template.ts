// Statements of Jinja templates: which tags there are, what they hold, and how they end.
// Rule: a template that parses here parses in Prefect, and one that does not is refused with Jinja's words and line.
import { describe, TemplateError, tokenize } from './lexer.ts';
import { parseCall, parseExpression, parseFilter, parseTuple } from './parse-expression.ts';
import type { Branch, Expression, Parameter, Statement, Target, Template } from './syntax.ts';
import { TokenStream } from './token-stream.ts';

/** Prefect's limits of loops. */
const mostLoops = 10;
const deepestLoops = 2;

/** @throws TemplateError */
export function parseTemplate(source: string): Template {
  return new Parser(source).parse();
}

/** What is wrong with a template that somebody wants to save; undefined when nothing is. */
export function templateProblem(source: string): { readonly message: string; readonly line: number } | undefined {
  try {
    return loopProblem(parseTemplate(source));
  } catch (error) {
    if (error instanceof TemplateError) return { message: error.message, line: error.line };
    throw error;
  }
}

function loopProblem(template: Template): { readonly message: string; readonly line: number } | undefined {
  const count = loopsIn(template, (inner) => inner.reduce((sum, loops) => sum + loops, 0));
  const depth = loopsIn(template, (inner) => Math.max(0, ...inner));
  if (count > mostLoops) {
    return {
      message: `Contains ${count} for loops. Templates can contain no more than ${mostLoops} for loops.`,
      line: 0,
    };
  }
  if (depth <= deepestLoops) return undefined;
  const message = `Contains nested for loops at a depth of ${depth}. Templates can nest for loops no more than ${deepestLoops} loops deep.`;
  return { message, line: 0 };
}

function loopsIn(statements: readonly Statement[], combine: (inner: readonly number[]) => number): number {
  return combine(
    statements.map((statement) => {
      const inside = combine(bodiesOf(statement).map((body) => loopsIn(body, combine)));
      return statement.kind === 'for' ? inside + 1 : inside;
    }),
  );
}

function bodiesOf(statement: Statement): readonly (readonly Statement[])[] {
  if (statement.kind === 'if') return [...statement.branches.map(({ body }) => body), statement.otherwise];
  if (statement.kind === 'for') return [statement.body, statement.otherwise];
  return 'body' in statement ? [statement.body] : [];
}

const otherTemplateTags: readonly string[] = ['include', 'import', 'from', 'extends'];

class Parser {
  private readonly stream: TokenStream;
  /** What may end the blocks that are open, from the outside in, and the tag that opened them. */
  private readonly open: { readonly ends: readonly string[]; readonly tag: string }[] = [];

  constructor(source: string) {
    this.stream = new TokenStream(tokenize(source));
  }

  parse(): Template {
    return this.parseUntil([]);
  }

  private parseUntil(ends: readonly string[]): Statement[] {
    const { stream } = this;
    const statements: Statement[] = [];
    for (;;) {
      const token = stream.current;
      if (token.kind === 'end') {
        if (ends.length > 0) this.failTag(undefined);
        return statements;
      }
      stream.next();
      if (token.kind === 'text') statements.push({ kind: 'text', text: token.value });
      else if (token.kind === 'print-begin') {
        statements.push({ kind: 'print', value: parseTuple(stream) });
        stream.expectKind('print-end');
      } else {
        if (ends.length > 0 && stream.isName(...ends)) return statements;
        statements.push(...stream.nested(() => this.parseTag()));
        stream.expectKind('block-end');
      }
    }
  }

  /** The statements up to one of the tags, which is left to be read. */
  private parseBody(tag: string, ends: readonly string[]): Statement[] {
    this.stream.skipOperator(':');
    this.stream.expectKind('block-end');
    this.open.push({ ends, tag });
    const body = this.parseUntil(ends);
    this.open.pop();
    return body;
  }

  private parseWhole(tag: string, end: string): Statement[] {
    const body = this.parseBody(tag, [end]);
    this.stream.expectName(end);
    return body;
  }

  private parseTag(): Statement[] {
    const { stream } = this;
    const { current } = stream;
    if (current.kind !== 'name') return stream.fail('tag name expected');
    const tag = current.value;
    if (otherTemplateTags.includes(tag)) return [this.skipOtherTemplate(tag)];
    const parse = this.tags.get(tag);
    if (parse === undefined) return this.failTag(tag);
    stream.next();
    return parse(tag);
  }

  private readonly tags: ReadonlyMap<string, (tag: string) => Statement[]> = new Map<
    string,
    (tag: string) => Statement[]
  >([
    ['if', () => [this.parseIf()]],
    ['for', () => [this.parseFor()]],
    ['set', () => [this.parseSet()]],
    ['with', () => [this.parseWith()]],
    ['macro', () => [this.parseMacro()]],
    ['call', () => [this.parseCallBlock()]],
    [
      'filter',
      (tag) => [{ kind: 'filter-block', filter: this.parseFilters(), body: this.parseWhole(tag, 'endfilter') }],
    ],
    ['print', () => this.parsePrint()],
    ['autoescape', (tag) => [this.parseScope(tag, () => void parseExpression(this.stream))]],
    ['block', (tag) => [this.parseNamedBlock(tag)]],
  ]);

  private parsePrint(): Statement[] {
    const values: Statement[] = [];
    while (this.stream.current.kind !== 'block-end') {
      if (values.length > 0) this.stream.expectOperator(',');
      values.push({ kind: 'print', value: parseExpression(this.stream) });
    }
    return values;
  }

  private parseScope(tag: string, head: () => void): Statement {
    head();
    return { kind: 'scope', body: this.parseWhole(tag, `end${tag}`) };
  }

  private parseNamedBlock(tag: string): Statement {
    this.stream.expectName();
    const body = this.parseBody(tag, ['endblock']);
    this.stream.expectName('endblock');
    if (this.stream.isName()) this.stream.next();
    return { kind: 'scope', body };
  }

  private parseIf(): Statement {
    const branches: Branch[] = [];
    const ends = ['elif', 'else', 'endif'];
    do {
      const test = parseTuple(this.stream, { conditional: false });
      branches.push({ test, body: this.parseBody('if', ends) });
    } while (this.stream.skipName('elif'));
    const otherwise = this.stream.skipName('else') ? this.parseBody('if', ['endif']) : [];
    this.stream.expectName('endif');
    return { kind: 'if', branches, otherwise };
  }

  private parseFor(): Statement {
    const { stream } = this;
    const target = this.parseTarget({ ends: ['in'] });
    stream.expectName('in');
    const list = parseTuple(stream, { conditional: false, ends: ['recursive'] });
    const filter = stream.skipName('if') ? parseExpression(stream) : undefined;
    const isRecursive = stream.skipName('recursive');
    const body = this.parseBody('for', ['endfor', 'else']);
    const otherwise = stream.skipName('else') ? this.parseBody('for', ['endfor']) : [];
    stream.expectName('endfor');
    return { kind: 'for', target, list, filter, isRecursive, body, otherwise };
  }

  private parseSet(): Statement {
    const target = this.parseTarget({});
    if (this.stream.skipOperator('=')) return { kind: 'set', target, value: parseTuple(this.stream) };
    const filter = this.stream.isOperator('|') ? this.parseFilters() : undefined;
    return { kind: 'set-block', target, filter, body: this.parseWhole('set', 'endset') };
  }

  private parseWith(): Statement {
    const assignments: { target: Target; value: Expression }[] = [];
    while (this.stream.current.kind !== 'block-end') {
      if (assignments.length > 0) this.stream.expectOperator(',');
      const target = this.parseOneTarget();
      this.stream.expectOperator('=');
      assignments.push({ target, value: parseExpression(this.stream) });
    }
    return { kind: 'with', assignments, body: this.parseWhole('with', 'endwith') };
  }

  private parseMacro(): Statement {
    const name = this.stream.expectName();
    const parameters = this.parseParameters();
    return { kind: 'macro', name, parameters, body: this.parseWhole('macro', 'endmacro') };
  }

  private parseCallBlock(): Statement {
    const parameters = this.stream.isOperator('(') ? this.parseParameters() : [];
    const call = parseExpression(this.stream);
    if (call.kind !== 'call') this.stream.fail('expected call');
    return { kind: 'call-block', call, parameters, body: this.parseWhole('call', 'endcall') };
  }

  private parseParameters(): Parameter[] {
    const { stream } = this;
    const parameters: Parameter[] = [];
    stream.expectOperator('(');
    while (!stream.isOperator(')')) {
      if (parameters.length > 0) stream.expectOperator(',');
      const name = stream.expectName();
      const fallback = stream.skipOperator('=') ? parseExpression(stream) : undefined;
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
        stream.fail('non-default argument follows default argument');
      }
      parameters.push({ name, fallback });
    }
    stream.expectOperator(')');
    return parameters;
  }

  /** `a | b`, or `a` alone: a filter block's filter stands without the mark. */
  private parseFilters(): Expression {
    this.stream.skipOperator('|');
    let filter = parseFilter(this.stream, undefined);
    while (this.stream.skipOperator('|')) filter = parseFilter(this.stream, filter);
    return filter;
  }

  private parseTarget({ ends = [] }: { readonly ends?: readonly string[] }): Target {
    const items = [this.parseOneTarget()];
    let hasComma = false;
    while (this.stream.skipOperator(',')) {
      hasComma = true;
      if (ends.length > 0 && this.stream.isName(...ends)) break;
      items.push(this.parseOneTarget());
    }
    const [only] = items;
    return only !== undefined && !hasComma ? only : { kind: 'list', items };
  }

  private parseOneTarget(): Target {
    const { stream } = this;
    if (stream.skipOperator('(')) {
      const target = stream.nested(() => this.parseTarget({}));
      stream.expectOperator(')');
      return target;
    }
    if (!stream.isName()) stream.fail(`Expected an expression, got '${describe(stream.current)}'`);
    const name = stream.expectName();
    if (/^(?:true|false|none)$/i.test(name)) stream.fail("can't assign to 'const'");
    if (!stream.skipOperator('.')) return { kind: 'name', name };
    return { kind: 'member', name, member: stream.expectName() };
  }

  private skipOtherTemplate(tag: string): Statement {
    const { stream } = this;
    stream.next();
    if (tag !== 'extends' && tag !== 'include' && tag !== 'import' && tag !== 'from') stream.unexpected('name');
    parseExpression(stream);
    while (stream.current.kind !== 'block-end') {
      if (stream.current.kind === 'end') stream.unexpected('end of statement block');
      if (stream.isOperator('(')) parseCall(stream);
      else stream.next();
    }
    return { kind: 'other-template', tag };
  }

  private failTag(tag: string | undefined): never {
    const said = tag === undefined ? ['Unexpected end of template.'] : [`Encountered unknown tag '${tag}'.`];
    const inner = this.open.at(-1);
    const wanted = inner?.ends.map((end) => `'${end}'`).join(' or ');
    if (tag !== undefined && inner !== undefined && this.open.some(({ ends }) => ends.includes(tag))) {
      said[0] = `Encountered unknown tag '${tag}'. You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${wanted}.`;
    } else if (inner !== undefined) said.push(`Jinja was looking for the following tags: ${wanted}.`);
    if (inner !== undefined) said.push(`The innermost block that needs to be closed is '${inner.tag}'.`);
    return this.stream.fail(said.join(' '));
  }
}

/** Whether a text has anything of a template; a text without is its own result. */
export function maybeTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}
