// Hints as SQS messages, ten a request. A hint that cannot be sent is lost and logged, never an error for the caller:
// what it was about stands in the table, and the clock hints again (design rule 1).
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Hints, ObserveHint, PlanHint, SubmitHint } from '../../ports/hints.ts';
import type { Outbox, OutgoingEvent } from '../../ports/publishing.ts';
import type { Telemetry } from '../../telemetry/events.ts';
import { callSettings, leanClient, sameSteps } from '../sdk.ts';
import { createTurns } from '../turns.ts';

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

type AnyHint = SubmitHint | ObserveHint | PlanHint;
type Hinted = { readonly hint: AnyHint; readonly delaySeconds: number };

/** Of what says the same the last one: the pump looks into a lane once, for whatever became due there. */
function withoutRepeats(hinted: readonly Hinted[]): readonly Hinted[] {
  return [...new Map(hinted.map((one) => [meaningOf(one), one])).values()];
}

function meaningOf({ hint, delaySeconds }: Hinted): string {
  const isDue = hint.kind === 'work' && delaySeconds <= 0;
  return JSON.stringify([isDue ? { ...hint, dueAt: 0 } : hint, delaySeconds]);
}

export function createHints(
  client: SQSClient,
  queueUrls: { readonly submit: string; readonly observe: string },
  telemetry: Pick<Telemetry, 'hintsLost'>,
): Hints {
  const sender = (queue: keyof typeof queueUrls) => {
    const inTurn = createTurns<readonly Hinted[], void>();
    const send = async (asked: readonly (readonly Hinted[])[]) => {
      const hinted = withoutRepeats(asked.flat());
      try {
        const messages = hinted.map(({ hint, delaySeconds }) => ({ body: JSON.stringify(hint), delaySeconds }));
        await sendAll(client, queueUrls[queue], messages);
      } catch (error) {
        telemetry.hintsLost(queue, hinted.length, error);
      }
    };
    return async (hints: readonly AnyHint[], delaySeconds: number): Promise<void> => {
      if (hints.length === 0) return;
      await inTurn(
        hints.map((hint) => ({ hint, delaySeconds })),
        send,
      );
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
