// Every finding of cdk-nag that we accept, where it is and why. One that is not listed fails the synthesis,
// and one that is listed but no longer found fails the tests.
import { type App, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { familyPrefix, slipwayName } from './names.ts';
import type { Settings } from './settings.ts';

export type Acknowledgement = {
  /** Path of the construct: the finding may be in it or below it. */
  readonly path: string;
  /** The finding as cdk-nag names it, without its pack. */
  readonly finding: string;
  readonly reason: string;
};

const pack = 'AwsSolutions';
const ecsArn = 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>';
const anyResource = 'AwsSolutions-IAM5[Resource::*]';
const ownTasks = `AwsSolutions-IAM5[Resource::${ecsArn}:task/${slipwayName}/*]`;
const listTasksReason =
  'ecs:ListTasks knows no resource for tasks of Fargate; the statement is bound to our clusters by the condition ecs:cluster';
const ownTasksReason =
  'ids of tasks are made by ECS; the statement names our cluster and is bound to it by ecs:cluster';

/** Ids of connections are made by API Gateway as clients come. */
function connectionsOf(step: string, api: string, kinds: readonly string[]): readonly Acknowledgement[] {
  return kinds.flatMap((kind) =>
    ['POST', 'DELETE'].map((method) => ({
      path: `SlipwayService/${step}/Lambda/Role`,
      finding: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${api}>/${kind}/${method}/@connections/*]`,
      reason: 'connections of the one stage that the step serves; their ids are made as clients come',
    })),
  );
}

const listenersApi = 'SocketListenersApi45BF24F3';
const eventsApi = 'SocketEventsApi7EACA1C0';
const listenerKinds = ['events-out', 'logs-out', 'task-runs'];

const ofSockets: readonly Acknowledgement[] = [
  ...connectionsOf('Socket', listenersApi, listenerKinds),
  ...connectionsOf('Socket', eventsApi, ['events-in']),
  ...connectionsOf('Events', listenersApi, ['events-out', 'logs-out']),
  ...connectionsOf('Api', listenersApi, ['task-runs']),
  ...['events-in', ...listenerKinds].map((kind) => ({
    path: `SlipwayService/Socket/Stage-${kind}`,
    finding: 'AwsSolutions-APIG1',
    reason:
      'access logs of WebSocket APIs need a role that is set for the whole account and region; connections are logged by the socket Lambda',
  })),
];

/** Ids of runs and of their bodies are made as runs are. */
const ofBodies: readonly Acknowledgement[] = [
  {
    path: 'SlipwayData/Bodies/Bucket',
    finding: 'AwsSolutions-S1',
    reason:
      'only Lambdas of this stack read and write it, each named by its role; access logs would need a second bucket and are charged by the request',
  },
  ...['Api', 'Trigger', 'Submit', 'Observe', 'Publish', 'Socket', 'Act'].map((step) => ({
    path: `SlipwayService/${step}/Lambda/Role`,
    finding: 'AwsSolutions-IAM5[Resource::SlipwayData:ExportsOutputFnGetAttBodiesBucket7CDFEDE9Arn56676975/runs/*]',
    reason: 'bodies of runs that no item holds; ids of runs are made as runs are, and nothing else lies in the bucket',
  })),
];

/** Where a notification goes stands in blocks, which users write at any time. */
const ofAct: readonly Acknowledgement[] = [
  {
    path: 'SlipwayService/Act/Lambda/Role',
    finding: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]',
    reason: 'blocks name the verified identity that mail comes from; nothing but ses:SendEmail is allowed on it',
  },
  {
    path: 'SlipwayService/Act/Lambda/Role',
    finding: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sns:<AWS::Region>:<AWS::AccountId>:*]',
    reason: 'blocks name the topic that a notification goes to; nothing but sns:Publish is allowed on it',
  },
];

const openRoutes: readonly Acknowledgement[] = ['ListenersApi', 'EventsApi'].map((api) => ({
  path: `SlipwayService/Socket/${api}`,
  finding: 'AwsSolutions-APIG4',
  reason:
    'clients say who they are in their first frame, which no authorizer sees; the socket Lambda checks it, and what an unknown client sends is dropped',
}));

const distribution = 'SlipwayService/Front/Distribution';
const ofFront: readonly Acknowledgement[] = [
  {
    path: distribution,
    finding: 'AwsSolutions-CFR1',
    reason: 'an API for programs, wherever they run; who may call is decided by the auth string',
  },
  {
    path: distribution,
    finding: 'AwsSolutions-CFR2',
    reason: 'a web ACL is charged by the month even when nobody calls; an account that needs one adds it',
  },
  {
    path: distribution,
    finding: 'AwsSolutions-CFR3',
    reason: 'every request goes on to API Gateway, whose access log says what came and how it ended',
  },
  {
    path: distribution,
    finding: 'AwsSolutions-CFR4',
    reason:
      "CloudFront's own certificate takes older TLS too and cannot be told otherwise; every client of Prefect speaks TLS 1.2 or later",
  },
];

const fixed: readonly Acknowledgement[] = [
  {
    path: 'SlipwayData/Tables/Bulk',
    finding: 'AwsSolutions-DDB3',
    reason:
      'log lines and events that expire by themselves; nothing is decided upon them, and they are most of the bytes',
  },
  {
    path: 'SlipwayData/Queues/StreamDeadLetters',
    finding: 'AwsSolutions-SQS3',
    reason: 'is itself a dead-letter queue, of an event source mapping instead of a queue',
  },
  {
    path: 'SlipwayData/Auth',
    finding: 'AwsSolutions-SMG4',
    reason:
      'a rotation would lock out running tasks and every configured client at that moment; docs/deploy.md says how to change it by hand',
  },
  {
    path: 'SlipwayService/Tasks/Network/Vpc',
    finding: 'AwsSolutions-VPC7',
    reason: 'nothing can come in, and flow logs are charged by what flows write; an account that needs them adds one',
  },
  {
    path: 'SlipwayService/Tasks/Cluster',
    finding: 'AwsSolutions-ECS4',
    reason: 'Container Insights is charged by metric and task; state, timings and exit codes are kept on the runs',
  },
  {
    path: 'SlipwayService/Tasks/ExecutionRole',
    finding: anyResource,
    reason: 'ecr:GetAuthorizationToken knows no resource',
  },
  {
    path: 'SlipwayService/Tasks/ExecutionRole',
    finding: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository/*]',
    reason: 'a run may name any image of the account; the role can pull and nothing else',
  },
  {
    path: 'SlipwayService/Api/HttpApi',
    finding: 'AwsSolutions-APIG4',
    reason: 'the api Lambda checks the auth string: Prefect speaks HTTP Basic, and health answers without it',
  },
  {
    path: 'SlipwayService/Submit/Lambda/Role',
    finding: anyResource,
    reason: `ecs:RegisterTaskDefinition knows no resource; ${listTasksReason}`,
  },
  {
    path: 'SlipwayService/Submit/Lambda/Role',
    finding: `AwsSolutions-IAM5[Resource::${ecsArn}:task-definition/${familyPrefix}*]`,
    reason: 'families are named by the hash of their content and revisions are numbered by ECS; the prefix is ours',
  },
  { path: 'SlipwayService/Submit/Lambda/Role', finding: ownTasks, reason: ownTasksReason },
  { path: 'SlipwayService/Observe/Lambda/Role', finding: anyResource, reason: listTasksReason },
  { path: 'SlipwayService/Observe/Lambda/Role', finding: ownTasks, reason: ownTasksReason },
  { path: 'SlipwayService/Clock/Lambda/Role', finding: anyResource, reason: listTasksReason },
  { path: 'SlipwayService/Clock/Lambda/Role', finding: ownTasks, reason: ownTasksReason },
  {
    path: 'SlipwayService/Clock/SchedulerRole',
    finding: 'AwsSolutions-IAM5[Resource::<ClockLambdaHandler01E6B9EB.Arn>:*]',
    reason: 'versions of the one Lambda that the schedule calls',
  },
  {
    path: 'SlipwayService/Publish/Lambda/Role',
    finding: anyResource,
    reason: 'dynamodb:ListStreams, which Lambda asks of whoever reads a stream, knows no resource',
  },
];

/** All of them, with the patterns that the settings of this deployment bring in. */
export function acknowledgements(settings: Settings): readonly Acknowledgement[] {
  const taskPatterns = settings.clusterArns.map((arn) => `${arn.replace(':cluster/', ':task/')}/*`);
  const readers = ['Submit', 'Observe', 'Clock'].flatMap((step) => givenPatterns(step, taskPatterns));
  const ofSubmit = [...settings.taskDefinitionArns, ...settings.passRoleArns].filter((arn) => arn.includes('*'));
  return [
    ...fixed,
    ...ofSockets,
    ...ofBodies,
    ...ofAct,
    ...openRoutes,
    ...ofFront,
    ...readers,
    ...givenPatterns('Submit', ofSubmit),
  ];
}

function givenPatterns(step: string, arns: readonly string[]): readonly Acknowledgement[] {
  return arns.map((arn) => ({
    path: `SlipwayService/${step}/Lambda/Role`,
    finding: `AwsSolutions-IAM5[Resource::${arn}]`,
    reason: 'named in the settings of this deployment',
  }));
}

export function acknowledgeFindings(app: App, accepted: readonly Acknowledgement[]): void {
  for (const { path, finding, reason } of accepted) {
    Validations.of(constructAt(app, path)).acknowledge({ id: `${pack}::${finding}`, reason });
  }
}

function constructAt(app: App, path: string): IConstruct {
  return path.split('/').reduce<IConstruct>((construct, id) => construct.node.findChild(id), app);
}
