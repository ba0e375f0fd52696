// Reads what vitest reported of one part and lays out the closing table.
// Whatever is not a passed test counts against the run: a skipped test, a file that did not load, a crash.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { layOutTable } from './table.ts';

export type PartResult = {
  readonly name: string;
  /** Names of the failed tests with their files, and files that did not load. */
  readonly failures: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly budgetSeconds: number;
};

export type TestCounts = Pick<PartResult, 'passed' | 'failed' | 'skipped' | 'failures'>;

const root = fileURLToPath(new URL('../..', import.meta.url));

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

type VitestFile = z.output<typeof vitestReport>['testResults'][number];

/**
 * Counts the tests of one vitest run from its JSON report.
 * A run that ended badly without a failed test (no report, a file that did not load, an unhandled error) counts as
 * one failed test at least.
 */
export async function countTests(reportFile: string, exitStatus: number): Promise<TestCounts> {
  const text = await readFile(reportFile, 'utf8').catch(() => '{"testResults":[]}');
  const report = vitestReport.parse(JSON.parse(text));
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  const skipped = statuses.length - passed - failedTests;
  const failures = report.testResults.flatMap(failuresOf);
  if (exitStatus !== 0 && failures.length === 0) failures.push(`vitest ended with ${exitStatus}`);
  return { passed, failed: failures.length, skipped, failures };
}

function failuresOf({ name, status, assertionResults }: VitestFile): string[] {
  const file = path.relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [`${file}: did not load`];
  return failed.map(({ fullName }) => `${file}: ${fullName}`);
}

/** The closing table: one row a part and a last one for all. */
export function layOutResults(results: readonly PartResult[]): string {
  const rows = results.map((part) => [
    part.name,
    part.passed,
    part.failed,
    part.skipped,
    part.seconds.toFixed(1),
    part.budgetSeconds,
    part.seconds > part.budgetSeconds ? 'over budget' : '',
  ]);
  const all = ['all', sum(results, 'passed'), sum(results, 'failed'), sum(results, 'skipped')];
  const times = [sum(results, 'seconds').toFixed(1), sum(results, 'budgetSeconds')];
  return layOutTable([['part', 'passed', 'failed', 'skipped', 'seconds', 'budget'], ...rows, [...all, ...times]]);
}

/** A line for each failed test, so that nobody has to look for them in what was printed before. */
export function listFailures(results: readonly PartResult[]): readonly string[] {
  return results.flatMap(({ name, failures }) => failures.map((failure) => `failed in ${name}: ${failure}`));
}

/** The very last line of a run: `12 passed, 0 failed`. */
export function closingLine(results: readonly PartResult[]): string {
  const skipped = sum(results, 'skipped');
  const line = `${sum(results, 'passed')} passed, ${sum(results, 'failed')} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

/** Whether every test of the run ran and passed. */
export function hasPassed(results: readonly PartResult[]): boolean {
  return sum(results, 'passed') > 0 && sum(results, 'failed') === 0 && sum(results, 'skipped') === 0;
}

function sum(results: readonly PartResult[], key: Exclude<keyof PartResult, 'name' | 'failures'>): number {
  return results.reduce((total, part) => total + part[key], 0);
}
