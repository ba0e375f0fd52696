// The key that seals secrets on this machine, made at the first start on a folder.
// Rule: it is the owner's alone, and it is never replaced: what it sealed could not be opened again.

import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { StartError } from './start-error.ts';

const keyBytes = 32;

/**
 * Makes the key file where it is missing; answers its path.
 * @throws StartError when it cannot be written
 */
export function makeSecretKey(file: string): string {
  if (existsSync(file)) return file;
  try {
    writeFileSync(file, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new StartError(`cannot write the key of secrets to ${file}: ${text}`, { cause: error });
  }
  return file;
}
