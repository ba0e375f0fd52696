// A secret box under a key of KMS, by envelope: KMS makes and unwraps data keys, the texts never leave the process.
// Rule: data keys are kept for minutes only, so that a key that is disabled or no longer granted stops opening soon.
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { SecretBox } from '../../ports/secret-box.ts';
import { callSettings, leanClient } from '../sdk.ts';
import { decrypt, encrypt } from './aes.ts';

export type KmsSecretBoxOptions = {
  readonly keyArn: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

const prefix = 'kms1.';
const keptMilliseconds = 300_000;
/** Texts under one data key. GCM with random nonces would bear billions; this bounds what one lost key opens. */
const mostTexts = 1_000;
const mostKept = 500;
/** Stands in CloudTrail and may be asked for in a grant; it must be the same for opening. */
const context = { 'slipway:purpose': 'blocks' };

type DataKey = { readonly plain: Buffer; readonly wrapped: string };
type Kept = { readonly key: Promise<DataKey>; readonly until: number; texts: number };

export function createKmsSecretBox({ keyArn, now }: KmsSecretBoxOptions): SecretBox {
  const client = leanClient(
    new KMSClient({ maxAttempts: 3, ...callSettings({ answerMs: 3_000, connectionMs: 1_000 }) }),
  );
  const known = new Map<string, Kept>();
  let writing: Kept | undefined;

  const generate = async (): Promise<DataKey> => {
    const answer = await client.send(
      new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context }),
    );
    return { plain: bytesOf(answer.Plaintext), wrapped: bytesOf(answer.CiphertextBlob).toString('base64url') };
  };

  const unwrap = async (wrapped: string): Promise<DataKey> => {
    const CiphertextBlob = Buffer.from(wrapped, 'base64url');
    const answer = await client.send(new DecryptCommand({ KeyId: keyArn, CiphertextBlob, EncryptionContext: context }));
    return { plain: bytesOf(answer.Plaintext), wrapped };
  };

  const writingKey = (): Promise<DataKey> => {
    if (writing === undefined || now() >= writing.until || writing.texts >= mostTexts) {
      writing = { key: generate(), until: now() + keptMilliseconds, texts: 0 };
      const made = writing;
      made.key.catch(() => {
        if (writing === made) writing = undefined;
      });
    }
    writing.texts += 1;
    return writing.key;
  };

  const openingKey = (wrapped: string): Promise<DataKey> => {
    const there = known.get(wrapped);
    if (there !== undefined && now() < there.until) return there.key;
    const fresh: Kept = { key: unwrap(wrapped), until: now() + keptMilliseconds, texts: 0 };
    known.delete(wrapped);
    const [oldest] = known.keys();
    if (known.size >= mostKept && oldest !== undefined) known.delete(oldest);
    known.set(wrapped, fresh);
    fresh.key.catch(() => known.delete(wrapped));
    return fresh.key;
  };

  return {
    async seal(text, place) {
      const { plain, wrapped } = await writingKey();
      return `${prefix}${wrapped}.${encrypt(plain, text, place)}`;
    },
    async open(sealed, place) {
      const [wrapped, encrypted] = sealed.slice(prefix.length).split('.');
      if (!sealed.startsWith(prefix) || wrapped === undefined || encrypted === undefined) {
        throw new Error(`the secret of ${place} was not sealed under a key of KMS`);
      }
      const { plain } = await openingKey(wrapped);
      return decrypt(plain, encrypted, place);
    },
  };
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new Error('KMS answered without a key, wanted one');
  return Buffer.from(bytes);
}
