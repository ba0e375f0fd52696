// submit: the pump. It alone may start tasks, only of Slipway's own definitions and those the user allowed,
// only in our clusters, and it may give tasks no role but the named ones.
import { Stack } from 'aws-cdk-lib';
import { Grant, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { familyPrefix, slipwayName } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import type { StepVariables } from '../step-variables.ts';
import { apiRateVariables } from './api-rate-variables.ts';
import { addQueueSources } from './queue-source.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, storeVariables } from './store-variables.ts';
import type { TaskEnvironment } from './task-environment.ts';
import { grantReadTasks, grantStopTasks } from './task-grants.ts';

export type SubmitProps = {
  readonly data: DataResources;
  readonly tasks: TaskEnvironment;
  /** What containers get as `PREFECT_API_URL`. */
  readonly apiUrl: string;
  readonly settings: Settings;
};

export class Submit extends Construct {
  constructor(scope: Construct, id: string, props: SubmitProps) {
    super(scope, id);
    const { data, tasks, settings } = props;
    const lambda = new StepLambda(this, 'Lambda', { step: 'submit', environment: variables(props) });
    data.tables.grantControl(lambda);
    data.tables.grantIdentity(lambda);
    data.tables.grantIndexes(lambda, ['due', 'lane']);
    data.tables.grantAppendLogs(lambda);
    data.bodies.grantRead(lambda);
    data.secretKey.grantOpen(lambda);
    data.queues.byName.submit.queue.grantSendMessages(lambda);
    data.queues.byName.observe.queue.grantSendMessages(lambda);
    addQueueSources('submit', lambda, data.queues);
    grantLaunch(lambda, tasks, settings);
    grantRegister(lambda);
    grantPassRole(lambda, [tasks.taskRole.roleArn, tasks.executionRole.roleArn, ...settings.passRoleArns]);
    grantReadTasks(lambda, tasks);
    grantStopTasks(lambda, tasks);
  }
}

function variables({ data, tasks, apiUrl, settings }: SubmitProps): StepVariables<'submit'> {
  return {
    ...storeVariables(data),
    ...bodyVariables(data),
    SLIPWAY_STACK: slipwayName,
    SLIPWAY_SECRET_KEY_ARN: data.secretKey.keyArn,
    SLIPWAY_API_URL: apiUrl,
    SLIPWAY_CLUSTER_ARN: tasks.clusterArn,
    SLIPWAY_EXECUTION_ROLE_ARN: tasks.executionRole.roleArn,
    SLIPWAY_TASK_ROLE_ARN: tasks.taskRole.roleArn,
    SLIPWAY_SUBNETS: tasks.network.subnets.map((subnet) => subnet.subnetId).join(','),
    SLIPWAY_SECURITY_GROUPS: tasks.network.securityGroupId,
    SLIPWAY_ASSIGN_PUBLIC_IP: 'ENABLED',
    SLIPWAY_TASK_LOG_GROUP: data.taskLogGroup.logGroupName,
    SLIPWAY_DEFAULT_IMAGE: settings.defaultImage,
    SLIPWAY_AUTH_SECRET_ARN: data.authSecret.secretArn,
    SLIPWAY_LAUNCH_RATE: String(settings.launchRate),
    SLIPWAY_LAUNCH_BURST: String(settings.launchBurst),
    ...apiRateVariables(settings),
  };
}

type SubmitLambda = StepLambda<'submit'>;

function grantLaunch(lambda: SubmitLambda, tasks: TaskEnvironment, settings: Settings): void {
  lambda.role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ecs:RunTask'],
      resources: [ownDefinitions(lambda), ...settings.taskDefinitionArns],
      conditions: { ArnEquals: { 'ecs:cluster': tasks.clusterArns } },
    }),
  );
  tag(lambda, 'RunTask', tasks.taskArns);
}

/** ECS offers no narrower resource for it. */
function grantRegister(lambda: SubmitLambda): void {
  Grant.addToPrincipal({ grantee: lambda, actions: ['ecs:RegisterTaskDefinition'], resourceArns: ['*'] });
  tag(lambda, 'RegisterTaskDefinition', [ownDefinitions(lambda)]);
}

/** Tags may be given while something is created, and never changed afterwards. */
function tag(lambda: SubmitLambda, createAction: string, resources: readonly string[]): void {
  lambda.role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ecs:TagResource'],
      resources: [...resources],
      conditions: { StringEquals: { 'ecs:CreateAction': createAction } },
    }),
  );
}

function grantPassRole(lambda: SubmitLambda, resources: readonly string[]): void {
  lambda.role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [...resources],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }),
  );
}

function ownDefinitions(lambda: SubmitLambda): string {
  return Stack.of(lambda).formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${familyPrefix}*` });
}
