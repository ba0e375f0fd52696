// `npm start`. Everything else is loaded after the cache of compiled code is on, which saves a fifth of the start.

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../.cache/compiled', import.meta.url)));
const { run } = await import('./serve.ts');
// Tasks are followed by open handles that must not keep a stopped program alive.
process.exit(await run(process.argv.slice(2)));
