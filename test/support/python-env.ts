// Gives a test the Python virtual environment of one pinned file, made once and kept in an ignored cache folder.
// It never skips: a missing tool or package is an error that names it.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type PythonEnv = {
  /** Absolute path of the folder with the environment's programs (`prefect`, `python`, …), fit for the front of PATH. */
  readonly bin: string;
  /** Absolute path of its interpreter. */
  readonly python: string;
};

/** Where the pinned files lie and where environments are kept; tests of this file use their own folders. */
export type PythonEnvPlaces = {
  readonly requirementsFolder: string;
  readonly cacheFolder: string;
  /** The interpreter that makes the environment: a name on PATH or an absolute path. */
  readonly basePython: string;
};

const root = fileURLToPath(new URL('../..', import.meta.url));
const builder = fileURLToPath(new URL('./build-python-env.py', import.meta.url));
const defaultPlaces: PythonEnvPlaces = {
  requirementsFolder: path.join(root, 'test/python'),
  cacheFolder: path.join(root, '.cache/python'),
  basePython: 'python3',
};

const execute = promisify(execFile);
const made = new Map<string, Promise<PythonEnv>>();

/**
 * The environment of `test/python/<name>.txt`, installed on first use with the machine's own pip configuration.
 * Its folder is named by the pins and the interpreter, so a changed file or another Python gets another one.
 * Safe from many processes at once: one builds, the others wait.
 * @throws Error naming the missing tool, or what pip said, when it cannot be made.
 */
export function pythonEnv(name: string): Promise<PythonEnv> {
  const known = made.get(name) ?? makePythonEnv(name, defaultPlaces);
  made.set(name, known);
  return known;
}

/** The same for other places; nothing is remembered between calls. */
export async function makePythonEnv(name: string, places: PythonEnvPlaces): Promise<PythonEnv> {
  const requirements = path.join(places.requirementsFolder, `${name}.txt`);
  if (!existsSync(requirements)) {
    throw new Error(`no pinned file for the python environment ${name}: wanted ${requirements}`);
  }
  const interpreter = await readInterpreter(places.basePython);
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .update(interpreter)
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(places.cacheFolder, `${name}-${hash}`);
  const environment = { bin: path.join(folder, 'bin'), python: path.join(folder, 'bin/python') };
  if (existsSync(path.join(folder, '.complete')) && existsSync(environment.python)) return environment;

  await mkdir(places.cacheFolder, { recursive: true });
  const startedAt = Date.now();
  process.stderr.write(`python environment ${name}: installing its pinned packages (first use)\n`);
  await buildEnvironment(folder, requirements, places.basePython);
  process.stderr.write(`python environment ${name}: ready after ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  return environment;
}

async function buildEnvironment(folder: string, requirements: string, basePython: string): Promise<void> {
  try {
    await execute(basePython, [builder, folder, requirements], { env: pythonVariables(), maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const said = `${readText(error, 'stdout')}\n${readText(error, 'stderr')}`.trim();
    throw new Error(`could not install ${requirements} with ${basePython}: ${said.slice(-4000) || String(error)}`, {
      cause: error,
    });
  }
}

/** Version and place of the interpreter, and proof that it can make environments. */
async function readInterpreter(basePython: string): Promise<string> {
  const ask = (code: string) => execute(basePython, ['-c', code], { env: pythonVariables() });
  const identity = await ask('import sys; print(sys.version, sys.base_prefix, sys.prefix)').catch((error: unknown) => {
    throw new Error(
      `${basePython} does not run (${String(error)}): install Python 3.10 or newer, for example 'apt-get install python3 python3-venv'`,
      { cause: error },
    );
  });
  await ask('import venv, ensurepip').catch((error: unknown) => {
    throw new Error(
      `${basePython} has no module venv or ensurepip: install it, for example 'apt-get install python3-venv'`,
      { cause: error },
    );
  });
  return identity.stdout;
}

/** Everything of ours, pip's settings included, but what would make Python look into another installation. */
function pythonVariables(): NodeJS.ProcessEnv {
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...rest } = process.env;
  return rest;
}

function readText(error: unknown, key: 'stdout' | 'stderr'): string {
  if (typeof error !== 'object' || error === null) return '';
  const text: unknown = Reflect.get(error, key);
  return typeof text === 'string' ? text : '';
}
