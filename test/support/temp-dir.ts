// Makes a folder for one test and removes it when the test is over. It lies in memory where the machine has
// /dev/shm, because databases on a slow disk would decide how long the tests take.

import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type TempDir = AsyncDisposable & {
  /** Absolute path of the empty folder. */
  readonly path: string;
  /** Removes it with all it holds; may be called twice. */
  readonly remove: () => Promise<void>;
};

/** A new empty folder. `await using` removes it at the end of the block; `afterEach(dir.remove)` does as well. */
export async function tempDir(prefix = 'slipway-'): Promise<TempDir> {
  const folder = await mkdtemp(path.join(fastestTempFolder(), prefix));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return { path: folder, remove, [Symbol.asyncDispose]: remove };
}

function fastestTempFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
