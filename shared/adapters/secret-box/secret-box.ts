// The secret box that a Lambda's environment asks for: a key of KMS where it is deployed, a key file on a machine.
import type { SecretBox } from '../../ports/secret-box.ts';
import { createKeyFileSecretBox } from './key-file.ts';
import { createKmsSecretBox } from './kms.ts';

export type SecretKeyVariables = {
  readonly SLIPWAY_SECRET_KEY_ARN?: string | undefined;
  readonly SLIPWAY_SECRET_KEY_FILE?: string | undefined;
};

/** @throws Error when neither key is named */
export function createSecretBox(variables: SecretKeyVariables, now: () => number): SecretBox {
  const { SLIPWAY_SECRET_KEY_ARN: keyArn, SLIPWAY_SECRET_KEY_FILE: path } = variables;
  if (keyArn !== undefined) return createKmsSecretBox({ keyArn, now });
  if (path !== undefined) return createKeyFileSecretBox(path);
  throw new Error('no key for secrets is named: wanted SLIPWAY_SECRET_KEY_ARN or SLIPWAY_SECRET_KEY_FILE');
}
