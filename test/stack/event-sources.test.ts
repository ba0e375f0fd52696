// The event source mappings of the local stack on the real local queue and database: what a Lambda gets, and what
// becomes of what it does not take.

import path from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { controlTableName, credentials, queueArnOf, queueNameOf } from '../../local/account.ts';
import { openCheckpoints } from '../../local/checkpoints.ts';
import { type Database, databaseProgram, startDatabase } from '../../local/database.ts';
import { createLambda, type Lambda, type LambdaHandler } from '../../local/lambda.ts';
import { type LocalQueue, startQueue } from '../../local/queue.ts';
import { type EventSource, startQueueSource } from '../../local/queue-source.ts';
import { startStreamSource } from '../../local/stream-source.ts';
import { queues } from '../../shared/config/resources.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: { close(): Promise<void> }[] = [];
let folder: string;

beforeEach(async () => {
  const made = await tempDir('slipway-sources-');
  opened.push({ close: made.remove });
  folder = made.path;
});

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

function keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
  opened.push(thing);
  return thing;
}

function lambdaOf(handler: LambdaHandler, timeoutSeconds = 5): Lambda {
  return createLambda({ name: 'observe', handler, timeoutSeconds, memoryMb: 512 });
}

const silent = () => undefined;

const queueEvent = z.object({
  Records: z.array(z.object({ messageId: z.string(), receiptHandle: z.string(), body: z.string() })),
});
const streamEvent = z.object({
  Records: z.array(z.object({ dynamodb: z.object({ NewImage: z.object({ sk: z.object({ S: z.string() }) }) }) })),
});
const anyEvent = z.object({ Records: z.array(z.unknown()) });

const messagesIn = (event: unknown) => queueEvent.parse(event).Records;
const namesIn = (event: unknown) => streamEvent.parse(event).Records.map((record) => record.dynamodb.NewImage.sk.S);

describe('a queue source', () => {
  let queue: LocalQueue;
  let client: SQSClient;

  beforeEach(async () => {
    queue = keep(await startQueue(folder));
    client = new SQSClient({ endpoint: queue.endpoint, region: 'us-east-1', credentials });
  });

  afterEach(() => client.destroy());

  function start(
    handler: LambdaHandler,
    settings: { maxConcurrency?: number; timeoutSeconds?: number } = {},
  ): EventSource {
    return keep(
      startQueueSource({
        client,
        queueUrl: queue.urls.observe,
        queueArn: queueArnOf(queueNameOf('observe')),
        batchSize: 10,
        maxConcurrency: settings.maxConcurrency ?? 2,
        lambda: lambdaOf(handler, settings.timeoutSeconds),
        report: silent,
      }),
    );
  }

  async function send(...bodies: string[]): Promise<void> {
    const entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queue.urls.observe, Entries: entries }));
  }

  async function messagesLeft(): Promise<number> {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queue.urls.observe, AttributeNames: ['All'] }),
    );
    const waiting = Attributes?.['ApproximateNumberOfMessages'];
    return Number(waiting) + Number(Attributes?.['ApproximateNumberOfMessagesNotVisible']);
  }

  it('hands a message over as Lambda does, and deletes it', async () => {
    const events: unknown[] = [];
    start((event) => void events.push(event));

    await client.send(
      new SendMessageCommand({
        QueueUrl: queue.urls.observe,
        MessageBody: '{"a":1}',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
      }),
    );

    await waitFor('the event', () => events.length === 1);
    expect(events[0]).toEqual({
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          receiptHandle: expect.any(String),
          body: '{"a":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: '000000000000',
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            kind: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
          },
          md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:slipway-observe',
          awsRegion: 'us-east-1',
        },
      ],
    });
    await waitFor('the queue to be empty', async () => (await messagesLeft()) === 0);
  });

  it('leaves only the messages that the Lambda named as failed', async () => {
    start((event) => {
      const Records = messagesIn(event);
      const failed = Records.filter((record) => record.body === 'bad');
      return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
    });

    await send('good', 'bad', 'good');

    await waitFor('one message to be left', async () => (await messagesLeft()) === 1);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['names a message that it was not given', () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] })],
    ['answers something else', () => ({ batchItemFailures: 'all' })],
    ['takes too long', () => new Promise(() => undefined)],
  ])('leaves the whole batch when the Lambda %s', async (_what, handler) => {
    let calls = 0;
    const source = start(
      () => {
        calls += 1;
        return handler();
      },
      { timeoutSeconds: 0.05 },
    );
    await send('one', 'two');
    await waitFor('the invocation', () => calls > 0);

    await source.close();

    expect(await messagesLeft()).toBe(2);
  });

  it('moves a message to the dead-letter queue after the receives that the queue allows', async () => {
    const bodies: string[] = [];
    start((event) => {
      const Records = messagesIn(event);
      bodies.push(...Records.map((record) => record.body));
      // The visibility time-out of minutes is cut short, as if it had passed.
      const entries = Records.map((record, index) => ({
        Id: String(index),
        ReceiptHandle: record.receiptHandle,
        VisibilityTimeout: 0,
      }));
      setTimeout(
        () =>
          void client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.urls.observe, Entries: entries })),
        5,
      );
      throw new Error('poison');
    });

    await send('poison');

    const dead = await waitFor('the dead letter', async () => {
      const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: queue.deadLetterUrls.observe }));
      return Messages?.[0];
    });
    expect(dead.Body).toBe('poison');
    expect(bodies).toHaveLength(queues.observe.maxReceiveCount);
  });

  it('runs at most as many invocations at once as its setting says, and does not wait for a slow one', async () => {
    const running = { now: 0, most: 0, all: 0 };
    const gate = Promise.withResolvers<void>();
    start(
      async () => {
        running.now += 1;
        running.all += 1;
        running.most = Math.max(running.most, running.now);
        await (running.all <= 2 ? gate.promise : undefined);
        running.now -= 1;
      },
      { maxConcurrency: 3 },
    );

    for (let at = 0; at < 8; at += 1) {
      await send(`message ${at}`);
      await waitFor('the message to be taken', () => running.all === at + 1);
    }
    gate.resolve();

    await waitFor('the queue to be empty', async () => (await messagesLeft()) === 0);
    expect(running.most).toBe(3);
  });

  it('hands out again what was being handled when the queue stopped', async () => {
    await send('held');
    await client.send(new ReceiveMessageCommand({ QueueUrl: queue.urls.observe }));
    await queue.close();
    queue = keep(await startQueue(folder));
    client.destroy();
    client = new SQSClient({ endpoint: queue.endpoint, region: 'us-east-1', credentials });
    const bodies: unknown[] = [];

    start((event) => void bodies.push(...messagesIn(event).map((record) => record.body)));

    await waitFor('the message', () => bodies.includes('held'), { deadlineSeconds: 3 });
  });
});

describe('the stream source', () => {
  let database: Database;
  let tables: DynamoDBClient;
  let streams: DynamoDBStreamsClient;

  beforeEach(async () => {
    database = keep(await startDatabase({ folder, program: databaseProgram() }));
    tables = new DynamoDBClient({ endpoint: database.endpoint, region: 'us-east-1', credentials });
    streams = new DynamoDBStreamsClient({ endpoint: database.endpoint, region: 'us-east-1', credentials });
  });

  afterEach(() => {
    tables.destroy();
    streams.destroy();
  });

  function start(handler: LambdaHandler, settings: { maxRetries?: number; filter?: object } = {}): EventSource {
    return keep(
      startStreamSource({
        filters: [settings.filter ?? {}],
        client: streams,
        streamArn: database.streamArn,
        checkpoints: openCheckpoints(path.join(folder, 'checkpoints.json')),
        batchSize: 50,
        tumblingWindowSeconds: 60,
        maxRetries: settings.maxRetries ?? 100,
        maxRecordAgeSeconds: 3600,
        lambda: lambdaOf(handler),
        report: silent,
      }),
    );
  }

  async function put(...names: string[]): Promise<void> {
    for (const name of names) {
      const item = { pk: { S: 'run' }, sk: { S: name }, bytes: { B: Buffer.from('abc') } };
      await tables.send(new PutItemCommand({ TableName: controlTableName, Item: item }));
    }
  }

  it('passes records over that the filter does not match', async () => {
    const names: string[] = [];
    start((event) => void names.push(...namesIn(event)), { filter: { dynamodb: { Keys: { sk: { S: ['head'] } } } } });

    await put('attempt', 'head', 'state');
    await put('last', 'head');

    await waitFor('both heads', () => names.length >= 2);
    expect(names).toEqual(['head', 'head']);
  });

  it('hands a change over as Lambda does, with both images', async () => {
    const events: unknown[] = [];
    start((event) => void events.push(event));

    await put('a', 'a');

    const all = () => events.flatMap((event) => anyEvent.parse(event).Records);
    await waitFor('the insert', () => all().length >= 1);
    expect(events[0]).toMatchObject({
      shardId: expect.any(String),
      window: { start: expect.stringMatching(/:00Z$/), end: expect.stringMatching(/:00Z$/) },
      isFinalInvokeForWindow: false,
    });
    const image = { pk: { S: 'run' }, sk: { S: 'a' }, bytes: { B: 'YWJj' } };
    expect(all()[0]).toEqual({
      eventID: expect.any(String),
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: expect.any(Number),
        Keys: { pk: { S: 'run' }, sk: { S: 'a' } },
        NewImage: image,
        SequenceNumber: expect.stringMatching(/^\d+$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: expect.stringMatching(
        /^arn:aws:dynamodb:us-east-1:000000000000:table\/slipway-control\/stream\//,
      ),
    });
  });

  it('goes on after a restart where it stopped', async () => {
    const first: string[] = [];
    const source = start((event) => void first.push(...namesIn(event)));
    await put('a', 'b');
    await waitFor('both', () => first.length === 2);
    await source.close();
    await put('c');
    const second: string[] = [];

    start((event) => void second.push(...namesIn(event)));

    await waitFor('the third', () => second.includes('c'));
    expect(second).toEqual(['c']);
  });

  it('repeats a batch that the Lambda did not take', async () => {
    const taken: string[] = [];
    let calls = 0;
    await put('a');
    start((event) => {
      calls += 1;
      if (calls < 3) throw new Error('not now');
      taken.push(...namesIn(event));
    });

    await waitFor('the record', () => taken.length > 0);

    expect([calls, taken]).toEqual([3, ['a']]);
  });

  it('halves a failing batch until the bad record stands alone, gives it up in the end and keeps the order', async () => {
    const taken: string[] = [];
    const names = ['a', 'b', 'c', 'bad', 'd', 'e'];
    await put(...names);

    start(
      (event) => {
        if (namesIn(event).includes('bad')) throw new Error('poison');
        taken.push(...namesIn(event));
      },
      { maxRetries: 3 },
    );

    await waitFor('the record behind the bad one', () => taken.includes('e'));
    expect(taken).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('begins at the oldest record when the kept position cannot be read', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path.join(folder, 'checkpoints.json'), '{"streamArn": 1');
    const taken: string[] = [];
    await put('a');

    start((event) => void taken.push(...namesIn(event)));

    await waitFor('the record', () => taken.length === 1);
    expect(taken).toEqual(['a']);
  });
});
