// Hints as SQS messages, ten a request. A hint that cannot be sent is lost and logged, never an error for the caller:
// what it was about stands in the table, and the clock hints again (design rule 1).
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Hints } from '../../ports/hints.ts';
import type { Outbox, OutgoingEvent } from '../../ports/publishing.ts';
import type { Telemetry } from '../../telemetry/events.ts';
import { callSettings, leanClient, sameSteps } from '../sdk.ts';
import { together } from '../together.ts';

/** SQS's longest delay; hints for later are early, and early hints are sent again. */
const maximumDelaySeconds = 900;
const batchSize = 10;

export function createSqsClient(): SQSClient {
  return leanClient(
    new SQSClient({
      useQueueUrlAsEndpoint: false,
      maxAttempts: 2,
      ...sameSteps,
      ...callSettings({ answerMs: 3_000, connectionMs: 2_000, sockets: 64 }),
    }),
  );
}

type Delayed = { readonly body: string; readonly delaySeconds: number };

async function sendAll(client: SQSClient, queueUrl: string, messages: readonly Delayed[]): Promise<void> {
  const batches: Delayed[][] = [];
  for (let at = 0; at < messages.length; at += batchSize) batches.push(messages.slice(at, at + batchSize));
  await Promise.all(
    batches.map(async (batch) => {
      const Entries = batch.map(({ body, delaySeconds }, at) => ({
        Id: String(at),
        MessageBody: body,
        DelaySeconds: Math.max(0, Math.min(maximumDelaySeconds, Math.ceil(delaySeconds))),
      }));
      const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      const [failed] = answer.Failed ?? [];
      if (failed !== undefined)
        throw new Error(`SQS refused a message: ${failed.Code ?? 'no code'} ${failed.Message ?? ''}`);
    }),
  );
}

export function createHints(
  client: SQSClient,
  queueUrls: { readonly submit: string; readonly observe: string },
  telemetry: Pick<Telemetry, 'hintsLost'>,
): Hints {
  const sender = (queue: 'submit' | 'observe') => {
    const send = together<readonly Delayed[], undefined>(async (asked) => {
      const messages = asked.flat();
      try {
        await sendAll(client, queueUrls[queue], messages);
      } catch (error) {
        telemetry.hintsLost(queue, messages.length, error);
      }
      return asked.map(() => undefined);
    });
    return async (hints: readonly object[], delaySeconds: number): Promise<void> => {
      await send(hints.map((hint) => ({ body: JSON.stringify(hint), delaySeconds })));
    };
  };
  const submit = sender('submit');
  const observe = sender('observe');
  return {
    submit: (hints, { delaySeconds = 0 } = {}) => submit(hints, delaySeconds),
    observe: (hints, { delaySeconds = 0 } = {}) => observe(hints, delaySeconds),
  };
}

export function createOutbox(client: SQSClient, queueUrl: string): Outbox {
  return {
    send: (events: readonly OutgoingEvent[]) =>
      sendAll(
        client,
        queueUrl,
        events.map((event) => ({ body: JSON.stringify(event), delaySeconds: 0 })),
      ),
  };
}
