// Which log lines a filter means, its little search language included.
import type { LogLine } from '../catalogue.ts';
import type { AnyOf, Between, IsNull, Maybe, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';

export type LogFilter = WithOperator & {
  readonly level?: Maybe<{ readonly ge_?: Maybe<number>; readonly le_?: Maybe<number> }>;
  readonly timestamp?: Maybe<Between>;
  readonly flow_run_id?: Maybe<AnyOf>;
  readonly task_run_id?: Maybe<AnyOf & IsNull>;
  readonly text?: Maybe<{ readonly query: string }>;
};

export const logFields: FieldTable<LogLine> = {
  level: { read: (line) => line.level },
  timestamp: { read: (line) => line.timestamp },
  flow_run_id: { read: (line) => line.flowRunId },
  task_run_id: { read: (line) => line.taskRunId },
  text: { judge: ({ query }, line) => textConditions(String(query), `${line.message} ${line.name}`) },
};

export function matchesLog(filter: LogFilter, line: LogLine): boolean {
  return meets(logFields, filter, line);
}

/** A sign that stands alone is passed over. */
const term = /[-!+](?=\s|$)|([-!+]?)(?:"((?:\\.|[^"\\])*)"?|([^\s"]+))/g;

/**
 * Terms are separated by spaces, phrases stand in quotes; one of the plain terms must occur, every `+term` must,
 * no `-term` or `!term` may. Case does not matter.
 */
export function matchesText(query: string, text: string): boolean {
  return textConditions(query, text).every(Boolean);
}

/** The conditions one by one: an `or_` beside them takes each for itself, as Prefect's server does. */
function textConditions(query: string, text: string): readonly boolean[] {
  const haystack = text.toLowerCase();
  const terms = [...query.matchAll(term)].flatMap(([, sign = '', phrase, word]) => {
    const wanted = (phrase?.replace(/\\(["\\])/g, '$1') ?? word ?? '').toLowerCase();
    return wanted.trim() === '' ? [] : [{ sign, isThere: haystack.includes(wanted) }];
  });
  const included = terms.filter(({ sign }) => sign === '');
  const excluded = terms.filter(({ sign }) => sign === '-' || sign === '!');
  const required = terms.filter(({ sign }) => sign === '+');
  return [
    ...(included.length === 0 ? [] : [included.some(({ isThere }) => isThere)]),
    ...(excluded.length === 0 ? [] : [excluded.every(({ isThere }) => !isThere)]),
    ...(required.length === 0 ? [] : [required.every(({ isThere }) => isThere)]),
  ];
}
