// Frames of `/events/in` on their way into the queue `events`, as API Gateway's service integration puts them there;
// here those of a connection that arrive together share a message.
// Rule: a frame is done when SQS has it; until then nothing says so.

import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { largestFrameInMessageBytes } from '../../shared/config/resources.ts';
import type { LargeParts } from '../../shared/ports/events-queue.ts';

export type FrameQueueOptions = {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly parts: Pick<LargeParts, 'put'>;
  /** The connection whose frames these are. */
  readonly connectionId: string;
  /** One message a frame and nothing around it, as API Gateway does it. @default false */
  readonly isBare?: boolean;
  /** How long a failing queue is asked again, in milliseconds. @default 15000 */
  readonly patienceMs?: number;
  /** Called with true when so much waits that no more should be read, with false when it is gone. */
  readonly onFull?: (isFull: boolean) => void;
  /** The queue did not take frames: whoever sent them must send them again. */
  readonly onLost?: (error: unknown) => void;
};

export type FrameQueue = {
  add(frame: string): void;
  /** Resolves when every frame that was added before is in the queue; rejects when the queue did not take them. */
  flushed(): Promise<void>;
};

const packBytes = 60_000;
const packFrames = 100;
const requestBytes = 240_000;
const messagesPerRequest = 10;
const fullBytes = 8 * 1024 * 1024;

type Waiting = { readonly frame: string; readonly bytes: number };

export function createFrameQueue(options: FrameQueueOptions): FrameQueue {
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  /** Frames so far: taken over, and taken by SQS. */
  const count = { added: 0, sent: 0 };
  let asking: { readonly from: number; readonly done: PromiseWithResolvers<void> }[] = [];
  let isFull = false;
  let isDraining = false;

  const setFull = (now: boolean) => {
    if (now === isFull) return;
    isFull = now;
    options.onFull?.(now);
  };

  const settle = () => {
    for (const { done } of asking.filter(({ from }) => from <= count.sent)) done.resolve();
    asking = asking.filter(({ from }) => from > count.sent);
  };

  const giveUp = (error: unknown) => {
    for (const { done } of asking) done.reject(error);
    asking = [];
    options.onLost?.(error);
  };

  const drain = async () => {
    // What arrives in the same turn of the event loop goes out together.
    await pause(0);
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      await send(options, batch);
      waiting = waiting.slice(batch.length);
      waitingBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
      count.sent += batch.length;
      settle();
      setFull(waitingBytes > fullBytes);
    }
    // In the same turn as the last look: a frame that comes after it starts the next drain.
    isDraining = false;
  };

  const start = () => {
    if (isDraining) return;
    isDraining = true;
    drain().catch((error: unknown) => {
      isDraining = false;
      giveUp(error);
    });
  };

  return {
    add(frame) {
      const bytes = Buffer.byteLength(frame);
      waiting.push({ frame, bytes });
      waitingBytes += bytes;
      count.added += 1;
      setFull(waitingBytes > fullBytes);
      start();
    },
    flushed() {
      if (count.sent === count.added) return Promise.resolve();
      const done = Promise.withResolvers<void>();
      asking.push({ from: count.added, done });
      start();
      return done.promise;
    },
  };
}

/** As many frames as one request carries, at least one. */
function nextBatch(waiting: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const next of waiting) {
    if (count >= packFrames * messagesPerRequest) break;
    if (count > 0 && bytes + next.bytes * 1.1 > requestBytes) break;
    bytes += next.bytes * 1.1 + 4;
    count += 1;
  }
  return waiting.slice(0, count);
}

async function send(options: FrameQueueOptions, batch: readonly Waiting[]): Promise<void> {
  const bodies = await bodiesOf(options, batch);
  const deadline = performance.now() + (options.patienceMs ?? 15_000);
  for (let attempt = 0; ; attempt += 1) {
    try {
      await sendBodies(options, bodies);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(Math.min(50 * 2 ** attempt, 1000));
    }
  }
}

/** The quotes of frames are escaped in a message, so it is larger than its frames. */
async function bodiesOf({ parts, isBare = false }: FrameQueueOptions, batch: readonly Waiting[]): Promise<string[]> {
  const packs: { frames: string[]; bytes: number }[] = [];
  const bodies: string[] = [];
  for (const { frame, bytes } of batch) {
    if (bytes > largestFrameInMessageBytes) {
      bodies.push(JSON.stringify({ part: await parts.put(frame) }));
      continue;
    }
    const last = packs.at(-1);
    const isOpen = last !== undefined && !isBare && last.frames.length < packFrames && last.bytes + bytes <= packBytes;
    if (!isOpen) {
      packs.push({ frames: [frame], bytes });
    } else {
      last.frames.push(frame);
      last.bytes += bytes;
    }
  }
  return [...bodies, ...packs.map(({ frames }) => (isBare ? (frames[0] ?? '') : JSON.stringify({ frames })))];
}

async function sendBodies(options: FrameQueueOptions, bodies: readonly string[]): Promise<void> {
  const requests: SendMessageBatchRequestEntry[][] = [];
  let bytes = 0;
  for (const MessageBody of bodies) {
    const size = Buffer.byteLength(MessageBody);
    const last = requests.at(-1);
    const entry = {
      Id: String(last?.length ?? 0),
      MessageBody,
      MessageAttributes: { connection: { DataType: 'String', StringValue: options.connectionId } },
    };
    if (last === undefined || last.length >= messagesPerRequest || bytes + size > requestBytes) {
      requests.push([{ ...entry, Id: '0' }]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  for (const Entries of requests) {
    const { Failed } = await options.client.send(new SendMessageBatchCommand({ QueueUrl: options.queueUrl, Entries }));
    const [failed] = Failed ?? [];
    if (failed !== undefined)
      throw new Error(`SQS refused frames: ${failed.Code ?? 'no code'} ${failed.Message ?? ''}`);
  }
}
