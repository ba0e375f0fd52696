// Holds the acceptance table against the tests that exist.
// A promise counts as shown only by a test that the suite really runs.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { partOfTestFile } from '../suite/parts.ts';
import { type AcceptanceRow, type Evidence, readAcceptance, readEvidence } from './document.ts';
import { readTestNames, type TestCase } from './test-names.ts';

export type AcceptanceFindings = {
  readonly problems: readonly string[];
  /** Rows that are shown in full, and rows of which something is not met. */
  readonly shown: number;
  readonly notMet: number;
};

/** Checks a table, given as markdown, against the files under `root`. */
export async function checkAcceptance(markdown: string, root: string): Promise<AcceptanceFindings> {
  const document = readAcceptance(markdown);
  const testsOf = readEachFileOnce(root);
  const problems = [...document.problems];
  for (const row of document.rows) {
    for (const entry of row.evidence) {
      const problem = await problemOf(entry, root, testsOf);
      if (problem !== undefined) problems.push(`${row.number}: ${problem}`);
    }
  }
  const notMet = document.rows.filter(hasOpenPart).length;
  return { problems, shown: document.rows.length - notMet, notMet };
}

/** What is wrong with names of tests (`path.test.ts › name`), given the files under `root`. */
export async function checkTestNames(names: readonly string[], root: string): Promise<string[]> {
  const testsOf = readEachFileOnce(root);
  const problems: string[] = [];
  for (const name of names) {
    const entry = readEvidence(name);
    const problem = typeof entry === 'string' ? entry : await problemOf(entry, root, testsOf);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

function hasOpenPart(row: AcceptanceRow): boolean {
  return row.evidence.some((entry) => entry.kind === 'not-met');
}

type TestsOf = (file: string) => Promise<readonly TestCase[]>;

async function problemOf(entry: Evidence, root: string, testsOf: TestsOf): Promise<string | undefined> {
  switch (entry.kind) {
    case 'not-met':
      return undefined;
    case 'check':
      if (!/^((scripts|bench)\/.*\.ts|test\/faults\/command\.ts|\.ci\/run)$/.test(entry.file)) {
        return `checked by ${entry.file}, wanted a file of scripts/ or bench/, test/faults/command.ts or .ci/run`;
      }
      return existsSync(path.join(root, entry.file)) ? undefined : `no file ${entry.file}`;
    case 'test':
      if (!existsSync(path.join(root, entry.file))) return `no file ${entry.file}`;
      if (!entry.file.endsWith('.test.ts') || partOfTestFile(entry.file) === undefined) {
        return `${entry.file} is in no part of the suite, so nothing runs it`;
      }
      return problemOfTest(entry, await testsOf(entry.file));
  }
}

/** A test is named by its own title, or by all titles from the outermost `describe` on, joined with ` › `. */
function problemOfTest(wanted: { file: string; name: string }, tests: readonly TestCase[]): string | undefined {
  const named = tests.filter((test) => test.titles.join(' › ') === wanted.name || test.titles.at(-1) === wanted.name);
  if (named.length === 0) return `no test named "${wanted.name}" in ${wanted.file}`;
  if (named.length > 1) return `${named.length} tests named "${wanted.name}" in ${wanted.file}, wanted one`;
  const heldBack = named[0]?.heldBack;
  return heldBack === undefined ? undefined : `"${wanted.name}" in ${wanted.file} is kept from running by ${heldBack}`;
}

function readEachFileOnce(root: string): TestsOf {
  const read = new Map<string, Promise<readonly TestCase[]>>();
  return (file) => {
    const known = read.get(file) ?? readFile(path.join(root, file), 'utf8').then(readTestNames);
    read.set(file, known);
    return known;
  };
}
