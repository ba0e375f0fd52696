// `npm test` itself, run as a program: which parts it runs, how it ends, what it answers.

import { spawn } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const passing = "import { expect, it } from 'vitest';\nit('adds', () => { expect(1 + 1).toBe(2); });\n";

let dir: TempDir;

beforeEach(async () => {
  dir = await tempDir();
  for (const file of ['package.json', 'vitest.config.ts', 'scripts']) {
    await cp(path.join(root, file), path.join(dir.path, file), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(dir.path, 'node_modules'));
  await aTestFile('unit/a', passing);
  await aTestFile('api/b', passing);
});

afterEach(() => dir.remove());

it('ends with the table of parts and the closing line', async () => {
  const run = await runTests();

  const lines = run.output.trimEnd().split('\n');
  expect(lines.slice(-6)).toEqual([
    'part  passed  failed  skipped  seconds  budget',
    expect.stringMatching(/^unit +1 +0 +0 +\d+\.\d +120$/),
    expect.stringMatching(/^api +1 +0 +0 +\d+\.\d +180$/),
    expect.stringMatching(/^all +2 +0 +0 +\d+\.\d +300$/),
    '',
    '2 passed, 0 failed',
  ]);
  expect(run.status).toBe(0);
});

it('runs the named part alone', async () => {
  const run = await runTests('api');

  expect(run.output).toContain('test/api/b.test.ts');
  expect(run.output).not.toContain('test/unit/a.test.ts');
  expect(run.output.trimEnd()).toMatch(/\n1 passed, 0 failed$/);
});

it('hands further arguments to vitest', async () => {
  await aTestFile('unit/c', passing.replace('adds', 'subtracts'));

  const run = await runTests('unit', '-t', 'subtracts');

  expect(run.output.trimEnd()).toMatch(/\n1 passed, 0 failed$/);
  expect(run.status).toBe(0);
});

it.each([
  ['a failed test', passing.replace('toBe(2)', 'toBe(3)'), '1 passed, 1 failed'],
  ['a skipped test', passing.replace('it(', 'it.skip('), '1 passed, 0 failed, 1 skipped'],
  ['a file that does not load', "import './gone.ts';\n", '1 passed, 1 failed'],
  ['a file without a test', 'export {};\n', '1 passed, 1 failed'],
  ['a lone .only', passing.replace('it(', 'it.only('), '1 passed, 1 failed'],
])('answers 1 for %s', async (_case, source, closing) => {
  await aTestFile('unit/c', source);

  const run = await runTests('unit');

  expect(run.output.trimEnd().split('\n').at(-1)).toBe(closing);
  expect(run.status).toBe(1);
});

it('answers 2 for a part it does not know, and names those it knows', async () => {
  const run = await runTests('nothing');

  expect(run.output).toBe(
    'no test part named nothing: wanted one of unit, api, prefect, differential, fuzz, faults, stack, cdk, browser\n',
  );
  expect(run.status).toBe(2);
});

it('refuses to leave out a test file that lies in no part', async () => {
  await aTestFile('elsewhere/d', passing);

  const run = await runTests();

  expect(run.output).toBe('no part of the suite runs test/elsewhere/d.test.ts: see scripts/suite/parts.ts\n');
  expect(run.status).toBe(1);
});

async function aTestFile(name: string, source: string): Promise<void> {
  const file = path.join(dir.path, 'test', `${name}.test.ts`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, source);
}

async function runTests(...given: readonly string[]): Promise<{ output: string; status: number | null }> {
  // A vitest that is started by vitest must not take itself for one of its workers.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST$)/.test(name)),
  );
  const child = spawn(process.execPath, ['scripts/test.ts', ...given], { cwd: dir.path, env });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output, status };
}
