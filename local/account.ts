// The pretended AWS account of the local stack: names, ARNs and the variables that steer every SDK client.
// Rule: nothing of the operator's own AWS set-up is used; its variables are taken out before ours go in.

import type { QueueName } from '../shared/config/resources.ts';
import { account, clusterArn, region } from './ecs/names.ts';

export const clusterName = 'slipway';
export const ourClusterArn = clusterArn(clusterName);
export const localVpc = 'vpc-00000000000000001';
export const localSubnets = ['subnet-00000000000000001', 'subnet-00000000000000002'] as const;
export const taskLogGroup = '/slipway/tasks';
export const controlTableName = 'slipway-control';
export const bulkTableName = 'slipway-bulk';
export const bodyBucketName = 'slipway-bodies';

/** Any pair will do: nobody on loopback checks a signature. */
export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

export const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`;

export const queueNameOf = (queue: QueueName): string => `slipway-${queue}`;
export const deadLetterNameOf = (queue: QueueName): string => `slipway-${queue}-dead`;
export const queueArnOf = (name: string): string => `arn:aws:sqs:${region}:${account}:${name}`;

/** Where each AWS service of the local stack answers. */
export type AwsEndpoints = { readonly database: string; readonly queue: string; readonly services: string };

/**
 * The variables that make the SDK speak to loopback and to nothing else.
 * The two files keep a profile, an endpoint or a credential process of the operator's out as well.
 */
export function sdkVariables(endpoints: AwsEndpoints): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.database,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoints.database,
    AWS_ENDPOINT_URL_SQS: endpoints.queue,
    AWS_ENDPOINT_URL_S3: endpoints.queue,
    AWS_ENDPOINT_URL_SNS: endpoints.queue,
    AWS_ENDPOINT_URL_SESV2: endpoints.services,
    AWS_ENDPOINT_URL_ECS: endpoints.services,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.services,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoints.services,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.services,
  };
}
