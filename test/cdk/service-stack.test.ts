// What the service stack promises: Lambdas, sources, rules and schedule as the one table of resources says.
// What each Lambda may do is told in permissions.test.ts.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readEnv } from '../../shared/config/env.ts';
import {
  clockSchedule,
  eventRules,
  lambdas,
  logRetentionDays,
  metricNamespace,
  queueNames,
  queueSources,
  queues,
  type StepName,
  stepNames,
  streamSource,
} from '../../shared/config/resources.ts';
import { buildTemplates, type Resource, resourcesOf, withoutHash } from './templates.ts';

const { service } = buildTemplates({ 'slipway:launchRate': '40', 'slipway:launchBurst': 200 });

const Variables = z.object({ Variables: z.record(z.string(), z.unknown()) });
const idOf = (step: StepName) => `${step.charAt(0).toUpperCase()}${step.slice(1)}LambdaHandler`;

function lambdaOf(step: StepName): Resource {
  const found = resourcesOf(service, 'AWS::Lambda::Function').find(({ id }) => withoutHash(id) === idOf(step));
  if (found === undefined) throw new Error(`no Lambda of the ${step} step: wanted one`);
  return found;
}

/** The variables as the Lambda will see them: what CloudFormation fills in later is some text. */
function environmentOf(step: StepName): Record<string, string> {
  const { Variables: variables } = Variables.parse(lambdaOf(step).Properties['Environment']);
  const texts = Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : 'later']);
  return Object.fromEntries(texts);
}

describe('Lambdas', () => {
  it('has one a step and no other', () => {
    const ids = resourcesOf(service, 'AWS::Lambda::Function').map(({ id }) => withoutHash(id));

    expect(ids.sort()).toEqual(stepNames.map(idOf).sort());
  });

  it.each(stepNames)('runs %s on Node 24 and arm64, with time-out and memory of the config', (step) => {
    expect(lambdaOf(step).Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: lambdas[step].timeoutSeconds,
      MemorySize: lambdas[step].memoryMb,
    });
  });

  it.each(stepNames)('passes %s every variable of its schema, in a form it can read, and none besides', (step) => {
    const { NODE_OPTIONS: nodeOptions, ...variables } = environmentOf(step);

    const config = readEnv(step, variables);

    expect(nodeOptions).toBe('--enable-source-maps');
    expect(Object.keys(config).sort()).toEqual(Object.keys(variables).sort());
  });

  it('passes the launch rate and burst of the settings to submit', () => {
    expect(environmentOf('submit')).toMatchObject({ SLIPWAY_LAUNCH_RATE: '40', SLIPWAY_LAUNCH_BURST: '200' });
  });

  it('gives each a role and a log group of its own', () => {
    const roles = stepNames.map((step) => JSON.stringify(lambdaOf(step).Properties['Role']));
    const groups = stepNames.map((step) => JSON.stringify(lambdaOf(step).Properties['LoggingConfig']));

    expect(new Set(roles).size).toBe(stepNames.length);
    expect(new Set(groups).size).toBe(stepNames.length);
  });

  it('keeps every log for the days of the config', () => {
    for (const { Properties } of resourcesOf(service, 'AWS::Logs::LogGroup')) {
      expect(Properties['RetentionInDays']).toBe(logRetentionDays);
    }
  });
});

describe('event sources', () => {
  it.each(queueSources)('wakes $step from the $queue queue as the config says, with partial failures', (source) => {
    service.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionName: { Ref: lambdaOf(source.step).id },
      EventSourceArn: { 'Fn::ImportValue': Match.stringLikeRegexp(`Queues${capital(source.queue)}[0-9A-F]{8}Arn`) },
      BatchSize: source.batchSize,
      MaximumBatchingWindowInSeconds: source.batchWindowSeconds,
      ScalingConfig: { MaximumConcurrency: source.maxConcurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('wakes publish from the stream as the config says, with bisecting, retries and a dead-letter queue', () => {
    service.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionName: { Ref: lambdaOf(streamSource.step).id },
      EventSourceArn: { 'Fn::ImportValue': Match.stringLikeRegexp('TablesControl.*StreamArn') },
      BatchSize: streamSource.batchSize,
      BisectBatchOnFunctionError: streamSource.bisectOnError,
      MaximumRetryAttempts: streamSource.maxRetries,
      MaximumRecordAgeInSeconds: streamSource.maxRecordAgeSeconds,
      ParallelizationFactor: streamSource.parallelizationFactor,
      TumblingWindowInSeconds: streamSource.tumblingWindowSeconds,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::ImportValue': Match.stringLikeRegexp('StreamDeadLetters') } },
      },
    });
  });

  it.each(queueSources)('hides a message from others for six time-outs of $step at least, as AWS advises', (source) => {
    expect(queues[source.queue].visibilitySeconds).toBeGreaterThanOrEqual(6 * lambdas[source.step].timeoutSeconds);
  });

  it('has no source that the config does not name', () => {
    service.resourceCountIs('AWS::Lambda::EventSourceMapping', queueSources.length + 1);
  });
});

describe('rules and schedule', () => {
  it.each(eventRules)('routes $name to the $queue queue, keeping what cannot be delivered', (rule) => {
    const { detail, ...rest } = { detail: undefined, ...rule.pattern };
    const clusterArn = [{ 'Fn::GetAtt': [Match.stringLikeRegexp('TasksCluster'), 'Arn'] }];
    const queue = `Queues${capital(rule.queue)}`;

    service.hasResourceProperties('AWS::Events::Rule', {
      Name: `slipway-${rule.name}`,
      EventBusName: rule.bus === 'default' ? Match.absent() : Match.anyValue(),
      EventPattern: {
        ...rest,
        ...(detail === undefined ? {} : { detail: rule.ofOurClusters ? { ...detail, clusterArn } : detail }),
      },
      Targets: [
        {
          Arn: { 'Fn::ImportValue': Match.stringLikeRegexp(`${queue}[0-9A-F]{8}Arn`) },
          DeadLetterConfig: { Arn: { 'Fn::ImportValue': Match.stringLikeRegexp(`${queue}DeadLetters.*Arn`) } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    });
  });

  it('ticks the clock every minute with the scheduled time and repeats no tick', () => {
    service.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: clockSchedule.expression,
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::GetAtt': [lambdaOf('clock').id, 'Arn'] },
        Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumRetryAttempts: clockSchedule.maxRetries },
      },
    });
    service.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: lambdaOf('clock').id },
      MaximumRetryAttempts: clockSchedule.maxRetries,
    });
  });
});

describe('the HTTP API', () => {
  it('hands every path and method to the api Lambda as payload 2.0, throttled and logged', () => {
    service.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'ANY /{proxy+}' });
    service.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
    service.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationUri: { 'Fn::GetAtt': [lambdaOf('api').id, 'Arn'] },
      PayloadFormatVersion: '2.0',
    });
    service.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: Match.anyValue(), ThrottlingBurstLimit: Match.anyValue() },
      AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.anyValue() },
    });
  });

  it('writes no header and no query string into the access log', () => {
    const [stage] = resourcesOf(service, 'AWS::ApiGatewayV2::Stage');

    const format = z.object({ Format: z.string() }).parse(stage?.Properties['AccessLogSettings']).Format;

    expect(format).not.toMatch(/authorizer|header|query|requestOverride/i);
  });
});

describe('tasks', () => {
  it('has Fargate and Fargate Spot in its cluster', () => {
    service.hasResourceProperties('AWS::ECS::Cluster', { CapacityProviders: ['FARGATE', 'FARGATE_SPOT'] });
  });

  it('costs nothing while idle: no NAT gateway, no address, no interface endpoint', () => {
    service.resourceCountIs('AWS::EC2::NatGateway', 0);
    service.resourceCountIs('AWS::EC2::EIP', 0);
    const endpoints = resourcesOf(service, 'AWS::EC2::VPCEndpoint').map(({ Properties }) => Properties);
    expect(endpoints.map((endpoint) => endpoint['VpcEndpointType'])).toEqual(['Gateway', 'Gateway']);
  });

  it('lets nothing in', () => {
    service.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
    service.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });
});

describe('alarms', () => {
  it.each([...queueNames, 'stream'])('rings when the %s dead-letter queue holds a message', (name) => {
    service.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [
        {
          Name: 'QueueName',
          Value: { 'Fn::ImportValue': Match.stringLikeRegexp(`Queues${capital(name)}DeadLetters`) },
        },
      ],
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    });
  });

  it.each(queueSources)('rings when $step meets a message that it cannot read', ({ step }) => {
    service.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: metricNamespace,
      MetricName: 'BadMessage',
      Dimensions: [{ Name: 'step', Value: step }],
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    });
  });

  it('rings when the clock falls silent', () => {
    service.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: lambdaOf('clock').id } }],
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  it('notifies the topic of the settings, and nobody by default', () => {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:ops';

    const notifying = buildTemplates({ 'slipway:alarmTopicArn': topic }).service;

    for (const { Properties } of resourcesOf(service, 'AWS::CloudWatch::Alarm')) {
      expect(Properties['AlarmActions']).toBeUndefined();
    }
    for (const { Properties } of resourcesOf(notifying, 'AWS::CloudWatch::Alarm')) {
      expect(Properties['AlarmActions']).toEqual([topic]);
    }
  });
});

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
