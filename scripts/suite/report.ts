// Reads what vitest reported of one part and lays out the closing table.
// Whatever is not a passed test counts against the run: a skipped test, a file that did not load, a crash.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { layOutTable } from './table.ts';

export type PartResult = {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly budgetSeconds: number;
};

export type TestCounts = Pick<PartResult, 'passed' | 'failed' | 'skipped'>;

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

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
  const unloadedFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const skipped = statuses.length - passed - failedTests;
  const seen = failedTests + unloadedFiles;
  return { passed, failed: exitStatus !== 0 && seen === 0 ? 1 : seen, skipped };
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

function sum(results: readonly PartResult[], key: Exclude<keyof PartResult, 'name'>): number {
  return results.reduce((total, part) => total + part[key], 0);
}
