// Runs the test suite: `npm test`, or `npm test -- PART [vitest arguments]` for one part.
// Each part is a vitest process of its own; a skipped test is a failure.

import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { partOfTestFile, type TestPart, testParts } from './suite/parts.ts';
import { closingLine, countTests, hasPassed, layOutResults, listFailures, type PartResult } from './suite/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const isPartNamed = first !== undefined && !first.startsWith('-');
  const parts = testParts.filter((part) => !isPartNamed || part.name === first);
  if (parts.length === 0) {
    console.error(`no test part named ${first}: wanted one of ${testParts.map((part) => part.name).join(', ')}`);
    return 2;
  }
  const homeless = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => partOfTestFile(file) === undefined);
  if (homeless.length > 0) {
    console.error(`no part of the suite runs ${homeless.join(', ')}: see scripts/suite/parts.ts`);
    return 1;
  }
  const results = await runParts(parts, isPartNamed ? rest : argv);
  if (results === 'interrupted') return 130;
  console.log(`\n${[layOutResults(results), '', ...listFailures(results), closingLine(results)].join('\n')}`);
  return hasPassed(results) ? 0 : 1;
}

async function runParts(
  parts: readonly TestPart[],
  vitestArguments: readonly string[],
): Promise<PartResult[] | 'interrupted'> {
  const present = parts.filter((part) => part.folders.some((folder) => existsSync(path.join(root, 'test', folder))));
  for (const part of parts) {
    if (!present.includes(part)) console.log(`test part ${part.name}: left out, it has no folder yet`);
  }
  const reports = await mkdtemp(path.join(tmpdir(), 'slipway-tests-'));
  const results: PartResult[] = [];
  try {
    for (const [index, part] of present.entries()) {
      console.log(`\n== test part ${part.name} (${index + 1} of ${present.length}, budget ${part.budgetSeconds} s)`);
      const result = await runPart(part, path.join(reports, `${part.name}.json`), vitestArguments);
      if (result === 'interrupted') return result;
      results.push(result);
    }
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
  return results;
}

async function runPart(
  part: TestPart,
  reportFile: string,
  vitestArguments: readonly string[],
): Promise<PartResult | 'interrupted'> {
  const startedAt = performance.now();
  const status = await runVitest([
    'run',
    `--project=${part.name}`,
    // Node reads the TypeScript of the config by itself; the default bundles it into node_modules first.
    '--configLoader=native',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...(part.hasParallelFiles ? [] : ['--no-file-parallelism']),
    ...(part.filesAtOnce === undefined ? [] : [`--maxWorkers=${part.filesAtOnce}`]),
    ...vitestArguments,
  ]);
  if (status === 'interrupted') return status;
  const counts = await countTests(reportFile, status);
  const isFiltered = vitestArguments.some((argument) => /^(-t|--testNamePattern)/.test(argument));
  return {
    name: part.name,
    ...counts,
    // Tests that the caller's own name filter left out are no skipped tests.
    skipped: isFiltered ? 0 : counts.skipped,
    seconds: (performance.now() - startedAt) / 1000,
    budgetSeconds: part.budgetSeconds,
  };
}

function runVitest(vitestArguments: readonly string[]): Promise<number | 'interrupted'> {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, ...vitestArguments], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: testVariables(),
  });
  let isInterrupted = false;
  const interrupt = (signal: NodeJS.Signals) => {
    isInterrupted = true;
    child.kill(signal);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve(isInterrupted ? 'interrupted' : (code ?? 1));
    });
  });
}

/** The caller's variables without those that would point a test at the caller's own Prefect, AWS account or stack. */
function testVariables(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PREFECT_|AWS_|VIRTUAL_ENV$|SLIPWAY_PYTHON$)/.test(name),
  );
  const binaries = path.join(root, 'node_modules/.bin');
  return { ...Object.fromEntries(kept), PATH: `${binaries}${path.delimiter}${process.env['PATH'] ?? ''}` };
}

process.exitCode = await main(process.argv.slice(2));
