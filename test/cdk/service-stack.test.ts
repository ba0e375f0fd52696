// What the service stack promises: Lambdas, sources, rules and schedule as the one table of resources says.
// What each Lambda may do is told in permissions.test.ts.
import { createContext, runInContext } from 'node:vm';
import { Match } from 'aws-cdk-lib/assertions';
import { CachePolicy, OriginRequestPolicy } from 'aws-cdk-lib/aws-cloudfront';
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
  sockets,
  stepNames,
  streamSource,
} from '../../shared/config/resources.ts';
import { buildTemplates, type Resource, resourcesOf, withoutHash } from './templates.ts';

const { service } = buildTemplates({ 'slipway:launchRate': '40', 'slipway:launchBurst': 200 });

const { service: askingForTaskRuns } = buildTemplates({ 'slipway:busTaskRuns': true });

const Variables = z.object({ Variables: z.record(z.string(), z.unknown()) });
const Route = z.object({ ApiId: z.object({ Ref: z.string() }), RouteKey: z.string() });
const Behavior = z.looseObject({
  PathPattern: z.string().optional(),
  CachePolicyId: z.string(),
  OriginRequestPolicyId: z.string(),
  ViewerProtocolPolicy: z.string(),
  AllowedMethods: z.array(z.string()),
});
const Distribution = z.looseObject({
  DefaultCacheBehavior: Behavior,
  CacheBehaviors: z.array(Behavior),
  CustomErrorResponses: z.array(z.object({ ErrorCode: z.number(), ErrorCachingMinTTL: z.number() })),
});
const idOf = (step: StepName) => `${step.charAt(0).toUpperCase()}${step.slice(1)}LambdaHandler`;

function lambdaOf(step: StepName, template = service): Resource {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(({ id }) => withoutHash(id) === idOf(step));
  if (found === undefined) throw new Error(`no Lambda of the ${step} step: wanted one`);
  return found;
}

/** The variables as the Lambda will see them: what CloudFormation fills in later is some text. */
function environmentOf(step: StepName, template = service): Record<string, string> {
  const { Variables: variables } = Variables.parse(lambdaOf(step, template).Properties['Environment']);
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

  it.each(stepNames)(
    'lets AWS end what goes round in circles through %s, unless that is how its work goes on',
    (step) => {
      const goesOn = step === 'submit' || step === 'observe';

      expect(lambdaOf(step).Properties).toMatchObject({ RecursiveLoop: goesOn ? 'Allow' : 'Terminate' });
    },
  );

  it.each(stepNames)('passes %s every variable of its schema, in a form it can read, and none besides', (step) => {
    const { NODE_OPTIONS: nodeOptions, ...variables } = environmentOf(step);

    const config = readEnv(step, variables);

    expect(nodeOptions).toBe('--enable-source-maps');
    expect(Object.keys(config).sort()).toEqual(Object.keys(variables).sort());
  });

  it('passes the launch rate and burst of the settings to submit', () => {
    expect(environmentOf('submit')).toMatchObject({ SLIPWAY_LAUNCH_RATE: '40', SLIPWAY_LAUNCH_BURST: '200' });
  });

  it('sends task runs to the bus only where the settings ask for it', () => {
    expect(environmentOf('events')['SLIPWAY_BUS_TASK_RUNS']).toBe('false');
    expect(environmentOf('events', askingForTaskRuns)['SLIPWAY_BUS_TASK_RUNS']).toBe('true');
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
    expect(routesOf('ApiHttpApi')).toEqual(['ANY /{proxy+}']);
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
    const stage = resourcesOf(service, 'AWS::ApiGatewayV2::Stage').find(({ id }) => withoutHash(id) === 'ApiStage');

    const format = z.object({ Format: z.string() }).parse(stage?.Properties['AccessLogSettings']).Format;

    expect(format).not.toMatch(/authorizer|header|query|requestOverride/i);
  });
});

describe('the sockets', () => {
  it('wakes the socket Lambda for everything but the events themselves', () => {
    const target = { 'Fn::GetAtt': [lambdaOf('socket').id, 'Arn'] };

    const integrations = resourcesOf(service, 'AWS::ApiGatewayV2::Integration')
      .filter(({ Properties }) => Properties['IntegrationType'] === 'AWS_PROXY')
      .filter(({ Properties }) => JSON.stringify(Properties['IntegrationUri']).includes(JSON.stringify(target)));

    expect(routesOf('SocketListenersApi').sort()).toEqual(['$connect', '$default', '$disconnect']);
    expect(routesOf('SocketEventsApi').sort()).toEqual(['$connect', '$default', '$disconnect', 'auth']);
    expect(integrations).toHaveLength(6);
  });

  it('puts each frame of /events/in as it is into one message of the events queue, with its connection', () => {
    service.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS',
      IntegrationMethod: 'POST',
      IntegrationUri: Match.objectLike({
        'Fn::Join': ['', Match.arrayWith([{ 'Fn::ImportValue': Match.stringLikeRegexp('QueuesEvents.*QueueName') }])],
      }),
      CredentialsArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('SocketEventsRole'), 'Arn'] },
      PassthroughBehavior: 'NEVER',
      TemplateSelectionExpression: '\\$default',
      RequestParameters: {
        'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'",
      },
      RequestTemplates: {
        $default: [
          'Action=SendMessage',
          'MessageBody=$util.urlEncode($input.body)',
          'MessageAttribute.1.Name=connection',
          'MessageAttribute.1.Value.DataType=String',
          'MessageAttribute.1.Value.StringValue=$util.urlEncode($context.connectionId)',
        ].join('&'),
      },
    });
  });

  it('selects the greeting of a client by its type', () => {
    service.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      ProtocolType: 'WEBSOCKET',
      Description: 'Slipway: events of clients',
      RouteSelectionExpression: '$request.body.type',
    });
  });

  it('has a stage for each socket', () => {
    const stages = resourcesOf(service, 'AWS::ApiGatewayV2::Stage').map(({ Properties }) => Properties['StageName']);

    expect(stages.sort()).toEqual(['$default', ...sockets.map(({ kind }) => kind)].sort());
  });

  it('tells every Lambda that sends frames where, and the socket Lambda that it is on AWS', () => {
    for (const step of ['api', 'events', 'socket'] as const) {
      const { Variables: variables } = Variables.parse(lambdaOf(step).Properties['Environment']);
      expect(JSON.stringify(variables['SLIPWAY_SOCKETS_URL'])).toContain('SocketListenersApi');
    }
    expect(environmentOf('socket')['SLIPWAY_SOCKETS']).toBe('aws');
  });
});

describe('the front', () => {
  const Code = z.object({ FunctionCode: z.string() });
  type Answer = { readonly uri?: string; readonly statusCode?: number };

  /** Runs the function that CloudFront would run for a request to this path. */
  function rewritten(uri: string): Answer {
    const [edge] = resourcesOf(service, 'AWS::CloudFront::Function');
    const { FunctionCode: code } = Code.parse(edge?.Properties);
    const context = createContext({ event: { request: { method: 'GET', uri, headers: {} } } });
    return z.custom<Answer>().parse(runInContext(`${code}\nhandler(event)`, context));
  }

  it.each(sockets)('leads clients of $path to the stage $kind', ({ kind, path }) => {
    expect(rewritten(`/api${path}`)).toMatchObject({ uri: `/${kind}` });
  });

  it('answers the worker channel with 404, as it does everything that is no socket', () => {
    expect(rewritten('/api/work_pools/my%20pool/workers/connect')).toMatchObject({ statusCode: 404 });
    expect(rewritten('/api/events/inside')).toMatchObject({ statusCode: 404 });
  });

  it('passes on all that clients send but the host, and keeps nothing, errors neither', () => {
    const [distribution] = resourcesOf(service, 'AWS::CloudFront::Distribution');
    const config = Distribution.parse(distribution?.Properties['DistributionConfig']);
    const behaviors = [config.DefaultCacheBehavior, ...config.CacheBehaviors];

    expect(config.CacheBehaviors.map(({ PathPattern }) => PathPattern).sort()).toEqual(
      ['/api/work_pools/*/workers/connect', ...sockets.map(({ path }) => `/api${path}`)].sort(),
    );
    for (const behavior of behaviors) {
      expect(behavior.CachePolicyId).toBe(CachePolicy.CACHING_DISABLED.cachePolicyId);
      expect(behavior.OriginRequestPolicyId).toBe(
        OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER.originRequestPolicyId,
      );
      expect(behavior.ViewerProtocolPolicy).toBe('https-only');
    }
    expect(config.DefaultCacheBehavior.AllowedMethods).toContain('DELETE');
    expect(config.CustomErrorResponses.map(({ ErrorCode }) => ErrorCode)).toEqual([
      400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504,
    ]);
    for (const { ErrorCachingMinTTL: seconds } of config.CustomErrorResponses) expect(seconds).toBe(0);
  });

  it('is the host that tasks and people are given', () => {
    const { Variables: variables } = Variables.parse(lambdaOf('submit').Properties['Environment']);

    expect(JSON.stringify(variables['SLIPWAY_API_URL'])).toContain('FrontDistribution');
    service.hasOutput('ApiUrl', { Value: { 'Fn::Join': ['', Match.arrayWith(['https://', '/api'])] } });
    service.hasOutput('ApiDirectUrl', {});
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

/** Route keys of one API. */
function routesOf(api: string): string[] {
  const routes = resourcesOf(service, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Route.parse(Properties));
  return routes.filter(({ ApiId }) => withoutHash(ApiId.Ref) === api).map(({ RouteKey }) => RouteKey);
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
