// observe: what ECS says of tasks moves their runs, and what must end is stopped.
// It may look at tasks and stop them; it never starts one.
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { slipwayName } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { apiRateVariables } from './api-rate-variables.ts';
import { QueueRules } from './queue-rules.ts';
import { addQueueSources } from './queue-source.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, eventVariables, storeVariables } from './store-variables.ts';
import type { TaskEnvironment } from './task-environment.ts';
import { grantReadTasks, grantStopTasks } from './task-grants.ts';

export type ObserveProps = {
  readonly data: DataResources;
  readonly tasks: TaskEnvironment;
  readonly bus: EventBus;
  readonly settings: Settings;
};

export class Observe extends Construct {
  constructor(scope: Construct, id: string, { data, tasks, bus, settings }: ObserveProps) {
    super(scope, id);
    const lambda = new StepLambda(this, 'Lambda', {
      step: 'observe',
      environment: {
        ...storeVariables(data),
        ...bodyVariables(data),
        ...eventVariables(data, settings),
        ...apiRateVariables(settings),
        SLIPWAY_STACK: slipwayName,
        SLIPWAY_CLUSTER_ARN: tasks.clusterArn,
      },
    });
    data.tables.grantControl(lambda);
    data.tables.grantIndexes(lambda, ['lane']);
    data.queues.byName.submit.queue.grantSendMessages(lambda);
    data.queues.byName.observe.queue.grantSendMessages(lambda);
    // A silence is told of by an event like any other.
    data.queues.byName.events.queue.grantSendMessages(lambda);
    data.bodies.grantRead(lambda);
    data.bodies.grantWrite(lambda);
    data.bodies.grantDelete(lambda);
    data.tables.grantPutLargeParts(lambda);
    addQueueSources('observe', lambda, data.queues);
    new QueueRules(this, 'Rules', { queue: 'observe', queues: data.queues, bus, clusterArns: tasks.clusterArns });
    grantReadTasks(lambda, tasks);
    grantStopTasks(lambda, tasks);
  }
}
