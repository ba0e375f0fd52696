// What the data stack promises: nothing in it is lost with the stack, and it is built as the one table of resources says.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { bulkTable, controlTable, logRetentionDays, queueNames, queues } from '../../shared/config/resources.ts';
import { buildTemplates, resourcesOf } from './templates.ts';

const { data } = buildTemplates();
const stateful = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup'] as const;

describe('tables', () => {
  it('gives the control table every index of the config, point-in-time recovery, a stream of both images and TTL', () => {
    const indexes = Object.entries(controlTable.indexes).map(([name, index]) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: index.partitionKey, KeyType: 'HASH' },
        { AttributeName: index.sortKey.name, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...index.projected] },
    }));
    const types = Object.values(controlTable.indexes).flatMap((index) => [
      { AttributeName: index.partitionKey, AttributeType: 'S' },
      { AttributeName: index.sortKey.name, AttributeType: index.sortKey.type },
    ]);

    data.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: controlTable.partitionKey, KeyType: 'HASH' },
        { AttributeName: controlTable.sortKey, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: Match.arrayWith(types),
      GlobalSecondaryIndexes: indexes,
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: controlTable.ttl, Enabled: true },
    });
  });

  it('keeps the bulk table on demand, with TTL, without stream and index', () => {
    data.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: bulkTable.partitionKey, KeyType: 'HASH' },
        { AttributeName: bulkTable.sortKey, KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: bulkTable.ttl, Enabled: true },
      StreamSpecification: Match.absent(),
      GlobalSecondaryIndexes: Match.absent(),
    });
  });
});

describe('the bucket of large bodies', () => {
  it('is private, encrypted, and owned by this account alone', () => {
    data.resourceCountIs('AWS::S3::Bucket', 1);
    data.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  it('refuses calls without TLS and trusts nobody else', () => {
    const [policy, ...others] = resourcesOf(data, 'AWS::S3::BucketPolicy');

    expect(others).toEqual([]);
    expect(policy?.Properties).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    });
  });

  it('lets nothing expire but what was deleted, and that no sooner than the table can be set back', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [
          {
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            NoncurrentVersionExpiration: { NoncurrentDays: 36 },
            ExpiredObjectDeleteMarker: true,
          },
        ],
      },
    });
    const text = JSON.stringify(resourcesOf(data, 'AWS::S3::Bucket')[0]?.Properties);
    expect(text).not.toMatch(/"Expiration(InDays|Date)"/);
  });
});

describe('queues', () => {
  it.each(queueNames)('gives the %s queue the settings of the config and a dead-letter queue', (name) => {
    const id = `Queues${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const settings = queues[name];

    const [queue, ...others] = resourcesOf(data, 'AWS::SQS::Queue').filter((found) =>
      new RegExp(`^${id}[0-9A-F]{8}$`).test(found.id),
    );

    expect(others).toEqual([]);
    expect(queue?.Properties).toMatchObject({
      VisibilityTimeout: settings.visibilitySeconds,
      MessageRetentionPeriod: settings.retentionDays * 86_400,
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        maxReceiveCount: settings.maxReceiveCount,
        deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(`^${id}DeadLetters`), 'Arn'] },
      },
    });
  });

  it('keeps what was given up for 14 days, the longest that SQS can', () => {
    const deadLetters = resourcesOf(data, 'AWS::SQS::Queue').filter(({ id }) => id.includes('DeadLetters'));

    expect(deadLetters).toHaveLength(queueNames.length + 1);
    for (const { Properties } of deadLetters) expect(Properties['MessageRetentionPeriod']).toBe(14 * 86_400);
  });

  it('refuses calls without TLS on every queue, and trusts EventBridge on those of rules alone', () => {
    const policies = resourcesOf(data, 'AWS::SQS::QueuePolicy').map(({ id, Properties }) => ({
      id,
      text: JSON.stringify(Properties),
    }));

    expect(policies).toHaveLength(resourcesOf(data, 'AWS::SQS::Queue').length);
    for (const { text } of policies) expect(text).toContain('"aws:SecureTransport":"false"');
    const trusting = policies.filter(({ text }) => text.includes('events.amazonaws.com'));
    expect(trusting.map(({ id }) => id.replace(/Policy[0-9A-F]{8}$/, '')).sort()).toEqual([
      'QueuesObserve',
      'QueuesObserveDeadLetters',
      'QueuesTrigger',
      'QueuesTriggerDeadLetters',
    ]);
    for (const { text } of trusting) expect(text).toContain('"aws:SourceArn"');
  });
});

describe('what outlives the stack', () => {
  it('retains tables, bodies, queues and task logs by default', () => {
    const kept = stateful.flatMap((type) => resourcesOf(data, type));

    expect(kept).toHaveLength(2 + 1 + queueNames.length * 2 + 1 + 1);
    for (const resource of kept) {
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('deletes them with the stack when the settings say so', () => {
    const disposable = buildTemplates({ 'slipway:removalPolicy': 'destroy' });

    for (const resource of stateful.flatMap((type) => resourcesOf(disposable.data, type))) {
      expect(resource).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    }
  });

  it('names nothing, so that a stack made again does not meet what the former one left', () => {
    const names = ['TableName', 'BucketName', 'QueueName', 'LogGroupName', 'Name'];
    const resources = [...stateful, 'AWS::SecretsManager::Secret'].flatMap((type) => resourcesOf(data, type));

    const named = resources.filter(({ Properties }) => names.some((name) => name in Properties));

    expect(named).toEqual([]);
  });

  it('keeps task logs for the days of the config', () => {
    data.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: logRetentionDays });
  });
});

describe('the auth secret', () => {
  it('is `slipway:` and a generated password that stands in no template', () => {
    const [generated, joined, ...others] = resourcesOf(data, 'AWS::SecretsManager::Secret')
      .map(({ Properties }) => Properties)
      .sort((one, other) => Number('SecretString' in one) - Number('SecretString' in other));

    expect(others).toEqual([]);
    expect(generated).toMatchObject({ GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true } });
    expect(joined?.['SecretString']).toEqual({
      'Fn::Join': [
        '',
        [
          'slipway:{{resolve:secretsmanager:',
          { Ref: expect.stringMatching(/^AuthPassword/) },
          expect.stringMatching(/^:SecretString:*\}\}$/),
        ],
      ],
    });
  });
});
