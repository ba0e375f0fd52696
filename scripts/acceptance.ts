// Checks `docs/acceptance.md`: every promise names a test that exists and runs, or says what is not met.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAcceptance } from './acceptance/check.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const markdown = await readFile(path.join(root, 'docs/acceptance.md'), 'utf8').catch(() => '');
const findings = await checkAcceptance(markdown, root);
for (const problem of findings.problems) console.error(`docs/acceptance.md ${problem}`);
console.log(`acceptance: ${findings.shown} sentences shown, ${findings.notMet} not met`);
process.exitCode = findings.problems.length === 0 ? 0 : 1;
