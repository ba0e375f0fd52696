// Checks the import rules, and that the check itself bites.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { checkBoundaries, checkPlantedImports } from './check/boundaries.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const configuration = await extractConfiguration(path.join(root, '.dependency-cruiser.mjs'));
const planted = await checkPlantedImports(configuration);
const { problems, fileCount } = await checkBoundaries(root, configuration);
for (const problem of [...planted, ...problems]) console.error(problem);
const rules = configuration.forbidden?.length ?? 0;
console.log(`boundaries: ${rules} rules, each with its planted violation; ${fileCount} files`);
process.exitCode = planted.length + problems.length === 0 ? 0 : 1;
