// Runs the tests of the api and writes down which of them show each operation: test/contract/recorded-calls.json.
// Run it when operations or their tests changed, then `node scripts/openapi.ts` for the page made of it.
// `--from FOLDER` takes the calls of a run that there was: `SLIPWAY_CALLS_FOLDER=FOLDER npm test -- api`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readTestNames, sourceTitle } from './acceptance/test-names.ts';
import { traitsOf } from './openapi/document.ts';
import { type RecordedCall, recordedCall, showOperations } from './openapi/recorded-calls.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = path.join(root, 'test/contract/recorded-calls.json');

function runTests(folder: string): void {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project=api', '--configLoader=native'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SLIPWAY_CALLS_FOLDER: folder },
  });
  if (status !== 0) throw new Error('tests of the api fail, so what they show cannot be recorded');
}

function readCalls(folder: string): RecordedCall[] {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => recordedCall.parse(JSON.parse(line))),
  );
}

/** The same calls with the names of tests as their files write them. */
function named(calls: readonly RecordedCall[]): RecordedCall[] {
  const files = [...new Set(calls.map(({ test }) => test.file))];
  const tests = new Map(files.map((file) => [file, readTestNames(readFileSync(path.join(root, file), 'utf8'))]));
  return calls.map((call) => {
    const { file, name } = call.test;
    const title = sourceTitle(tests.get(file) ?? [], name);
    if (title === undefined) throw new Error(`${file} has no test that could be named "${name}"`);
    return { ...call, test: { file, name: title } };
  });
}

function write(calls: readonly RecordedCall[]): void {
  const shown = showOperations(named(calls), traitsOf);
  writeFileSync(target, `${JSON.stringify(shown, null, 2)}\n`);
  spawnSync(path.join(root, 'node_modules/.bin/biome'), ['format', '--write', target], { stdio: 'inherit' });
  console.log(`${Object.keys(shown).length} operations were called`);
}

const { values } = parseArgs({ options: { from: { type: 'string' } } });
const folder = values.from ?? mkdtempSync(path.join(tmpdir(), 'slipway-calls-'));
try {
  if (values.from === undefined) runTests(folder);
  write(readCalls(folder));
} finally {
  if (values.from === undefined) rmSync(folder, { recursive: true, force: true });
}
