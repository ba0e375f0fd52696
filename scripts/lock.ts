// Completes package-lock.json: every platform package that a locked package names as optional has an entry.
// Rule: `npm ci` refuses a lock without them, and `npm install` leaves out those that its registry does not serve.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Entry = { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> };
type Lock = { packages: Record<string, Entry | object> };

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The first of the words that stands in a package's name between dashes. */
function wordOf(name: string, words: readonly string[]): string | undefined {
  const parts = (name.split('/').at(-1) ?? '').split('-');
  return words.find((word) => parts.includes(word));
}

function platformEntry(name: string, version: string): object {
  const os = wordOf(name, systems);
  const cpu = wordOf(name, processors);
  const libc = /-musl/.test(name) ? ['musl'] : /linux.*-gnu/.test(name) ? ['glibc'] : undefined;
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    dev: true,
    ...(libc === undefined ? {} : { libc }),
    optional: true,
    ...(os === undefined ? {} : { os: [os] }),
  };
}

function missingEntries({ packages }: Lock): Map<string, object> {
  const missing = new Map<string, object>();
  for (const [place, entry] of Object.entries(packages)) {
    const optional = 'optionalDependencies' in entry ? (entry.optionalDependencies ?? {}) : {};
    for (const [name, version] of Object.entries(optional)) {
      const isThere = [`node_modules/${name}`, `${place}/node_modules/${name}`].some((key) => key in packages);
      if (!isThere && wordOf(name, systems) !== undefined) {
        missing.set(`node_modules/${name}`, platformEntry(name, version));
      }
    }
  }
  return missing;
}

const lock: Lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = missingEntries(lock);
if (missing.size > 0 && process.argv.includes('--check')) {
  process.stderr.write(`package-lock.json lacks ${[...missing.keys()].join(', ')}: run node scripts/lock.ts\n`);
  process.exit(1);
}
if (missing.size > 0) {
  const { '': root, ...rest } = lock.packages;
  const sorted = Object.entries({ ...rest, ...Object.fromEntries(missing) }).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  lock.packages = { ...(root === undefined ? {} : { '': root }), ...Object.fromEntries(sorted) };
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(`${missing.size} platform packages added to package-lock.json\n`);
