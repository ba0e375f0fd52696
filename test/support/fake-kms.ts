// KMS at its wire protocol: data keys that only this server can unwrap, and only with the context they were made with.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError, startAwsEndpoint, unknownOperation } from '../../local/aws-endpoint.ts';

export type FakeKms = {
  readonly keyArn: string;
  readonly calls: { readonly operation: string; readonly context: unknown }[];
  /** The next call is answered with this error. */
  failNext(code: string): void;
  close(): Promise<void>;
};

const inputSchema = z.looseObject({
  KeyId: z.string(),
  EncryptionContext: z.record(z.string(), z.string()).optional(),
  CiphertextBlob: z.string().optional(),
});

/** Points this process' SDK at itself for KMS. */
export async function startFakeKms(): Promise<FakeKms> {
  const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555';
  const made = new Map<string, { readonly plain: string; readonly context: string }>();
  const calls: FakeKms['calls'] = [];
  let failure: string | undefined;

  const serve = async (operation: string, sent: unknown) => {
    const { KeyId, EncryptionContext, CiphertextBlob } = inputSchema.parse(sent);
    calls.push({ operation, context: EncryptionContext });
    const code = failure;
    failure = undefined;
    if (code !== undefined) throw new AwsError(code, code);
    if (KeyId !== keyArn) throw new AwsError('NotFoundException', `no key ${KeyId}`);
    const context = JSON.stringify(EncryptionContext ?? {});
    if (operation === 'GenerateDataKey') {
      const [plain, wrapped] = [randomBytes(32).toString('base64'), randomBytes(64).toString('base64')];
      made.set(wrapped, { plain, context });
      return { KeyId, Plaintext: plain, CiphertextBlob: wrapped };
    }
    if (operation !== 'Decrypt') throw unknownOperation(operation);
    const known = made.get(CiphertextBlob ?? '');
    if (known?.context !== context) throw new AwsError('InvalidCiphertextException', 'InvalidCiphertextException');
    return { KeyId, Plaintext: known.plain };
  };

  const endpoint = await startAwsEndpoint({ port: 0, services: { kms: serve } });
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_KMS: endpoint.url,
  });
  const failNext = (code: string) => {
    failure = code;
  };
  return { keyArn, calls, failNext, close: endpoint.close };
}
