// What every task has around it: cluster, roles, network and log group, as the defaults that a job template leaves open.
// The task role can do nothing: a run that needs AWS names a role of its own.
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { slipwayName } from '../names.ts';
import { Network } from './network.ts';

export type TaskEnvironmentProps = {
  readonly logGroup: LogGroup;
  readonly authSecret: Secret;
  /** More clusters that runs may name. @default none */
  readonly clusterArns?: readonly string[];
};

export class TaskEnvironment extends Construct {
  readonly clusterName: string;
  readonly clusterArn: string;
  /** The stack's own cluster first, then the user's. */
  readonly clusterArns: readonly string[];
  /** Patterns of the ARNs of all tasks in these clusters. */
  readonly taskArns: readonly string[];
  readonly executionRole: Role;
  readonly taskRole: Role;
  readonly network: Network;

  constructor(scope: Construct, id: string, props: TaskEnvironmentProps) {
    super(scope, id);
    this.network = new Network(this, 'Network');
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: slipwayName,
      // In the cluster itself: the resource that CDK's own construct adds for them only makes deletion slower.
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      // Priced per metric and task; state, timings and exit codes of tasks stay on their runs anyway.
      clusterSettings: [{ name: 'containerInsights', value: 'disabled' }],
    });
    this.clusterName = slipwayName;
    this.clusterArn = cluster.attrArn;
    this.clusterArns = [cluster.attrArn, ...(props.clusterArns ?? [])];
    this.taskArns = [taskArnsOf(this, slipwayName), ...(props.clusterArns ?? []).map(userTaskArns)];
    this.taskRole = new Role(this, 'TaskRole', {
      assumedBy: ownTasks(this),
      description: 'Slipway: the default role of tasks, empty',
    });
    this.executionRole = new Role(this, 'ExecutionRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: 'Slipway: pulls images, writes logs and reads the auth secret for tasks',
    });
    grantPull(this, this.executionRole);
    props.logGroup.grantWrite(this.executionRole);
    props.authSecret.grantRead(this.executionRole);
  }
}

function taskArnsOf(scope: Construct, clusterName: string): string {
  return Stack.of(scope).formatArn({ service: 'ecs', resource: 'task', resourceName: `${clusterName}/*` });
}

function userTaskArns(clusterArn: string): string {
  return `${clusterArn.replace(':cluster/', ':task/')}/*`;
}

/** ECS may assume the role for tasks of this account only. */
function ownTasks(scope: Construct): ServicePrincipal {
  const stack = Stack.of(scope);
  return new ServicePrincipal('ecs-tasks.amazonaws.com', {
    conditions: {
      StringEquals: { 'aws:SourceAccount': stack.account },
      ArnLike: {
        'aws:SourceArn': stack.formatArn({ service: 'ecs', resource: '*', arnFormat: ArnFormat.NO_RESOURCE_NAME }),
      },
    },
  });
}

function grantPull(scope: Construct, grantee: Role): void {
  Grant.addToPrincipal({ grantee, actions: ['ecr:GetAuthorizationToken'], resourceArns: ['*'] });
  Grant.addToPrincipal({
    grantee,
    actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
    resourceArns: [Stack.of(scope).formatArn({ service: 'ecr', resource: 'repository', resourceName: '*' })],
  });
}
