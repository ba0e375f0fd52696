// Writes down each call that a test of the api makes, for docs/prefect-coverage.md: `node scripts/record-calls.ts`.
// Rule: ids and times are left out, so that two answers differ only where stored data or the request does.

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { createRouter } from '../../lambdas/api/router.ts';
import type { RecordedCall } from '../../scripts/openapi/recorded-calls.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly sent: unknown;
  readonly status: number;
  readonly answered: unknown;
};

const folder = process.env['SLIPWAY_CALLS_FOLDER'];
const find = createRouter(allRoutes);
const changing =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?/gi;

/** Does nothing unless the recording was asked for, or when no test runs (a hook prepares its ground). */
export function recordCall(seen: Seen): void {
  const { currentTestName, testPath } = expect.getState();
  if (folder === undefined || currentTestName === undefined || testPath === undefined) return;
  const found = find(seen.method, seen.path);
  if (found === undefined) return;
  const call: RecordedCall = {
    operation: `${seen.method} ${found.route.path.replaceAll('+}', '}')}`,
    test: { file: path.relative(process.cwd(), testPath), name: currentTestName },
    request: digest([seen.path, seen.query, seen.sent]),
    status: seen.status,
    isEmpty: isEmpty(seen.answered),
    answer: digest([seen.status, seen.answered]),
  };
  // One file a worker: lines of two processes would run into each other.
  appendFileSync(path.join(folder, `${process.pid}.jsonl`), `${JSON.stringify(call)}\n`);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value).replaceAll(changing, '')).digest('hex').slice(0, 16);
}

/** Nothing, zero, or a list or object that holds nothing else: what a server answers that stores nothing. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}
