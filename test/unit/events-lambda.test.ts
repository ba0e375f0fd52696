import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createEventsHandler } from '../../lambdas/events/handler.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { eventToWire } from '../../shared/domain/event/event-to-wire.ts';
import { anEvent } from '../support/event-builders.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const sentAt = 1_795_000_000_000;

type Told = { readonly message: string; readonly fields: Record<string, unknown> };

type Given = { readonly poison?: string; readonly parts?: Readonly<Record<string, string>> };

function aLambda({ poison = '', parts = {} }: Given = {}) {
  const taken: PrefectEvent[] = [];
  const logs: LogLine[] = [];
  const looked: string[] = [];
  const told: Told[] = [];
  const handler = createEventsHandler({
    log: (_level, message, fields) => void told.push({ message, fields }),
    stages: [
      [
        {
          name: 'keep',
          take: async (events) => {
            if (events.some(({ event }) => event === poison)) throw new Error('cannot be kept');
            taken.push(...events);
          },
        },
      ],
    ],
    read: {
      now: () => sentAt + 5,
      largeParts: { read: async ({ id }) => parts[id] },
      connections: { authorizedAmong: async (ids) => new Set(ids.filter((id) => id === 'friend')) },
    },
    takeLogs: async (lines) => void logs.push(...lines),
    takeStatus: async ({ key }) => void looked.push(key),
    checkTaskWorkers: async () => void looked.push('task workers'),
  });
  const send = async (...records: SQSRecord[]) => {
    const event: SQSEvent = JSON.parse(JSON.stringify({ Records: records }));
    const answer = await handler(event, lambdaContext('events'));
    return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return { send, taken, logs, looked, told };
}

function record(messageId: string, body: unknown, connection?: string): SQSRecord {
  return {
    messageId,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    receiptHandle: messageId,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(sentAt),
      SenderId: 'x',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
    messageAttributes: connection === undefined ? {} : { connection: { stringValue: connection, dataType: 'String' } },
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:slipway-events',
    awsRegion: 'us-east-1',
  };
}

/** As a client sends it: nothing that the server adds. */
function frame(over: Partial<PrefectEvent> = {}) {
  const { received: _received, ...sent } = eventToWire(anEvent(over));
  return sent;
}

describe('the events Lambda', () => {
  it('takes bare frames as received when the queue took them', async () => {
    const lambda = aLambda();
    const sent = frame({ occurred: sentAt - 10 });

    const failed = await lambda.send(record('m', sent, 'friend'));

    expect(failed).toEqual([]);
    expect(lambda.taken).toMatchObject([{ id: sent.id, occurred: sentAt - 10, received: sentAt }]);
    expect(lambda.taken[0]).not.toHaveProperty('follows');
  });

  it('takes packed frames, large parts, our own events and log lines from one batch', async () => {
    const ours = anEvent({ event: 'ours' });
    const line: LogLine = { id: 'l', created: 1, name: 'n', level: 20, message: 'm', timestamp: 1, flowRunId: 'r' };
    const lambda = aLambda({ parts: { p1: JSON.stringify(frame({ event: 'large' })) } });

    const failed = await lambda.send(
      record(
        'm1',
        { frames: [JSON.stringify(frame({ event: 'one' })), JSON.stringify(frame({ event: 'two' }))] },
        'friend',
      ),
      record('m2', { part: { id: 'p1', count: 2 } }, 'friend'),
      record('m3', { events: [ours] }),
      record('m4', { logs: [line] }),
      record('m5', { statuses: [{ kind: 'work-pool', key: 'p' }] }),
    );

    expect(failed).toEqual([]);
    expect(lambda.taken.map(({ event }) => event)).toEqual(['one', 'two', 'large', 'ours']);
    expect(lambda.taken.at(-1)).toEqual(ours);
    expect(lambda.logs).toEqual([line]);
    expect(lambda.looked).toEqual(['p']);
  });

  it.each([
    ['what is no JSON', 'not JSON {'],
    ['what is no object', '7'],
    ['a frame without an id', { ...frame(), id: undefined }],
    ['a frame that pretends to be a message of ours', { events: [{ id: 'x' }] }],
    ['a frame about nobody', { ...frame(), resource: {} }],
  ])('leaves %s to the dead-letter queue, says so, and takes the rest', async (_why, body) => {
    const lambda = aLambda();

    const failed = await lambda.send(record('bad', body, 'friend'), record('good', frame({ event: 'good' }), 'friend'));

    expect(failed).toEqual(['bad']);
    expect(lambda.taken.map(({ event }) => event)).toEqual(['good']);
    expect(lambda.told.find(({ message }) => message === 'bad message')?.fields).toMatchObject({
      message_id: 'bad',
      problem: expect.stringMatching(/./),
      BadMessage: 1,
    });
  });

  it('takes the good frames of a pack that has a bad one', async () => {
    const lambda = aLambda();

    const failed = await lambda.send(
      record('m', { frames: ['{', JSON.stringify(frame({ event: 'good' }))] }, 'friend'),
    );

    expect(failed).toEqual(['m']);
    expect(lambda.taken.map(({ event }) => event)).toEqual(['good']);
  });

  it('brings back the message of a poisoned event and no other', async () => {
    const lambda = aLambda({ poison: 'poison' });

    const failed = await lambda.send(
      record('m1', frame({ event: 'fine' }), 'friend'),
      record('m2', { events: [anEvent({ event: 'poison' }), anEvent({ event: 'neighbour' })] }),
    );

    expect(failed).toEqual(['m2']);
    expect(lambda.taken.map(({ event }) => event).sort()).toEqual(['fine', 'neighbour']);
  });

  it('drops what came over a connection that nobody authorised', async () => {
    const lambda = aLambda();

    const failed = await lambda.send(record('m', frame(), 'stranger'));

    expect(failed).toEqual([]);
    expect(lambda.taken).toEqual([]);
    expect(lambda.told).toEqual([{ message: 'events of a stranger dropped', fields: { message_id: 'm', frames: 1 } }]);
  });

  it('passes over the greeting of a client', async () => {
    const lambda = aLambda();

    const failed = await lambda.send(record('m', { type: 'auth', token: null }, 'friend'));

    expect([failed, lambda.taken, lambda.told]).toEqual([[], [], []]);
  });

  it('says when a large part is gone', async () => {
    const lambda = aLambda();

    const failed = await lambda.send(record('m', { part: { id: 'p9', count: 1 } }, 'friend'));

    expect(failed).toEqual(['m']);
    expect(lambda.told.map(({ message }) => message)).toContain('bad message');
  });
});
