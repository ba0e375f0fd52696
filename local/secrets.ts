// The local Secrets Manager: reads the secrets that the stack made.
// Rule: values come from whoever starts the stack; nothing here writes or shows them.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsError, type AwsService, unknownOperation } from './aws-endpoint.ts';
import { account, region } from './ecs/names.ts';

export type LocalSecrets = {
  /** For the signing name `secretsmanager`. */
  readonly service: AwsService;
  /** The value of a secret by name, ARN or ARN without its random end, as ECS asks for it. */
  value(nameOrArn: string): Promise<string | undefined>;
};

const prefix = `arn:aws:secretsmanager:${region}:${account}:secret:`;
const inputSchema = z.looseObject({
  SecretId: z.string(),
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});

/** The ARN of a secret; AWS appends six random characters, here they follow from the name. */
export function localSecretArn(name: string): string {
  return `${prefix}${name}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}

/** @param secrets values by name; a change of the map is a change of the secret. */
export function createLocalSecrets(secrets: ReadonlyMap<string, string>): LocalSecrets {
  const createdAt = Date.now() / 1000;
  const nameOf = (id: string) =>
    [...secrets.keys()].find((name) => [name, prefix + name, localSecretArn(name)].includes(id));
  const service: AwsService = async (operation, input) => {
    if (operation !== 'GetSecretValue' && operation !== 'DescribeSecret') throw unknownOperation(operation);
    const parsed = inputSchema.safeParse(input);
    if (!parsed.success) throw new AwsError('InvalidParameterException', 'expected a SecretId, got none');
    const { SecretId, VersionId, VersionStage = 'AWSCURRENT' } = parsed.data;
    const name = nameOf(SecretId);
    if (name === undefined || VersionStage !== 'AWSCURRENT') {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    const versionId = versionOf(name, secrets.get(name) ?? '');
    if (VersionId !== undefined && VersionId !== versionId) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.");
    }
    const described = { ARN: localSecretArn(name), Name: name, CreatedDate: createdAt };
    if (operation === 'DescribeSecret') {
      return { ...described, VersionIdsToStages: { [versionId]: ['AWSCURRENT'] } };
    }
    return { ...described, SecretString: secrets.get(name), VersionId: versionId, VersionStages: ['AWSCURRENT'] };
  };
  const value = async (id: string) => {
    const name = nameOf(id);
    return name === undefined ? undefined : secrets.get(name);
  };
  return { service, value };
}

function versionOf(name: string, secret: string): string {
  const hex = createHash('sha256').update(`${name}\0${secret}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
