// Reads the API's auth string from Secrets Manager and keeps it for a while, so that a rotation is seen in minutes.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callSettings } from '../sdk.ts';

const keptMilliseconds = 300_000;

/**
 * @param secretArn the secret whose text is `user:password`
 * @returns a function that answers from memory for five minutes after a read; a read that fails is tried again
 */
export function createAuthStringReader(secretArn: string, now: () => number): () => Promise<string> {
  const client = new SecretsManagerClient({
    maxAttempts: 3,
    ...callSettings({ answerMs: 3_000, connectionMs: 1_000 }),
  });
  let kept: { readonly text: Promise<string>; readonly until: number } | undefined;

  const read = async () => {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    if (answer.SecretString === undefined || answer.SecretString === '') {
      throw new Error('the secret of the auth string has no text, wanted user:password');
    }
    return answer.SecretString;
  };

  return () => {
    if (kept !== undefined && now() < kept.until) return kept.text;
    const text = read();
    kept = { text, until: now() + keptMilliseconds };
    text.catch(() => {
      kept = undefined;
    });
    return text;
  };
}
