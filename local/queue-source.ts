// Stands in for Lambda's event source mapping of an SQS queue: receives, invokes, deletes what was done.
// Rule: a message is deleted only after the Lambda took it; all others come back after the queue's visibility time-out.

import { setTimeout as pause } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { region } from './ecs/names.ts';
import type { Lambda } from './lambda.ts';
import type { Report } from './report.ts';

export type QueueSourceOptions = {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** 1 to 10: one receive is one batch. */
  readonly batchSize: number;
  readonly maxConcurrency: number;
  readonly lambda: Lambda;
  /** Waited for before each receive: lets what is more urgent go first. */
  readonly turn?: () => Promise<void>;
  readonly report: Report;
};

export type EventSource = {
  /** Takes no more work and waits for what is under way. */
  close(): Promise<void>;
};

/**
 * Starts polling. One long poll is open at a time: the queue wakes every waiting receiver for each message, so more
 * of them only compete, while a receive that follows at once loses nothing and no time.
 */
export function startQueueSource(options: QueueSourceOptions): EventSource {
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  const polling = poll(options, underWay, stop.signal);
  return {
    close: async () => {
      stop.abort();
      await polling;
      await Promise.all(underWay);
    },
  };
}

async function poll(options: QueueSourceOptions, underWay: Set<Promise<void>>, stop: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    if (underWay.size >= options.maxConcurrency) {
      await Promise.race(underWay);
      continue;
    }
    try {
      await options.turn?.();
      const messages = await receive(options, stop);
      failures = 0;
      if (messages.length > 0) track(underWay, handleBatch(options, messages));
    } catch (error) {
      if (stop.aborted) return;
      failures += 1;
      options.report('receive failed', { lambda: options.lambda.name, error, failures });
      await pause(Math.min(100 * 2 ** failures, 5000), undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

function track(underWay: Set<Promise<void>>, work: Promise<void>): void {
  const tracked = work.finally(() => underWay.delete(tracked));
  underWay.add(tracked);
}

async function receive(options: QueueSourceOptions, stop: AbortSignal): Promise<readonly Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: options.queueUrl,
    MaxNumberOfMessages: options.batchSize,
    WaitTimeSeconds: 20,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages } = await options.client.send(command, { abortSignal: stop });
  return Messages ?? [];
}

async function handleBatch(options: QueueSourceOptions, messages: readonly Message[]): Promise<void> {
  try {
    const answer = await options.lambda.invoke({ Records: messages.map((message) => recordOf(message, options)) });
    const failed = failedIds(answer, messages);
    const done = messages.filter((message) => !failed.has(message.MessageId ?? ''));
    if (failed.size > 0)
      options.report('messages left in the queue', { lambda: options.lambda.name, ids: [...failed] });
    await remove(options, done);
  } catch (error) {
    options.report('batch failed', { lambda: options.lambda.name, error, messages: messages.length });
  }
}

/** As Lambda hands it over ("Using Lambda with Amazon SQS"): lower camel case, times as text. */
function recordOf(message: Message, options: QueueSourceOptions): object {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body ?? '',
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
        name,
        {
          ...(attribute.StringValue === undefined ? {} : { stringValue: attribute.StringValue }),
          ...(attribute.BinaryValue === undefined
            ? {}
            : { binaryValue: Buffer.from(attribute.BinaryValue).toString('base64') }),
          stringListValues: [],
          binaryListValues: [],
          dataType: attribute.DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: options.queueArn,
    awsRegion: region,
  };
}

const partialFailure = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/**
 * Which messages the Lambda did not take. An answer without failures took all; one that cannot be read, or that
 * names a message that is not in the batch, took none ("Implementing partial batch responses").
 */
function failedIds(answer: unknown, messages: readonly Message[]): ReadonlySet<string> {
  const all = new Set(messages.map((message) => message.MessageId ?? ''));
  if (answer === null || answer === '') return new Set();
  const parsed = partialFailure.safeParse(answer);
  if (!parsed.success) return all;
  const failed = new Set((parsed.data.batchItemFailures ?? []).map((failure) => failure.itemIdentifier));
  return [...failed].every((id) => all.has(id)) ? failed : all;
}

async function remove(options: QueueSourceOptions, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  await options.client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: options.queueUrl,
      Entries: messages.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle })),
    }),
  );
}
