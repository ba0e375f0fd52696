// docs/dependencies.md tells why of every package that package.json names.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';

const names = z.record(z.string(), z.string());
const packageFile = z.object({ dependencies: names, devDependencies: names, optionalDependencies: names });

it('gives a reason for each dependency and for nothing else', async () => {
  const manifest = packageFile.parse(JSON.parse(await readFile(inRoot('package.json'), 'utf8')));
  const document = await readFile(inRoot('docs/dependencies.md'), 'utf8');

  const cells = document.split('\n').map((line) => /^\| (`[^|]+`) \|/.exec(line)?.[1] ?? '');
  const explained = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]));

  const { dependencies, devDependencies, optionalDependencies } = manifest;
  expect(explained.toSorted()).toEqual(
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).sort(),
  );
});

function inRoot(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}
