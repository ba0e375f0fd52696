// events: what clients and Slipway itself tell of is kept, judged by automations, and shown to whoever watches.
// A message that cannot be read fails alone, and ends in the dead-letter queue.
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { addQueueSources } from './queue-source.ts';
import type { Socket } from './socket.ts';
import { StepLambda } from './step-lambda.ts';
import { eventVariables } from './store-variables.ts';

export type EventsProps = { readonly data: DataResources; readonly settings: Settings; readonly socket: Socket };

export class Events extends Construct {
  readonly lambda: StepLambda<'events'>;

  constructor(scope: Construct, id: string, { data, settings, socket }: EventsProps) {
    super(scope, id);
    this.lambda = new StepLambda(this, 'Lambda', {
      step: 'events',
      environment: {
        ...eventVariables(data, settings),
        SLIPWAY_ACT_QUEUE_URL: data.queues.byName.act.queue.queueUrl,
        SLIPWAY_CONTROL_TABLE: data.tables.control.tableName,
        SLIPWAY_BULK_TABLE: data.tables.bulk.tableName,
        SLIPWAY_SOCKETS_URL: socket.url,
        SLIPWAY_PUBLISH_QUEUE_URL: data.queues.byName.publish.queue.queueUrl,
        SLIPWAY_BUS_TASK_RUNS: String(settings.busTaskRuns),
      },
    });
    data.tables.grantControl(this.lambda);
    data.tables.grantKeepEvents(this.lambda);
    data.tables.grantReadLargeParts(this.lambda);
    data.queues.byName.publish.queue.grantSendMessages(this.lambda);
    data.queues.byName.act.queue.grantSendMessages(this.lambda);
    socket.grantSend(this.lambda, ['events-out', 'logs-out']);
    addQueueSources('events', this.lambda, data.queues);
  }
}
