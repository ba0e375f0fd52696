// The acceptance check bites: a promise can only be shown by a test that exists and runs.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkAcceptance } from '../../scripts/acceptance/check.ts';
import { readAcceptance } from '../../scripts/acceptance/document.ts';
import { readTestNames } from '../../scripts/acceptance/test-names.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const aTestFile = `
import { describe, it, test } from 'vitest';
it('starts a run', () => {});
it.skip('skips a run', () => {});
describe('a pool', () => {
  it('has room', () => {});
  it.each([1, 2])('counts %i | runs', () => {});
});
describe('a queue', () => {
  it('has room', () => {});
});
describe.skip('a lane', () => {
  it('is full', () => {});
});
test('reads \`one\` state', { timeout: 5 }, async () => {});
`;

let dir: TempDir;

beforeEach(async () => {
  dir = await tempDir();
  await mkdir(path.join(dir.path, 'test/unit'), { recursive: true });
  await mkdir(path.join(dir.path, 'test/nowhere'), { recursive: true });
  await writeFile(path.join(dir.path, 'test/unit/a.test.ts'), aTestFile);
  await writeFile(path.join(dir.path, 'test/nowhere/b.test.ts'), aTestFile);
});

afterEach(() => dir.remove());

describe('checkAcceptance', () => {
  it.each([
    'test/unit/a.test.ts › starts a run',
    '`test/unit/a.test.ts › starts a run`',
    'test/unit/a.test.ts › a pool › has room<br>test/unit/a.test.ts › a queue › has room',
    'test/unit/a.test.ts › counts %i \\| runs',
    'test/unit/a.test.ts › reads `one` state',
    'not met: not built yet',
  ])('accepts %s', async (shownBy) => {
    const findings = await checkAcceptance(aTable(shownBy), dir.path);

    expect(findings.problems).toEqual([]);
  });

  it.each([
    ['test/unit/a.test.ts › ends a run', 'no test named "ends a run" in test/unit/a.test.ts'],
    ['test/unit/a.test.ts › skips a run', '"skips a run" in test/unit/a.test.ts is kept from running by it.skip'],
    ['test/unit/a.test.ts › is full', '"is full" in test/unit/a.test.ts is kept from running by describe.skip'],
    ['test/unit/a.test.ts › has room', '2 tests named "has room" in test/unit/a.test.ts, wanted one'],
    ['test/unit/c.test.ts › starts a run', 'no file test/unit/c.test.ts'],
    ['test/nowhere/b.test.ts › starts a run', 'test/nowhere/b.test.ts is in no part of the suite, so nothing runs it'],
    ['checked by: scripts/none.ts', 'no file scripts/none.ts'],
    [
      'checked by: README.md',
      'checked by README.md, wanted a file of scripts/ or bench/, test/faults/command.ts or .ci/run',
    ],
  ])('refuses %s', async (shownBy, problem) => {
    const findings = await checkAcceptance(aTable(shownBy), dir.path);

    expect(findings.problems).toEqual([`N1: ${problem}`]);
  });

  it('reports the one bad entry of a row that has a good one', async () => {
    const shownBy = 'test/unit/a.test.ts › starts a run<br>test/unit/a.test.ts › gone';

    const findings = await checkAcceptance(aTable(shownBy), dir.path);

    expect(findings.problems).toEqual(['N1: no test named "gone" in test/unit/a.test.ts']);
  });

  it('counts a row with an open part as not met', async () => {
    const markdown = `${aTable('test/unit/a.test.ts › starts a run<br>not met: no browser')}| N2 | b | checked by: scripts/x.ts |\n`;
    await mkdir(path.join(dir.path, 'scripts'));
    await writeFile(path.join(dir.path, 'scripts/x.ts'), '');

    const findings = await checkAcceptance(markdown, dir.path);

    expect(findings).toEqual({ problems: [], shown: 1, notMet: 1 });
  });
});

describe('readAcceptance', () => {
  it.each([
    ['a document without the table', '# nothing\n', 'no rows: wanted a table headed | # | sentence | shown by |'],
    ['a row of two columns', `${aTable('not met: x')}| N2 | b |\n`, 'line 6: 2 columns, wanted 3'],
    ['a number used twice', `${aTable('not met: x')}| N1 | b | not met: x |\n`, 'N1: number used twice'],
    [
      'a row without a number',
      `${aTable('not met: x')}|  | b | not met: x |\n`,
      'line 6: number (none), wanted one like N3 or W3.7',
    ],
    ['a row without a sentence', `${aTable('not met: x')}| N2 |  | not met: x |\n`, 'line 6: N2: no sentence'],
    [
      'evidence of no known kind',
      `${aTable('not met: x')}| N2 | b | by hand |\n`,
      'line 6: N2: shown by "by hand", wanted "path.test.ts › test name", "checked by: file" or "not met: reason"',
    ],
    [
      'not met without a reason',
      `${aTable('not met: x')}| N2 | b | not met: |\n`,
      'line 6: N2: shown by "not met:", wanted "path.test.ts › test name", "checked by: file" or "not met: reason"',
    ],
  ])('refuses %s', (_case, markdown, problem) => {
    expect(readAcceptance(markdown).problems).toEqual([problem]);
  });
});

describe('readTestNames', () => {
  it.each([
    ["it.todo('a')", 'it.todo'],
    ["it('a')", 'having no body'],
    ["it.skipIf(process.platform === 'linux')('a', () => {})", 'it.skipIf'],
    ["it.runIf(false)('a', () => {})", 'it.runIf'],
    ["it.skip.each([1])('a', () => {})", 'it.skip'],
    ["it.fails('a', () => {})", 'it.fails'],
    ["it('a', { skip: true }, () => {})", 'the option skip'],
    ["it('a', ({ skip }) => { skip(); })", 'a skip inside its body'],
    ["it('a', (context) => { if (1) context.skip(); })", 'a skip inside its body'],
    ["it('a', () => {}); it.only('b', () => {})", 'it.only in the same file'],
    ["describe.todo('x', () => { it('a', () => {}) })", 'describe.todo'],
  ])('says what holds back %s', (source, heldBack) => {
    const test = readTestNames(source).find((found) => found.titles.at(-1) === 'a');

    expect(test?.heldBack).toBe(heldBack);
  });

  it.each([
    ["for (const x of [1]) { it('a', () => {}) }", ['a']],
    ["describe('x', () => { describe.each([1])('y', () => { it.for([1])('a', () => {}) }) })", ['x', 'y', 'a']],
    [`it(\`a \${b} c\`, () => {})`, [`a \${b} c`]],
    ["it.concurrent('a', () => {}, 500)", ['a']],
  ])('finds the plain test of %s', (source, titles) => {
    expect(readTestNames(source)).toEqual([{ titles }]);
  });

  it('finds no test in a call that only looks like one', () => {
    expect(readTestNames("/a/.test('a'); exit('a'); submit.it('a', () => {})")).toEqual([]);
  });
});

it('finds this very file in the repository', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const shownBy = 'test/unit/acceptance.test.ts › finds this very file in the repository';

  const findings = await checkAcceptance(aTable(shownBy), root);

  expect(findings).toEqual({ problems: [], shown: 1, notMet: 0 });
});

/** A document of five lines whose last is the row N1. */
function aTable(shownBy: string): string {
  return `# Acceptance\n\n| # | sentence | shown by |\n|---|---|---|\n| N1 | a run ends | ${shownBy} |\n`;
}
