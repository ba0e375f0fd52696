// Writes docs/states.md from the table of states and the lists of rules.
// `--check` writes nothing: it fails where the page is stale.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { successors } from '../shared/domain/run/transition.ts';
import { statesPage } from './states/page.ts';

const file = fileURLToPath(new URL('../docs/states.md', import.meta.url));
const page = statesPage(successors);

if (process.argv.includes('--check')) {
  const isStale = (await readFile(file, 'utf8').catch(() => '')) !== page;
  if (isStale) console.error('docs/states.md is stale: npm run docs:states writes it anew');
  process.exitCode = isStale ? 1 : 0;
} else {
  await writeFile(file, page);
}
