// A key file as the local stack makes it, for tests that keep secrets.
import path from 'node:path';
import { makeSecretKey } from '../../local/secret-key.ts';
import { createKeyFileSecretBox } from '../../shared/adapters/secret-box/key-file.ts';
import type { SecretBox } from '../../shared/ports/secret-box.ts';
import { tempDir } from './temp-dir.ts';

export type TestSecretBox = { readonly box: SecretBox; readonly file: string; readonly remove: () => Promise<void> };

export async function testSecretBox(): Promise<TestSecretBox> {
  const folder = await tempDir('slipway-key-');
  const file = makeSecretKey(path.join(folder.path, 'secret-key'));
  return { box: createKeyFileSecretBox(file), file, remove: folder.remove };
}
