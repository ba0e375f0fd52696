// Everything that can be checked without running a test: `npm run check`.
// Every step runs whatever became of the others; a step that cannot run has failed.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { layOutTable } from './suite/table.ts';

type Step = {
  readonly name: string;
  /** A program of node_modules/.bin, or `node`, and its arguments. */
  readonly command: readonly [string, ...string[]];
};

type StepResult = { readonly name: string; readonly hasPassed: boolean; readonly seconds: number };

const root = fileURLToPath(new URL('..', import.meta.url));

/** Checks that generated documents are as their generator would write them. */
const drift = [
  { name: 'openapi drift', script: 'scripts/openapi.ts', flags: ['--check'] },
  { name: 'states drift', script: 'scripts/states.ts', flags: ['--check'] },
  { name: 'acceptance drift', script: 'scripts/acceptance.ts', flags: [] },
  { name: 'lock file', script: 'scripts/lock.ts', flags: ['--check'] },
];

/** Biome colours every letter of a log file unless told not to. */
const colours = process.stdout.isTTY ? [] : ['--colors=off'];

const steps: readonly Step[] = [
  { name: 'format and lint', command: ['biome', 'ci', '--error-on-warnings', ...colours, '.'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'boundaries', command: ['node', 'scripts/boundaries.ts'] },
  { name: 'dead code', command: ['knip', '--no-config-hints'] },
  ...drift
    .filter(({ script }) => existsSync(path.join(root, script)))
    .map(({ name, script, flags }): Step => ({ name, command: ['node', script, ...flags] })),
];

async function runStep(step: Step): Promise<StepResult> {
  console.log(`\n== ${step.name}: ${step.command.join(' ')}`);
  const startedAt = performance.now();
  const hasPassed = await run(step.command);
  return { name: step.name, hasPassed, seconds: (performance.now() - startedAt) / 1000 };
}

function run([program, ...programArguments]: Step['command']): Promise<boolean> {
  const binaries = path.join(root, 'node_modules/.bin');
  // The project's own Node is first on PATH, so that programs which start `node` get it too.
  const variables = { ...process.env, PATH: `${binaries}${path.delimiter}${process.env['PATH'] ?? ''}` };
  const file = program === 'node' ? process.execPath : path.join(binaries, program);
  const child = spawn(file, programArguments, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: variables });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`could not start ${file}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
}

const results: StepResult[] = [];
for (const step of steps) results.push(await runStep(step));
const rows = results.map((step) => [step.name, step.hasPassed ? 'passed' : 'failed', step.seconds.toFixed(1)]);
console.log(`\n${layOutTable([['check', 'result', 'seconds'], ...rows])}`);
const failed = results.filter((step) => !step.hasPassed).map((step) => step.name);
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
