// Hints of the queue `act`. One that cannot be sent is lost and logged: the clock finds what it was about.
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { ActHint, ActHints } from '../../ports/act-hints.ts';
import type { Telemetry } from '../../telemetry/events.ts';

const maximumDelaySeconds = 900;
const batchSize = 10;

export function createActHints(client: SQSClient, queueUrl: string, telemetry: Pick<Telemetry, 'hintsLost'>): ActHints {
  const send = async (hints: readonly ActHint[], delaySeconds: number) => {
    const Entries = hints.map((hint, at) => ({
      Id: String(at),
      MessageBody: JSON.stringify(hint),
      DelaySeconds: Math.max(0, Math.min(maximumDelaySeconds, Math.ceil(delaySeconds))),
    }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    const [failed] = Failed;
    if (failed !== undefined)
      throw new Error(`SQS refused a message: ${failed.Code ?? 'no code'} ${failed.Message ?? ''}`);
  };
  return {
    async act(hints, { delaySeconds = 0 } = {}) {
      for (let at = 0; at < hints.length; at += batchSize) {
        const batch = hints.slice(at, at + batchSize);
        try {
          await send(batch, delaySeconds);
        } catch (error) {
          telemetry.hintsLost('act', batch.length, error);
        }
      }
    },
  };
}
