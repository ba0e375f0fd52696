// publish: the control table's stream moves the counters, and its events go out through a queue of their own,
// so that one slow receiver blocks nobody.
import { Duration } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { streamSource } from '../../shared/config/resources.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { addQueueSources } from './queue-source.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, eventVariables } from './store-variables.ts';

export type PublishProps = { readonly data: DataResources; readonly bus: EventBus; readonly settings: Settings };

export class Publish extends Construct {
  readonly lambda: StepLambda<'publish'>;

  constructor(scope: Construct, id: string, { data, bus, settings }: PublishProps) {
    super(scope, id);
    this.lambda = new StepLambda(this, 'Lambda', {
      step: 'publish',
      environment: {
        ...eventVariables(data, settings),
        ...bodyVariables(data),
        SLIPWAY_CONTROL_TABLE: data.tables.control.tableName,
        SLIPWAY_BULK_TABLE: data.tables.bulk.tableName,
        SLIPWAY_PUBLISH_QUEUE_URL: data.queues.byName.publish.queue.queueUrl,
        SLIPWAY_BUS_NAME: bus.eventBusName,
      },
    });
    data.tables.grantControl(this.lambda);
    data.tables.grantPutLargeParts(this.lambda);
    data.bodies.grantRead(this.lambda);
    data.queues.byName.publish.queue.grantSendMessages(this.lambda);
    data.queues.byName.events.queue.grantSendMessages(this.lambda);
    bus.grantPutEventsTo(this.lambda);
    addQueueSources('publish', this.lambda, data.queues);
    addStreamSource(this.lambda, data);
  }
}

/** From the oldest record on: a counter must miss nothing. What is given up at last leaves a note for a person. */
function addStreamSource(lambda: StepLambda<'publish'>, data: DataResources): void {
  data.tables.grantStream(lambda);
  lambda.handler.addEventSourceMapping('Stream', {
    eventSourceArn: data.tables.streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: streamSource.batchSize,
    maxBatchingWindow: Duration.seconds(streamSource.batchWindowSeconds),
    parallelizationFactor: streamSource.parallelizationFactor,
    tumblingWindow: Duration.seconds(streamSource.tumblingWindowSeconds),
    bisectBatchOnError: streamSource.bisectOnError,
    retryAttempts: streamSource.maxRetries,
    maxRecordAge: Duration.seconds(streamSource.maxRecordAgeSeconds),
    filters: streamSource.filters.map((filter) => FilterCriteria.filter(filter)),
    onFailure: new SqsDlq(data.queues.streamDeadLetters),
  });
}
