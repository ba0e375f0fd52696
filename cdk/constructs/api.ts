// The REST API: one HTTP API that hands every path to the api Lambda, which checks the auth string itself,
// because Prefect's clients speak HTTP Basic and health must answer without it.
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { logRetentionDays } from '../../shared/config/resources.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { apiRateVariables } from './api-rate-variables.ts';
import type { Socket } from './socket.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, eventVariables, storeVariables } from './store-variables.ts';

export type ApiProps = { readonly data: DataResources; readonly settings: Settings; readonly socket: Socket };

/** Requests a second and at once, over all clients; a flow makes a few calls a second. More is answered 429. */
const throttle = { rateLimit: 500, burstLimit: 1000 } as const;

export class Api extends Construct {
  /** Base of the REST API without CloudFront, with no slash at its end: it has no sockets. */
  readonly url: string;
  readonly host: string;

  constructor(scope: Construct, id: string, { data, settings, socket }: ApiProps) {
    super(scope, id);
    const lambda = new StepLambda(this, 'Lambda', {
      step: 'api',
      environment: {
        ...storeVariables(data),
        ...bodyVariables(data),
        ...eventVariables(data, settings),
        SLIPWAY_ACT_QUEUE_URL: data.queues.byName.act.queue.queueUrl,
        SLIPWAY_SOCKETS_URL: socket.url,
        SLIPWAY_SECRET_KEY_ARN: data.secretKey.keyArn,
        SLIPWAY_AUTH_SECRET_ARN: data.authSecret.secretArn,
        SLIPWAY_LAUNCH_RATE: String(settings.launchRate),
        SLIPWAY_LAUNCH_BURST: String(settings.launchBurst),
        ...apiRateVariables(settings),
      },
    });
    data.tables.grantControl(lambda);
    data.tables.grantIdentity(lambda);
    data.tables.grantIndexes(lambda, ['runs', 'lane', 'parent']);
    data.tables.grantAppendLogs(lambda);
    data.tables.grantReadLogs(lambda);
    data.tables.grantRemoveLogs(lambda);
    // What containers print, for runs whose own log says nothing.
    data.taskLogGroup.grant(lambda, 'logs:GetLogEvents');
    data.tables.grantReadEvents(lambda);
    data.tables.grantPutLargeParts(lambda);
    data.tables.grantArtifactData(lambda);
    data.bodies.grantRead(lambda);
    data.bodies.grantWrite(lambda);
    data.bodies.grantDelete(lambda);
    data.secretKey.grantSeal(lambda);
    data.authSecret.grantRead(lambda);
    socket.grantSend(lambda, ['task-runs']);
    data.queues.byName.submit.queue.grantSendMessages(lambda);
    data.queues.byName.observe.queue.grantSendMessages(lambda);
    data.queues.byName.events.queue.grantSendMessages(lambda);
    data.queues.byName.act.queue.grantSendMessages(lambda);

    const api = new HttpApi(this, 'HttpApi', {
      description: 'Slipway: Prefect API',
      createDefaultStage: false,
    });
    api.addRoutes({
      path: '/{proxy+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('ApiLambda', lambda.handler, {
        payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
      }),
    });
    addStage(this, api);
    const { region, urlSuffix } = Stack.of(this);
    this.host = `${api.apiId}.execute-api.${region}.${urlSuffix}`;
    this.url = `${api.apiEndpoint}/api`;
  }
}

/** The access log names no header and no query: neither the auth string nor what a run was given may stand in it. */
function addStage(scope: Construct, httpApi: HttpApi): void {
  const accessLogs = new LogGroup(scope, 'AccessLogs', {
    // API Gateway may write to groups of this prefix without a grant of their own in the account's log policy.
    logGroupName: '/aws/vendedlogs/slipway/api',
    retention: logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new HttpStage(scope, 'Stage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    throttle,
    accessLogSettings: {
      destination: new LogGroupLogDestination(accessLogs),
      format: AccessLogFormat.custom(
        JSON.stringify({
          requestId: '$context.requestId',
          time: '$context.requestTimeEpoch',
          ip: '$context.identity.sourceIp',
          method: '$context.httpMethod',
          path: '$context.path',
          status: '$context.status',
          bytes: '$context.responseLength',
          milliseconds: '$context.responseLatency',
          integrationError: '$context.integrationErrorMessage',
        }),
      ),
    },
  });
}
