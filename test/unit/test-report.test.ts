// The closing line of `npm test` is trusted: nothing but a passed test may count as one.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  closingLine,
  countTests,
  hasPassed,
  layOutResults,
  listFailures,
  type PartResult,
} from '../../scripts/suite/report.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let dir: TempDir;

beforeEach(async () => {
  dir = await tempDir();
});

afterEach(() => dir.remove());

it.each([
  ['passed tests', 0, [aFile('passed', 'passed', 'passed')], { passed: 2, failed: 0, skipped: 0, failures: [] }],
  [
    'a failed test',
    1,
    [aFile('failed', 'passed', 'failed')],
    { passed: 1, failed: 1, skipped: 0, failures: ['test/a.test.ts: test 1'] },
  ],
  [
    'skipped and todo tests',
    0,
    [aFile('passed', 'skipped', 'todo', 'passed')],
    { passed: 1, failed: 0, skipped: 2, failures: [] },
  ],
  [
    'a file that did not load',
    1,
    [aFile('failed'), aFile('passed', 'passed')],
    { passed: 1, failed: 1, skipped: 0, failures: ['test/a.test.ts: did not load'] },
  ],
  [
    'a failed hook over skipped tests',
    1,
    [aFile('failed', 'skipped')],
    { passed: 0, failed: 1, skipped: 1, failures: ['test/a.test.ts: did not load'] },
  ],
  [
    'an error outside of every test',
    1,
    [aFile('passed', 'passed')],
    { passed: 1, failed: 1, skipped: 0, failures: ['vitest ended with 1'] },
  ],
])('counts %s', async (_case, exitStatus, testResults, counts) => {
  const report = path.join(dir.path, 'report.json');
  await writeFile(report, JSON.stringify({ testResults }));

  const counted = await countTests(report, exitStatus);

  expect(counted).toEqual(counts);
});

it('counts a run without a report as failed', async () => {
  const counted = await countTests(path.join(dir.path, 'none.json'), 1);

  expect(counted).toEqual({ passed: 0, failed: 1, skipped: 0, failures: ['vitest ended with 1'] });
});

it.each([
  [[aPart({ passed: 3 }), aPart({ passed: 4 })], '7 passed, 0 failed', true],
  [[aPart({ passed: 3, failed: 1 })], '3 passed, 1 failed', false],
  [[aPart({ passed: 3, skipped: 1 })], '3 passed, 0 failed, 1 skipped', false],
  [[aPart({})], '0 passed, 0 failed', false],
])('closes %j with its line', (results, line, isPassed) => {
  expect(closingLine(results)).toBe(line);
  expect(hasPassed(results)).toBe(isPassed);
});

it('marks the part that took longer than its budget and no other', () => {
  const lines = layOutResults([aPart({ name: 'api', seconds: 9 }), aPart({ name: 'unit', seconds: 11 })]).split('\n');

  expect(lines.filter((line) => line.includes('over budget'))).toEqual([
    expect.stringMatching(/^unit .*11\.0 +10 +over/),
  ]);
});

it('names each failed test with its file and part, for whoever sees the end of the output alone', () => {
  const failures = ['test/api/a.test.ts: answers', 'test/api/b.test.ts: did not load'];

  expect(listFailures([aPart({}), aPart({ name: 'api', failures })])).toEqual([
    'failed in api: test/api/a.test.ts: answers',
    'failed in api: test/api/b.test.ts: did not load',
  ]);
});

function aFile(status: string, ...tests: readonly string[]) {
  const assertionResults = tests.map((test, place) => ({ status: test, fullName: `test ${place}` }));
  return { name: path.resolve('test/a.test.ts'), status, assertionResults };
}

function aPart(told: Partial<PartResult>): PartResult {
  return { name: 'unit', passed: 0, failed: 0, skipped: 0, failures: [], seconds: 1, budgetSeconds: 10, ...told };
}
