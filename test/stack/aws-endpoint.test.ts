import { request } from 'node:http';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AwsEndpoint,
  AwsError,
  type AwsService,
  startAwsEndpoint,
  unknownOperation,
} from '../../local/aws-endpoint.ts';
import { createLocalSecrets, localSecretArn } from '../../local/secrets.ts';
import { credentials } from './local-ecs-stack.ts';

const seen: { service: string; operation: string; input: unknown }[] = [];
let endpoint: AwsEndpoint;

const recording =
  (service: string): AwsService =>
  async (operation, input) => {
    seen.push({ service, operation, input });
    if (operation === 'PutEvents') throw new AwsError('ConflictException', 'twice', 400, { resourceIds: ['a', 'b'] });
    if (operation === 'ListClusters') throw unknownOperation(operation);
    return { logGroups: [{ logGroupName: 'one', creationTime: 5 }] };
  };

beforeAll(async () => {
  const secretsmanager = createLocalSecrets(new Map([['auth', 'user:password']])).service;
  const services = { ecs: recording('ecs'), events: recording('events'), logs: recording('logs'), secretsmanager };
  endpoint = await startAwsEndpoint({ port: 0, services });
});

afterAll(() => endpoint.close());

function config() {
  return { endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 };
}

function post(headers: Record<string, string>, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(endpoint.url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.once('error', reject);
    call.end(body);
  });
}

const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host`,
});

describe('the AWS endpoint', () => {
  it('routes each SDK client to the service that its signature names', async () => {
    const logs = new CloudWatchLogsClient(config());
    const input = { logGroupNamePrefix: '/slipway' };

    const reply = await logs.send(new DescribeLogGroupsCommand(input));

    expect(reply.logGroups).toEqual([{ logGroupName: 'one', creationTime: 5 }]);
    expect(seen.at(-1)).toEqual({ service: 'logs', operation: 'DescribeLogGroups', input });
  });

  it('gives an error its code, message, status and further members in the wire shape of AWS', async () => {
    const events = new EventBridgeClient(config());

    const call = events.send(new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 't', Detail: '{}' }] }));

    await expect(call).rejects.toMatchObject({
      name: 'ConflictException',
      message: 'twice',
      resourceIds: ['a', 'b'],
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('answers an operation that nobody serves with an error that the SDK does not repeat', async () => {
    const ecs = new ECSClient({ ...config(), maxAttempts: 3 });
    const before = seen.length;

    const call = ecs.send(new ListClustersCommand({}));

    await expect(call).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'operation ListClusters is not served locally',
      $metadata: { httpStatusCode: 501 },
    });
    expect(seen.length - before).toBe(1);
  });

  it('names the services it has when another is called', async () => {
    const reply = await post({ ...signedFor('kms'), 'x-amz-target': 'TrentService.Decrypt' }, '{}');

    expect(reply.status).toBe(501);
    expect(JSON.parse(reply.body)).toEqual({
      __type: 'UnknownOperationException',
      message: 'service kms is not served locally, only ecs, events, logs, secretsmanager',
    });
  });

  it.each([
    ['an unsigned call', {}, '{}', 403, 'MissingAuthenticationTokenException'],
    ['a call without a target', signedFor('ecs'), '{}', 501, 'UnknownOperationException'],
    ['a body that is not json', { ...signedFor('ecs'), 'x-amz-target': 'X.Y' }, '{', 400, 'SerializationException'],
    [
      'a service that is a member of every object',
      { ...signedFor('constructor'), 'x-amz-target': 'X.Y' },
      '{}',
      501,
      'UnknownOperationException',
    ],
  ])('refuses %s', async (_, headers, body, status, code) => {
    const reply = await post(headers, body);

    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({ __type: code });
  });

  it('refuses a body above 8 MiB', async () => {
    const reply = await post(signedFor('ecs'), ' '.repeat(8 * 1024 * 1024 + 1));

    expect(reply.status).toBe(413);
  });
});

describe('the local Secrets Manager', () => {
  it.each([['auth'], [localSecretArn('auth')], [localSecretArn('auth').slice(0, -7)]])(
    'gives the secret for %s',
    async (SecretId) => {
      const secrets = new SecretsManagerClient(config());

      const reply = await secrets.send(new GetSecretValueCommand({ SecretId }));

      expect(reply).toMatchObject({ ARN: localSecretArn('auth'), Name: 'auth', SecretString: 'user:password' });
      expect(reply.CreatedDate).toBeInstanceOf(Date);
    },
  );

  it('answers ResourceNotFoundException for a secret that nobody made', async () => {
    const secrets = new SecretsManagerClient(config());

    const call = secrets.send(new GetSecretValueCommand({ SecretId: 'other' }));

    await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
