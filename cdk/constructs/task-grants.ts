// What steps may do with tasks that exist: look at them or stop them, in our clusters alone.
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { TaskEnvironment } from './task-environment.ts';

/** ListTasks knows no resource for Fargate's tasks, hence the condition in its place. */
export function grantReadTasks(grantee: IGrantable, tasks: TaskEnvironment): void {
  const conditions = { ArnEquals: { 'ecs:cluster': tasks.clusterArns } };
  const list = new PolicyStatement({ actions: ['ecs:ListTasks'], resources: ['*'], conditions });
  const describe = new PolicyStatement({
    actions: ['ecs:DescribeTasks'],
    resources: [...tasks.taskArns],
    conditions,
  });
  for (const statement of [list, describe]) grantee.grantPrincipal.addToPrincipalPolicy(statement);
}

export function grantStopTasks(grantee: IGrantable, tasks: TaskEnvironment): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ecs:StopTask'],
      resources: [...tasks.taskArns],
      conditions: { ArnEquals: { 'ecs:cluster': tasks.clusterArns } },
    }),
  );
}
