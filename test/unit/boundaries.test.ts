// The import check bites: a rule that is missing, blind or too wide is told by its plants.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { expect, it } from 'vitest';
import { checkBoundaries, checkPlantedImports } from '../../scripts/check/boundaries.ts';
import { tempDir } from '../support/temp-dir.ts';

const configuration = await extractConfiguration(
  fileURLToPath(new URL('../../.dependency-cruiser.mjs', import.meta.url)),
);
const rules = configuration.forbidden ?? [];

it('flags every planted import and nothing else', async () => {
  expect(await checkPlantedImports(configuration)).toEqual([]);
});

it.each(rules.map((rule) => rule.name))('notices when the rule %s is gone', async (name) => {
  const without = { ...configuration, forbidden: rules.filter((rule) => rule.name !== name) };

  const problems = await checkPlantedImports(without);

  expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^planted violation not flagged: .*: ${name}$`)));
});

it('notices a rule that has no plant', async () => {
  const unplanted = { name: 'no-sun', severity: 'error' as const, from: { path: '^sun/' }, to: {} };

  const problems = await checkPlantedImports({ ...configuration, forbidden: [...rules, unplanted] });

  expect(problems).toEqual(['no violation planted for no-sun']);
});

it('names the file that reaches from domain into adapters, type or not', async () => {
  await using dir = await tempDir();
  await mkdir(path.join(dir.path, 'shared/domain'), { recursive: true });
  await mkdir(path.join(dir.path, 'shared/adapters'), { recursive: true });
  await writeFile(path.join(dir.path, 'shared/adapters/store.ts'), 'export type Store = string;\n');
  await writeFile(
    path.join(dir.path, 'shared/domain/rule.ts'),
    "import type { Store } from '../adapters/store.ts';\nexport type Rule = Store;\n",
  );

  const findings = await checkBoundaries(dir.path, configuration);

  expect(findings).toEqual({
    fileCount: 2,
    problems: ['shared/domain/rule.ts imports shared/adapters/store.ts: forbidden by domain-stands-alone'],
  });
});

it('refuses to pass on no file at all', async () => {
  await using dir = await tempDir();
  await mkdir(path.join(dir.path, 'shared'));

  const findings = await checkBoundaries(dir.path, configuration);

  expect(findings.problems).toEqual(['no source file found: wanted at least one']);
});
