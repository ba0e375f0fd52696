// Events as messages of the queue `events`: several a message, since SQS charges by 64 KB, ten messages a request.
// What does not fit into a message is put beside it first, and the message only names it.
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { PrefectEvent } from '../../domain/event/event.ts';
import { eventToWire } from '../../domain/event/event-to-wire.ts';
import type { EventSink } from '../../ports/events.ts';
import type { EventsMessage, LargeParts, TaskWorkerHints } from '../../ports/events-queue.ts';
import type { StatusHints } from '../../ports/statuses.ts';

/** One charged piece of a message, less room for the envelope. */
const fullMessageBytes = 60_000;
/** Far below what SQS takes, so that ten receives fit into one call of the consumer. */
const largestMessageBytes = 200_000;
/** SQS counts the whole request; the limit was 256 KB for long and is no less anywhere. */
const largestRequestBytes = 240_000;
const messagesPerRequest = 10;

type Sized = { readonly event: PrefectEvent; readonly bytes: number };
type Packed = { readonly body: string; readonly bytes: number };

/** Sends all or throws; a repeat may send some twice, which the consumer knows by their ids. */
export function createEventSink(client: SQSClient, queueUrl: string, largeParts: Pick<LargeParts, 'put'>): EventSink {
  return {
    async send(events) {
      const sized = events.map((event): Sized => ({ event, bytes: Buffer.byteLength(JSON.stringify(event)) }));
      const isLarge = ({ bytes }: Sized) => bytes > largestMessageBytes;
      const large = await Promise.all(
        sized.filter(isLarge).map(async ({ event }) => {
          const part = await largeParts.put(JSON.stringify(eventToWire(event)));
          return packed({ part });
        }),
      );
      const messages = [...large, ...inGroups(sized.filter((one) => !isLarge(one)))];
      await Promise.all(requestsOf(messages).map((request) => sendRequest(client, queueUrl, request)));
    },
  };
}

const statusesPerMessage = 100;

export function createStatusHints(client: SQSClient, queueUrl: string): StatusHints {
  return {
    async send(refs) {
      const groups = Array.from({ length: Math.ceil(refs.length / statusesPerMessage) }, (_, at) =>
        refs.slice(at * statusesPerMessage, (at + 1) * statusesPerMessage),
      );
      const messages = groups.map((statuses) => packed({ statuses }));
      await Promise.all(requestsOf(messages).map((request) => sendRequest(client, queueUrl, request)));
    },
  };
}

export function createTaskWorkerHints(client: SQSClient, queueUrl: string): TaskWorkerHints {
  return { send: () => sendRequest(client, queueUrl, [packed({ taskWorkers: 'check' }).body]) };
}

function inGroups(sized: readonly Sized[]): Packed[] {
  const groups: { events: PrefectEvent[]; bytes: number }[] = [];
  for (const { event, bytes } of sized) {
    const last = groups.at(-1);
    if (last === undefined || last.bytes + bytes > fullMessageBytes) groups.push({ events: [event], bytes });
    else {
      last.events.push(event);
      last.bytes += bytes;
    }
  }
  return groups.map(({ events }) => packed({ events }));
}

function packed(message: EventsMessage): Packed {
  const body = JSON.stringify(message);
  return { body, bytes: Buffer.byteLength(body) };
}

function requestsOf(messages: readonly Packed[]): string[][] {
  const requests: { bodies: string[]; bytes: number }[] = [];
  for (const { body, bytes } of messages) {
    const last = requests.at(-1);
    const hasRoom = last !== undefined && last.bodies.length < messagesPerRequest;
    if (hasRoom && last.bytes + bytes <= largestRequestBytes) {
      last.bodies.push(body);
      last.bytes += bytes;
    } else requests.push({ bodies: [body], bytes });
  }
  return requests.map(({ bodies }) => bodies);
}

async function sendRequest(client: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, at) => ({ Id: String(at), MessageBody }));
  const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  const [failed] = answer.Failed ?? [];
  if (failed !== undefined) throw new Error(`SQS refused events: ${failed.Code ?? 'no code'} ${failed.Message ?? ''}`);
}
