// Python environments are made once, whole or not at all, and what is missing is named.

import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePythonEnv, type PythonEnvPlaces } from '../support/python-env.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

const execute = promisify(execFile);
/** Making an environment takes seconds, and more on a busy machine. */
const slow = { timeout: 90_000 };

let dir: TempDir;
let places: PythonEnvPlaces;

// One folder for all: what one test made, the next one finds.
beforeAll(async () => {
  dir = await tempDir();
  places = {
    requirementsFolder: path.join(dir.path, 'pins'),
    cacheFolder: path.join(dir.path, 'cache'),
    basePython: 'python3',
  };
  await mkdir(places.requirementsFolder);
  await pin('# no packages\n');
});

afterAll(() => dir.remove());

const pin = (content: string) => writeFile(path.join(places.requirementsFolder, 'nothing.txt'), content);

it('makes one environment when many ask at once, and finds it again', slow, async () => {
  const asked = await Promise.all([makePythonEnv('nothing', places), makePythonEnv('nothing', places)]);

  const again = await makePythonEnv('nothing', places);
  const prefix = await execute(again.python, ['-c', 'import sys; print(sys.prefix)']);
  expect(asked).toEqual([again, again]);
  expect(prefix.stdout.trim()).toBe(path.dirname(again.bin));
  expect(await environmentFolders()).toHaveLength(1);
});

it('starts over what a killed build left behind', slow, async () => {
  const first = await makePythonEnv('nothing', places);
  await rm(path.join(first.bin, '../.complete'));
  await rm(first.python);

  const second = await makePythonEnv('nothing', places);

  expect(second).toEqual(first);
  expect((await execute(second.python, ['-c', 'print(1)'])).stdout).toBe('1\n');
});

it(
  'says what pip said about a package that cannot be installed, and keeps the environment of other pins',
  slow,
  async () => {
    const before = await makePythonEnv('nothing', places);
    await pin('./no-such-folder\n');

    await expect(makePythonEnv('nothing', places)).rejects.toThrow(/could not install .*nothing\.txt.*no-such-folder/s);

    expect(await environmentFolders()).toHaveLength(2);
    await pin('# no packages\n');
    expect(await makePythonEnv('nothing', places)).toEqual(before);
  },
);

it('names the pinned file that does not exist', async () => {
  await expect(makePythonEnv('gone', places)).rejects.toThrow(
    /no pinned file for the python environment gone: .*gone\.txt/,
  );
});

it('names the interpreter that does not run', async () => {
  const withoutPython = { ...places, basePython: 'no-such-python' };

  await expect(makePythonEnv('nothing', withoutPython)).rejects.toThrow(
    /no-such-python does not run .*: install Python/,
  );
});

it('names the module that an interpreter lacks', async () => {
  const halfPython = path.join(dir.path, 'half-python');
  await writeFile(halfPython, '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) echo 3.99;; esac\n');
  await chmod(halfPython, 0o755);

  await expect(makePythonEnv('nothing', { ...places, basePython: halfPython })).rejects.toThrow(
    /half-python has no module venv or ensurepip: install it/,
  );
});

async function environmentFolders(): Promise<readonly string[]> {
  const entries = await readdir(places.cacheFolder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
