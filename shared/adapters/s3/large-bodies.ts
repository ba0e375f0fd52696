// Large bodies of runs as objects in a bucket of S3.
// Rule: the SDK's client is loaded by the first large body that is met, so a Lambda that meets none starts without it.
import type { LargeBodies } from '../../ports/large-bodies.ts';
import { callSettings, leanClient } from '../sdk.ts';

/** Endpoint and region come from the SDK's own environment variables. */
export function createLargeBodies(bucket: string): LargeBodies {
  let opened: ReturnType<typeof openBucket> | undefined;
  const open = () => {
    opened ??= openBucket(bucket);
    return opened;
  };
  return {
    put: async (key, text) => (await open()).put(key, text),
    read: async (key) => (await open()).read(key),
    remove: async (key) => (await open()).remove(key),
  };
}

async function openBucket(Bucket: string): Promise<LargeBodies> {
  const { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } = await import(
    '@aws-sdk/client-s3'
  );
  const client = leanClient(
    new S3Client({ maxAttempts: 4, ...callSettings({ answerMs: 8_000, connectionMs: 1_000 }) }),
  );
  return {
    async put(Key, text) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: text, ContentType: 'application/json' }));
    },

    async read(Key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        return await Body?.transformToString('utf8');
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },

    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
  };
}
