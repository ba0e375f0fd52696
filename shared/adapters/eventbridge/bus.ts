// State-change events on the stack's EventBridge bus, ten a request; an entry that EventBridge refuses is an error,
// so that SQS brings it again.
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Bus } from '../../ports/publishing.ts';
import { callSettings } from '../sdk.ts';

const batchSize = 10;

const createClient = () =>
  new EventBridgeClient({ maxAttempts: 3, ...callSettings({ answerMs: 5_000, connectionMs: 2_000 }) });

export function createBus(busName: string, client = createClient()): Bus {
  return {
    async put(events) {
      for (let at = 0; at < events.length; at += batchSize) {
        const Entries = events.slice(at, at + batchSize).map((event) => ({
          EventBusName: busName,
          Source: 'slipway',
          DetailType: event.detailType,
          Time: new Date(event.time),
          Detail: JSON.stringify(event.detail),
        }));
        const answer = await client.send(new PutEventsCommand({ Entries }));
        const failed = (answer.Entries ?? []).find(({ ErrorCode }) => ErrorCode !== undefined);
        if (failed !== undefined)
          throw new Error(`EventBridge refused an event: ${failed.ErrorCode} ${failed.ErrorMessage}`);
      }
    },
  };
}
