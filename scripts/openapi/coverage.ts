// docs/prefect-coverage.md: every operation of Prefect's API with the tests that show it, made from recorded calls.
// Rule: an operation that is not shown in full stands there with what is missing and why, or the check fails.

import { coverageReasons } from './coverage-reasons.ts';
import type { Operation } from './document.ts';
import { findPrefect, keyOf, type PrefectOperation } from './drift.ts';
import { missingOf, type Recording, type Shown } from './recorded-calls.ts';

export type CoverageFacts = { readonly version: string; readonly operations: readonly PrefectOperation[] };

type Row = {
  readonly key: string;
  readonly name: string;
  readonly shown: Shown | undefined;
  readonly missing: readonly string[];
  readonly reason: string | undefined;
};

function rowsOf(facts: CoverageFacts, recording: Recording): Row[] {
  const byKey = new Map(Object.entries(recording).map(([operation, shown]) => [keyOf(operation), shown]));
  return facts.operations.map((operation) => {
    const key = `${operation.method} ${operation.path}`;
    const shown = byKey.get(keyOf(key));
    const reason = coverageReasons.find(({ operations }) => operations.includes(key))?.reason;
    return { key, name: operation.name, shown, missing: missingOf(shown), reason };
  });
}

/** One sentence for each operation that is neither shown nor excused, or excused without need. */
export function coverageProblems(facts: CoverageFacts, recording: Recording): string[] {
  const rows = rowsOf(facts, recording);
  const known = new Set(rows.map(({ key }) => key));
  return [
    ...rows.flatMap(({ key, missing, reason }) => {
      if (missing.length > 0 && reason === undefined) return [`${key}: no test of the api gets ${missing.join(', ')}`];
      if (missing.length === 0 && reason !== undefined) return [`${key}: is shown, and needs no reason any more`];
      return [];
    }),
    ...coverageReasons
      .flatMap(({ operations }) => operations)
      .filter((key) => !known.has(key))
      .map((key) => `${key}: has a reason, but Prefect has no such operation`),
  ];
}

export function coveragePage(ours: readonly Operation[], facts: CoverageFacts, recording: Recording): string {
  const rows = rowsOf(facts, recording);
  const open = rows.filter(({ missing }) => missing.length > 0);
  const served = new Set(ours.map((operation) => findPrefect(operation, facts.operations)).filter(Boolean));
  return [
    '# Prefect’s REST API: what is served',
    '',
    '<!-- Written by scripts/openapi.ts. -->',
    '',
    `Compared with Prefect ${facts.version}: ${served.size} of ${facts.operations.length} operations are served, and tests show ${rows.length - open.length} of them in full.`,
    'An operation is shown in full when tests of the api got a non-empty answer, another answer to the same request (so that what is stored decides), and a 404 or 422. Their calls are recorded by `node scripts/record-calls.ts`.',
    '',
    'Every other path answers 404 `{"detail":"Not Found"}`. Where answers differ on purpose stands in [kept-differences.md](kept-differences.md).',
    '',
    '## Not shown in full',
    '',
    ...(open.length === 0
      ? ['None.']
      : [
          '| Operation | Missing | Why |',
          '|---|---|---|',
          ...open.map(({ key, missing, reason }) => `| \`${key}\` | ${missing.join(', ')} | ${reason ?? ''} |`),
        ]),
    '',
    '## Operations',
    '',
    '| Operation | Function | Answer | Changes | Refusal |',
    '|---|---|---|---|---|',
    ...rows.map(({ key, name, shown }) => `| ${[`\`${key}\``, `\`${name}\``, ...cellsOf(shown)].join(' | ')} |`),
    '',
  ].join('\n');
}

function cellsOf(shown: Shown | undefined): string[] {
  return [shown?.answer, shown?.change, shown?.refusal].map((seen) =>
    seen === undefined ? '' : `${seen.status}: ${shortly(seen.test)}`,
  );
}

/** Without the folder that all have in common; a bar would end the cell. */
function shortly(test: string): string {
  return test.replace('test/api/', '').replace('.test.ts', '').replaceAll('|', '\\|');
}
