// What every Lambda behind a queue does with a batch: parse each message, hand it on, and report the ones that failed
// alone (ReportBatchItemFailures), so that a bad message ends in the dead-letter queue and blocks nobody.
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { metricNamespace } from '../shared/config/resources.ts';
import { type Log, metricFields } from '../shared/telemetry/log.ts';

export type Message<T> = {
  readonly id: string;
  readonly value: T;
  /** When SQS took it, epoch milliseconds: the same each time it comes. Absent where the sender is no queue. */
  readonly sentAt?: number;
  /** The message attribute of this name: the socket that the message came by. */
  readonly connection?: string;
};

export type BatchOptions<T> = {
  readonly schema: z.ZodType<T>;
  readonly log: Log;
  /** Handles the messages of a batch; answers the ids of those that failed, with why. */
  readonly handle: (messages: readonly Message<T>[]) => Promise<ReadonlyMap<string, unknown>>;
};

/** The wrapped function is what entry.ts exports: a copy that is not exported would do nothing. */
export function queueHandler<T>({ schema, log, handle }: BatchOptions<T>) {
  return middy<SQSEvent, SQSBatchResponse>().handler(async (event) => {
    const failed = new Map<string, unknown>();
    const messages: Message<T>[] = [];
    for (const record of event.Records) {
      const parsed = parse(schema, record);
      if (parsed.ok) messages.push({ id: record.messageId, value: parsed.value, ...originOf(record) });
      else failed.set(record.messageId, parsed.problem);
    }
    for (const [id, problem] of failed) reportBad(log, id, problem);
    const unhandled = messages.length === 0 ? new Map<string, unknown>() : await handle(messages);
    for (const [id, problem] of unhandled) reportFailed(log, id, problem);
    const ids = [...failed.keys(), ...unhandled.keys()];
    return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}

function originOf({ attributes, messageAttributes }: SQSRecord): Pick<Message<unknown>, 'sentAt' | 'connection'> {
  const sentAt = Number(attributes?.SentTimestamp);
  const connection = messageAttributes?.['connection']?.stringValue;
  return { ...(Number.isFinite(sentAt) ? { sentAt } : {}), ...(connection === undefined ? {} : { connection }) };
}

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

function parse<T>(schema: z.ZodType<T>, record: SQSRecord): Parsed<T> {
  try {
    const parsed = schema.safeParse(JSON.parse(record.body));
    if (parsed.success) return { ok: true, value: parsed.data };
    const [issue] = parsed.error.issues;
    return { ok: false, problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as wanted'}` };
  } catch {
    return { ok: false, problem: 'the body is not JSON' };
  }
}

/** A message that no repeat can mend. The metric feeds the alarm. */
export function reportBad(log: Log, messageId: string, problem: unknown): void {
  log('ERROR', 'bad message', {
    message_id: messageId,
    problem: String(problem),
    ...metricFields(metricNamespace, 'BadMessage', Date.now()),
  });
}

function reportFailed(log: Log, messageId: string, problem: unknown): void {
  const error = problem instanceof Error ? problem : new Error(String(problem));
  log('ERROR', 'message not handled', { message_id: messageId, error: error.name, problem: error.message });
}

/** Handles messages one by one at the same time; a message fails alone. */
export async function eachAlone<T>(
  messages: readonly Message<T>[],
  handle: (message: Message<T>) => Promise<unknown>,
): Promise<ReadonlyMap<string, unknown>> {
  const failed = new Map<string, unknown>();
  await Promise.all(
    messages.map(async (message) => {
      try {
        await handle(message);
      } catch (error) {
        failed.set(message.id, error);
      }
    }),
  );
  return failed;
}

/** Handles the messages of a batch in one go: they succeed or come again together. */
export async function together<T>(
  messages: readonly Message<T>[],
  handle: (values: readonly T[]) => Promise<unknown>,
): Promise<ReadonlyMap<string, unknown>> {
  try {
    await handle(messages.map(({ value }) => value));
    return new Map();
  } catch (error) {
    return new Map(messages.map(({ id }) => [id, error]));
  }
}
