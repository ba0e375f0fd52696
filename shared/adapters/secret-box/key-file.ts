// A secret box whose key is a file of this machine: for the local stack.
// Rule: who can read the file can read the secrets, so it must be the owner's alone.
import { readFile, stat } from 'node:fs/promises';
import type { SecretBox } from '../../ports/secret-box.ts';
import { decrypt, encrypt, keyBytes } from './aes.ts';

const prefix = 'file1.';

/** @param path a file with 32 bytes in base64, mode 600 */
export function createKeyFileSecretBox(path: string): SecretBox {
  let kept: Promise<Buffer> | undefined;
  const key = () => {
    kept ??= readKey(path).catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };

  return {
    seal: async (text, place) => `${prefix}${encrypt(await key(), text, place)}`,
    async open(sealed, place) {
      if (!sealed.startsWith(prefix)) throw new Error(`the secret of ${place} was not sealed with a key file`);
      return decrypt(await key(), sealed.slice(prefix.length), place);
    },
  };
}

async function readKey(path: string): Promise<Buffer> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    const seen = (mode & 0o777).toString(8);
    throw new Error(`the key file ${path} has mode ${seen}, wanted 600: others must not read it`);
  }
  const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64');
  if (key.length === keyBytes) return key;
  throw new Error(`the key file ${path} holds ${key.length} bytes, wanted ${keyBytes} in base64`);
}
