// trigger: events that ask for a run, from the default bus and our own, become runs.
// It may write runs and leave hints; it never talks to ECS.
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { DataResources } from '../stacks/data-stack.ts';
import { QueueRules } from './queue-rules.ts';
import { addQueueSources } from './queue-source.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, storeVariables } from './store-variables.ts';

export type TriggerProps = { readonly data: DataResources; readonly bus: EventBus };

export class Trigger extends Construct {
  constructor(scope: Construct, id: string, { data, bus }: TriggerProps) {
    super(scope, id);
    const lambda = new StepLambda(this, 'Lambda', {
      step: 'trigger',
      environment: { ...storeVariables(data), ...bodyVariables(data) },
    });
    data.tables.grantControl(lambda);
    data.tables.grantIndexes(lambda, ['lane']);
    data.bodies.grantWrite(lambda);
    data.queues.byName.submit.queue.grantSendMessages(lambda);
    data.queues.byName.observe.queue.grantSendMessages(lambda);
    addQueueSources('trigger', lambda, data.queues);
    new QueueRules(this, 'Rules', { queue: 'trigger', queues: data.queues, bus, clusterArns: [] });
  }
}
