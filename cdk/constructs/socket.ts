// The sockets: two WebSocket APIs, because a stage of one has no paths and routes are the same in all stages of an API.
// Frames of `/events/in` go straight into the queue `events`; all else wakes the socket Lambda. Idle, both cost nothing.
import { Stack } from 'aws-cdk-lib';
import {
  PassthroughBehavior,
  WebSocketApi,
  type WebSocketRouteIntegration,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketAwsIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Grant, type IGrantable, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sockets } from '../../shared/config/resources.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, eventVariables } from './store-variables.ts';

export type SocketProps = { readonly data: DataResources; readonly settings: Settings };

/** Messages and new connections a second and at once, over all clients of one stage. */
const throttle = { rateLimit: 2000, burstLimit: 4000 } as const;
const eventsIn = 'events-in';

type ListenerKind = Exclude<(typeof sockets)[number]['kind'], typeof eventsIn>;

export class Socket extends Construct {
  /** Where frames are sent to listeners (`SLIPWAY_SOCKETS_URL`): the API without its stage. */
  readonly url: string;
  /** The host name of each API. */
  readonly hosts: { readonly eventsIn: string; readonly others: string };
  private readonly listeners: WebSocketApi;
  private readonly events: WebSocketApi;

  constructor(scope: Construct, id: string, { data, settings }: SocketProps) {
    super(scope, id);
    this.listeners = new WebSocketApi(this, 'ListenersApi', { description: 'Slipway: sockets of those who listen' });
    this.events = new WebSocketApi(this, 'EventsApi', {
      description: 'Slipway: events of clients',
      // Prefect's events have no type; a client's greeting has.
      routeSelectionExpression: '$request.body.type',
    });
    this.url = addressOf(this.listeners);
    this.hosts = { eventsIn: hostOf(this.events), others: hostOf(this.listeners) };
    const lambda = this.addLambda(data, settings);
    const integration = (name: string) => new WebSocketLambdaIntegration(name, lambda.handler);
    for (const route of ['$connect', '$default', '$disconnect']) {
      this.listeners.addRoute(route, { integration: integration('Listeners') });
    }
    for (const route of ['$connect', 'auth', '$disconnect']) {
      this.events.addRoute(route, { integration: integration('Events') });
    }
    this.events.addRoute('$default', { integration: intoQueue(this, data.queues.byName.events.queue) });
    for (const { kind } of sockets) {
      const webSocketApi = kind === eventsIn ? this.events : this.listeners;
      new WebSocketStage(this, `Stage-${kind}`, { webSocketApi, stageName: kind, autoDeploy: true, throttle });
    }
  }

  /** Sending frames to the listeners of these sockets, and cutting off who does not take them. */
  grantSend(grantee: IGrantable, kinds: readonly ListenerKind[]): void {
    grantConnections(grantee, this.listeners, kinds);
  }

  private addLambda(data: DataResources, settings: Settings): StepLambda<'socket'> {
    const lambda = new StepLambda(this, 'Lambda', {
      step: 'socket',
      environment: {
        ...eventVariables(data, settings),
        ...bodyVariables(data),
        SLIPWAY_CONTROL_TABLE: data.tables.control.tableName,
        SLIPWAY_BULK_TABLE: data.tables.bulk.tableName,
        SLIPWAY_SOCKETS_URL: this.url,
        SLIPWAY_EVENTS_IN_URL: addressOf(this.events),
        SLIPWAY_SOCKETS: 'aws',
        SLIPWAY_AUTH_SECRET_ARN: data.authSecret.secretArn,
      },
    });
    data.tables.grantControl(lambda);
    data.tables.grantReadEvents(lambda);
    data.tables.grantReadLogs(lambda);
    data.tables.grantAppendLogs(lambda);
    // The label of a run whose event was lost.
    data.bodies.grantRead(lambda);
    data.bodies.grantWrite(lambda);
    data.authSecret.grantRead(lambda);
    this.grantSend(lambda, ['events-out', 'logs-out', 'task-runs']);
    grantConnections(lambda, this.events, [eventsIn]);
    return lambda;
  }
}

function grantConnections(grantee: IGrantable, api: WebSocketApi, stages: readonly string[]): void {
  const resourceArns = stages.flatMap((stage) =>
    ['POST', 'DELETE'].map((method) =>
      Stack.of(api).formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: `${stage}/${method}/@connections/*`,
      }),
    ),
  );
  Grant.addToPrincipal({ grantee, actions: ['execute-api:ManageConnections'], resourceArns });
}

function hostOf(api: WebSocketApi): string {
  const { region, urlSuffix } = Stack.of(api);
  return `${api.apiId}.execute-api.${region}.${urlSuffix}`;
}

function addressOf(api: WebSocketApi): string {
  return `https://${hostOf(api)}`;
}

/** One frame, one message with the frame as its body and the connection as an attribute. */
function intoQueue(scope: Construct, queue: IQueue): WebSocketRouteIntegration {
  const { partition, region, account } = Stack.of(scope);
  const role = new Role(scope, 'EventsRole', {
    assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
    description: 'Slipway: what the API of events may do',
  });
  Grant.addToPrincipal({ grantee: role, actions: ['sqs:SendMessage'], resourceArns: [queue.queueArn] });
  const attribute = 'MessageAttribute.1';
  const template = [
    'Action=SendMessage',
    'MessageBody=$util.urlEncode($input.body)',
    `${attribute}.Name=connection`,
    `${attribute}.Value.DataType=String`,
    `${attribute}.Value.StringValue=$util.urlEncode($context.connectionId)`,
  ];
  return new WebSocketAwsIntegration('Queue', {
    integrationUri: `arn:${partition}:apigateway:${region}:sqs:path/${account}/${queue.queueName}`,
    integrationMethod: 'POST',
    credentialsRole: role,
    passthroughBehavior: PassthroughBehavior.NEVER,
    templateSelectionExpression: '\\$default',
    requestTemplates: { $default: template.join('&') },
    requestParameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
  });
}
