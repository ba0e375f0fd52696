import { request } from 'node:http';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localSubnets, localVpc } from '../../local/account.ts';
import {
  type AwsEndpoint,
  AwsError,
  type AwsService,
  startAwsEndpoint,
  unknownOperation,
} from '../../local/aws-endpoint.ts';
import { createLocalSecrets, localSecretArn } from '../../local/secrets.ts';
import { vpcService } from '../../local/vpc.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { credentials } from './local-ecs-stack.ts';

const seen: { service: string; operation: string; input: unknown }[] = [];
let endpoint: AwsEndpoint;
let queue: RecordingServer;

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
  queue = await startRecordingServer(() => ({ status: 400, body: { __type: 'QueueDoesNotExist', message: 'none' } }));
  endpoint = await startAwsEndpoint({
    port: 0,
    services: { ...services, ec2: vpcService },
    forwards: { sqs: `http://127.0.0.1:${queue.port}` },
  });
});

afterAll(async () => {
  await endpoint.close();
  await queue.close();
});

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
      message: 'service kms is not served locally, only ecs, events, logs, secretsmanager, ec2',
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

  it('passes a call on as it came where another server answers for the service, and its answer back', async () => {
    const headers = { ...signedFor('sqs'), 'x-amz-target': 'AmazonSQS.GetQueueUrl' };

    const reply = await post(headers, '{"QueueName":"none"}');

    expect(queue.calls).toEqual([
      { method: 'POST', path: '/', query: new URLSearchParams(), body: { QueueName: 'none' } },
    ]);
    expect(reply).toEqual({ status: 400, body: '{"__type":"QueueDoesNotExist","message":"none"}' });
  });

  it('answers with an error when the other server cannot be reached', async () => {
    const alone = await startAwsEndpoint({ port: 0, services: {}, forwards: { sqs: 'http://127.0.0.1:1' } });

    const reply = await fetch(alone.url, { method: 'POST', headers: signedFor('sqs'), body: '{}' });

    await alone.close();
    expect(reply.status).toBe(500);
    expect(await reply.json()).toMatchObject({ __type: 'InternalFailure' });
  });

  it('refuses a body above 8 MiB', async () => {
    const reply = await post(signedFor('ecs'), ' '.repeat(8 * 1024 * 1024 + 1));

    expect(reply.status).toBe(413);
  });
});

describe('the local EC2', () => {
  const form = { ...signedFor('ec2'), 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

  it('shows one VPC, the default one, with its subnets', async () => {
    const vpcs = await post(form, 'Action=DescribeVpcs&Filter.1.Name=isDefault&Filter.1.Value.1=true');
    const subnets = await post(form, `Action=DescribeSubnets&Filter.1.Name=vpc-id&Filter.1.Value.1=${localVpc}`);

    expect(vpcs.status).toBe(200);
    expect(vpcs.body).toContain(`<vpcId>${localVpc}</vpcId><isDefault>true</isDefault>`);
    for (const id of localSubnets) expect(subnets.body).toContain(`<subnetId>${id}</subnetId>`);
  });

  it.each([
    ['another VPC', 'Action=DescribeVpcs&VpcId.1=vpc-other', 400, 'InvalidVpcID.NotFound'],
    ['another operation', 'Action=RunInstances', 501, 'UnknownOperationException'],
    ['markup in an operation', 'Action=%3Cb%3E', 501, 'operation &lt;b&gt; is not served'],
  ])('refuses %s in the XML that its clients read', async (_, body, status, text) => {
    const reply = await post(form, body);

    expect(reply.status).toBe(status);
    expect(reply.body).toContain('<Response><Errors><Error><Code>');
    expect(reply.body).toContain(text);
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
