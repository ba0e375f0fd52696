// Wakes a step's Lambda with the messages of a queue, at the batch size and concurrency of the one table of resources.
// A bad message fails alone: the others of its batch are done with.
import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type QueueName, queueSources, type StepName } from '../../shared/config/resources.ts';
import type { Queues } from './queues.ts';
import type { StepLambda } from './step-lambda.ts';

/** Adds every queue that the table gives to this step. */
export function addQueueSources<Step extends StepName>(step: Step, lambda: StepLambda<Step>, queues: Queues): void {
  for (const source of queueSources.filter((candidate) => candidate.step === step)) {
    const name: QueueName = source.queue;
    lambda.handler.addEventSource(
      new SqsEventSource(queues.byName[name].queue, {
        batchSize: source.batchSize,
        maxBatchingWindow: Duration.seconds(source.batchWindowSeconds),
        maxConcurrency: source.maxConcurrency,
        reportBatchItemFailures: true,
      }),
    );
  }
}
