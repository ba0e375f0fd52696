// Wires publish: the control table's stream → counters and the outbox; SQS `publish` (the outbox) → EventBridge bus.
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { readHeadChange, sequenceOf } from '../../shared/adapters/dynamodb/stream-codec.ts';
import { createBus } from '../../shared/adapters/eventbridge/bus.ts';
import { createOutbox, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { type PublishDeps, publishChanges } from '../../shared/use-cases/publish-changes.ts';
import { queueHandler, together } from '../queue-handler.ts';
import { outgoingEvent } from './message.ts';

const env = readEnv('publish');
const log = createLog('publish', standardOutput, world.now);
const bus = createBus(env.SLIPWAY_BUS_NAME);

const deps: PublishDeps = {
  counters: createCounters({ client: createDocumentClient(), table: env.SLIPWAY_CONTROL_TABLE }),
  outbox: createOutbox(createSqsClient(), env.SLIPWAY_PUBLISH_QUEUE_URL),
};

const deliver = queueHandler({
  schema: outgoingEvent,
  log,
  handle: (messages) => together(messages, (events) => bus.put(events)),
});

/** The shard's name comes with the tumbling window that the event source is configured with. */
type ShardEvent = DynamoDBStreamEvent & { readonly shardId?: string; readonly state?: object };

/** A source with a window wants the window's state back; ours keeps none. */
type WindowAnswer = DynamoDBBatchResponse & { readonly state: object };

async function take(event: ShardEvent): Promise<WindowAnswer> {
  const answer: WindowAnswer = { state: event.state ?? {}, batchItemFailures: [] };
  const last = event.Records.at(-1);
  if (last === undefined) return answer;
  const changes = event.Records.flatMap((record) => readHeadChange(record) ?? []);
  const shard = event.shardId ?? last.eventSourceARN ?? 'stream';
  await publishChanges(deps, shard, { last: sequenceOf(last), changes });
  return answer;
}

export const handler = middy<ShardEvent | SQSEvent, WindowAnswer | SQSBatchResponse>().handler((event, context) =>
  isQueueEvent(event) ? deliver(event, context) : take(event),
);

function isQueueEvent(event: ShardEvent | SQSEvent): event is SQSEvent {
  return event.Records[0]?.eventSource === 'aws:sqs';
}
