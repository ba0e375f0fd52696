// Which log lines a filter means, its little search language included.
import type { LogLine } from '../catalogue.ts';
import {
  type AnyOf,
  all,
  anyOf,
  type Between,
  between,
  combine,
  given,
  type IsNull,
  isNull,
  type Maybe,
  type WithOperator,
} from './condition.ts';

export type LogFilter = WithOperator & {
  readonly level?: Maybe<{ readonly ge_?: Maybe<number>; readonly le_?: Maybe<number> }>;
  readonly timestamp?: Maybe<Between>;
  readonly flow_run_id?: Maybe<AnyOf>;
  readonly task_run_id?: Maybe<AnyOf & IsNull>;
  readonly text?: Maybe<{ readonly query: string }>;
};

export function matchesLog(filter: LogFilter, line: LogLine): boolean {
  return combine(filter.operator, [
    given(filter.level, ({ ge_: least, le_: most }) =>
      all([given(least, (level) => line.level >= level), given(most, (level) => line.level <= level)]),
    ),
    given(filter.timestamp, (bounds) => between(bounds, line.timestamp)),
    given(filter.flow_run_id, ({ any_: ids }) => anyOf(ids, line.flowRunId) ?? true),
    given(filter.task_run_id, (id) => all([anyOf(id.any_, line.taskRunId), isNull(id.is_null_, line.taskRunId)])),
    given(filter.text, ({ query }) => matchesText(query, `${line.message} ${line.name}`)),
  ]);
}

const term = /([-!+]?)(?:"((?:\\.|[^"\\])*)"?|(\S+))/g;

/**
 * Terms are separated by spaces, phrases stand in quotes; one of the plain terms must occur, every `+term` must,
 * no `-term` or `!term` may. Case does not matter.
 */
export function matchesText(query: string, text: string): boolean {
  const haystack = text.toLowerCase();
  const terms = [...query.matchAll(term)].flatMap(([, sign = '', phrase, word]) => {
    const wanted = (phrase?.replace(/\\(["\\])/g, '$1') ?? word ?? '').toLowerCase();
    return wanted.trim() === '' ? [] : [{ sign, isThere: haystack.includes(wanted) }];
  });
  const plain = terms.filter(({ sign }) => sign === '');
  return (
    (plain.length === 0 || plain.some(({ isThere }) => isThere)) &&
    terms.every(({ sign, isThere }) => (sign === '+' ? isThere : sign === '' || !isThere))
  );
}
