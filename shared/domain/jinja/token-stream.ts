// The tokens of a template, read one after the other, with Jinja's words for what does not belong there.
import { describe, describeKind, type Operator, TemplateError, type Token } from './lexer.ts';

/** Nested deeper than this is no template that a person wrote. */
const deepest = 100;

export class TokenStream {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get current(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    return this.tokens[this.at + ahead] ?? { kind: 'end', line: this.tokens.at(-1)?.line ?? 1 };
  }

  next(): Token {
    const token = this.current;
    this.at += 1;
    return token;
  }

  isOperator(...values: readonly Operator[]): boolean {
    const { current } = this;
    return current.kind === 'operator' && values.includes(current.value);
  }

  isName(...values: readonly string[]): boolean {
    const { current } = this;
    return current.kind === 'name' && (values.length === 0 || values.includes(current.value));
  }

  skipOperator(value: Operator): boolean {
    const found = this.isOperator(value);
    if (found) this.at += 1;
    return found;
  }

  skipName(value: string): boolean {
    const found = this.isName(value);
    if (found) this.at += 1;
    return found;
  }

  expectOperator(value: Operator): void {
    if (!this.skipOperator(value)) this.unexpected(value);
  }

  expectName(value?: string): string {
    const { current } = this;
    if (current.kind !== 'name' || (value !== undefined && current.value !== value)) this.unexpected(value ?? 'name');
    this.at += 1;
    return current.kind === 'name' ? current.value : '';
  }

  expectKind(kind: 'print-end' | 'block-end'): void {
    if (this.current.kind !== kind) this.unexpected(describeKind(kind));
    this.at += 1;
  }

  unexpected(wanted: string): never {
    const { current } = this;
    if (current.kind === 'end') this.fail(`unexpected end of template, expected '${wanted}'.`);
    this.fail(`expected token '${wanted}', got '${describe(current)}'`);
  }

  fail(message: string): never {
    throw new TemplateError(message, this.current.line);
  }

  nested<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > deepest) this.fail('the template is nested too deeply');
    const value = read();
    this.depth -= 1;
    return value;
  }
}
