// Builds docs/openapi.json from the contract and docs/prefect-coverage.md from recorded calls, and compares the
// contract with Prefect's.
// `--check` writes nothing: it fails where the documents are stale or the contract drifts from Prefect's.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { checkTestNames } from './acceptance/check.ts';
import { coveragePage, coverageProblems } from './openapi/coverage.ts';
import { openapiDocument, operations } from './openapi/document.ts';
import { driftOf, prefectFacts } from './openapi/drift.ts';
import { notKept } from './openapi/kept-shapes.ts';
import { recording, testsOf } from './openapi/recorded-calls.ts';
import { shapeDrift, shapes } from './openapi/shape-drift.ts';
import { shapesIn } from './openapi/shapes-in.ts';

const at = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const files = { openapi: at('docs/openapi.json'), coverage: at('docs/prefect-coverage.md') };

const facts = prefectFacts.parse(JSON.parse(readFileSync(at('test/contract/prefect-operations.json'), 'utf8')));
const ours = operations();
const document: unknown = JSON.parse(JSON.stringify(openapiDocument()));
const prefectShapes = shapes.parse(JSON.parse(readFileSync(at('test/contract/prefect-shapes.json'), 'utf8')));
const recorded = recording.parse(JSON.parse(readFileSync(at('test/contract/recorded-calls.json'), 'utf8')));
const coverage = coveragePage(ours, facts, recorded);

function stale(): string[] {
  return [
    ...(isDeepStrictEqual(readJson(files.openapi), document)
      ? []
      : ['docs/openapi.json is stale: node scripts/openapi.ts writes it anew']),
    ...(readText(files.coverage) === coverage
      ? []
      : ['docs/prefect-coverage.md is stale: node scripts/openapi.ts writes it anew']),
  ];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readText(file) ?? 'null');
}

function write(): void {
  writeFileSync(files.openapi, `${JSON.stringify(document, null, 2)}\n`);
  writeFileSync(files.coverage, coverage);
  // The formatter has the last word on how JSON is laid out.
  spawnSync(at('node_modules/.bin/biome'), ['format', '--write', files.openapi], { stdio: 'inherit' });
}

const isCheck = process.argv.includes('--check');
if (!isCheck) write();
const lost = await checkTestNames(testsOf(recorded), at('.'));
const problems = [
  ...driftOf(ours, facts.operations),
  ...notKept(shapeDrift(shapesIn(document), prefectShapes)),
  ...coverageProblems(facts, recorded),
  ...lost.map((problem) => `test/contract/recorded-calls.json: ${problem}`),
  ...(isCheck ? stale() : []),
];
for (const problem of problems) console.error(problem);
console.log(`${ours.length} operations, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
