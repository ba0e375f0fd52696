// clock: every minute it reads what is due and what ECS lists, and leaves hints for the others.
// A tick is never repeated: the next one asks the same question again.
import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import { clockSchedule } from '../../shared/config/resources.ts';
import { slipwayName } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { StepLambda } from './step-lambda.ts';
import { eventVariables, storeVariables } from './store-variables.ts';
import type { TaskEnvironment } from './task-environment.ts';
import { grantReadTasks } from './task-grants.ts';

export type ClockProps = {
  readonly data: DataResources;
  readonly tasks: TaskEnvironment;
  readonly settings: Settings;
};

/** The least that Scheduler and Lambda take; a tick that old is stale. */
const tickAge = Duration.minutes(1);

export class Clock extends Construct {
  readonly lambda: StepLambda<'clock'>;

  constructor(scope: Construct, id: string, { data, tasks, settings }: ClockProps) {
    super(scope, id);
    this.lambda = new StepLambda(this, 'Lambda', {
      step: 'clock',
      environment: {
        ...storeVariables(data),
        ...eventVariables(data, settings),
        SLIPWAY_ACT_QUEUE_URL: data.queues.byName.act.queue.queueUrl,
        SLIPWAY_STACK: slipwayName,
        SLIPWAY_CLUSTER_ARN: tasks.clusterArn,
      },
    });
    data.tables.grantControl(this.lambda);
    data.tables.grantIndexes(this.lambda, ['due']);
    data.queues.byName.submit.queue.grantSendMessages(this.lambda);
    data.queues.byName.observe.queue.grantSendMessages(this.lambda);
    data.queues.byName.events.queue.grantSendMessages(this.lambda);
    data.queues.byName.act.queue.grantSendMessages(this.lambda);
    grantReadTasks(this.lambda, tasks);

    // Scheduler hands the tick over and is done: Lambda's own two repeats must be turned off apart.
    this.lambda.handler.configureAsyncInvoke({ retryAttempts: clockSchedule.maxRetries, maxEventAge: tickAge });
    new Schedule(this, 'Schedule', {
      description: 'Slipway: the minute tick',
      schedule: ScheduleExpression.expression(clockSchedule.expression),
      target: new LambdaInvoke(this.lambda.handler, {
        role: schedulerRole(this),
        retryAttempts: clockSchedule.maxRetries,
        maxEventAge: tickAge,
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
      }),
    });
  }
}

/** Scheduler may assume it for schedules of this account only. */
function schedulerRole(scope: Construct): Role {
  return new Role(scope, 'SchedulerRole', {
    description: 'Slipway: calls the clock Lambda every minute',
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  });
}
