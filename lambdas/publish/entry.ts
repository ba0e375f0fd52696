// Wires publish: the control table's stream → counters, the queue `events` and the outbox; SQS `publish` (the outbox) →
// EventBridge bus.
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createStatuses } from '../../shared/adapters/dynamodb/statuses.ts';
import { readHeadChange, readThingChange, sequenceOf } from '../../shared/adapters/dynamodb/stream-codec.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createBus } from '../../shared/adapters/eventbridge/bus.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createEventSink } from '../../shared/adapters/sqs/events.ts';
import { createOutbox, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { createNames } from '../../shared/use-cases/names.ts';
import { type PublishDeps, publishChanges } from '../../shared/use-cases/publish-changes.ts';
import { type PublishThingsDeps, publishThings } from '../../shared/use-cases/publish-things.ts';
import { createRunEvents } from '../../shared/use-cases/run-events.ts';
import { queueHandler, together } from '../queue-handler.ts';
import { outgoingEvent } from './message.ts';

const env = readEnv('publish');
const log = createLog('publish', standardOutput, world.now);
const bus = createBus(env.SLIPWAY_BUS_NAME);

const client = createDocumentClient();
const sqs = createSqsClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE, newId: world.newId, sha256: world.sha256, now: world.now };
const catalogue = createCatalogue(control);
const names = createNames({ world, catalogue });
const largeParts = createLargeParts({ ...control, table: env.SLIPWAY_BULK_TABLE });

const deps: PublishDeps = {
  counters: createCounters(control),
  outbox: createOutbox(sqs, env.SLIPWAY_PUBLISH_QUEUE_URL),
  eventSink: createEventSink(sqs, env.SLIPWAY_EVENTS_QUEUE_URL, largeParts),
  runEvents: createRunEvents({
    world,
    names,
    runs: createRuns({ ...control, largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET) }),
    taskRuns: createTaskRuns(control),
  }),
};

const things: PublishThingsDeps = {
  world,
  catalogue,
  names,
  statuses: createStatuses(control),
  eventSink: deps.eventSink,
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
  await publishThings(
    things,
    event.Records.flatMap((record) => readThingChange(record) ?? []),
  );
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
