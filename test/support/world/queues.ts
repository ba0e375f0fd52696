// SQS queues with their consumers, as Lambda's event source mappings drive them: batches, visibility, redelivery, a
// dead-letter queue, standard order (none), and the faults of the seed's plan on every message.
import type { Dice } from '../../differential/sequences/dice.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Kernel } from './kernel.ts';

export type QueueOptions = {
  readonly kernel: Kernel;
  readonly dice: Dice;
  readonly faults: FaultPlan;
  readonly name: 'submit' | 'observe';
  readonly batchSize: number;
  readonly maxConcurrency: number;
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  /** One invocation; answers which messages are done with, by their place in the batch. */
  readonly consume: (bodies: readonly string[]) => Promise<ReadonlySet<number>>;
};

type Message = { readonly body: string; visibleAt: number; receives: number };

export type WorldQueue = {
  send(body: string, delaySeconds: number): void;
  readonly size: number;
};

export function createQueue(options: QueueOptions): WorldQueue {
  const { kernel, dice, faults, name } = options;
  const messages = new Set<Message>();
  let running = 0;

  const put = (body: string, delayMs: number) => {
    const message = { body, visibleAt: kernel.now() + delayMs, receives: 0 };
    messages.add(message);
    kernel.at(message.visibleAt, poll);
  };

  const poll = () => {
    if (running >= options.maxConcurrency) return;
    const batch: Message[] = [];
    for (const message of messages) {
      if (batch.length < options.batchSize && message.visibleAt <= kernel.now()) batch.push(message);
    }
    if (batch.length === 0) return;
    for (const message of batch) {
      message.visibleAt = kernel.now() + options.visibilitySeconds * 1000;
      message.receives += 1;
    }
    running += 1;
    void take(batch);
  };

  const take = async (batch: readonly Message[]) => {
    const done = await options.consume(batch.map(({ body }) => body));
    running -= 1;
    for (const [place, message] of batch.entries()) {
      if (done.has(place) || message.receives >= options.maxReceiveCount) messages.delete(message);
      else kernel.at(message.visibleAt, poll);
    }
    kernel.at(kernel.now(), poll);
  };

  return {
    send(body, delaySeconds) {
      const usual = delaySeconds * 1000 + dice.whole(2, 40);
      switch (faults.onMessage(name)) {
        case 'lost':
          return;
        case 'doubled':
          put(body, usual + dice.whole(0, 30_000));
          return put(body, usual);
        case 'delayed':
          return put(body, usual + dice.whole(5_000, 400_000));
        case 'reordered':
          return put(body, usual + dice.whole(100, 6_000));
        default:
          return put(body, usual);
      }
    },
    get size() {
      return messages.size;
    },
  };
}
