// Fills a parsed template in. The work is bounded: steps, nesting and the length of what comes out.

import type { Evaluation, Scope } from './evaluate.ts';
import type { Filter } from './filter.ts';
import { builtInFilters } from './filters.ts';
import { globals } from './globals.ts';
import { maybeTemplate, parseTemplate } from './parse-template.ts';
import { runStatements } from './statements.ts';
import { RenderError, type Value } from './value.ts';

export type RenderOptions = {
  readonly context: Readonly<Record<string, Value>>;
  /** Beside Jinja's own. */
  readonly filters?: ReadonlyMap<string, Filter>;
};

/**
 * The text that a template makes of its context; a text without marks of a template stays as it is.
 *
 * @throws TemplateError, RenderError
 */
export function renderTemplate(source: string, { context, filters = new Map() }: RenderOptions): string {
  if (!maybeTemplate(source)) return source;
  const evaluation: Evaluation = {
    filters: new Map([...builtInFilters, ...filters]),
    steps: 0,
    length: 0,
    depth: 0,
    run: (statements, scope) => runStatements(evaluation, statements, scope),
  };
  const scope: Scope = { names: new Map([...globals, ...Object.entries(context)]), parent: undefined };
  try {
    return runStatements(evaluation, parseTemplate(source), { names: new Map(), parent: scope });
  } catch (error) {
    if (error instanceof RangeError) throw new RenderError('the template is nested too deeply');
    throw error;
  }
}
