// A model of an SQS queue under the virtual clock: delays, visibility after a failed receive, at least once.
import type { VirtualClock } from './clock.ts';

export type QueuedMessage = {
  readonly body: string;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
};

export type ModelQueue = {
  send(bodies: readonly string[], delaySeconds?: number): void;
  /** When something becomes visible, or undefined when the queue is empty. */
  nextAt(): number | undefined;
  /** Up to `limit` visible messages; they stay until `remove`. */
  receive(limit: number): QueuedMessage[];
  remove(message: QueuedMessage): void;
  clear(): void;
  readonly size: number;
  /** Milliseconds since its oldest message was sent; 0 when it is empty. */
  readonly oldestAge: number;
};

export function modelQueue(clock: VirtualClock, visibilitySeconds: number): ModelQueue {
  let messages: QueuedMessage[] = [];
  return {
    send(bodies, delaySeconds = 0) {
      for (const body of bodies)
        messages.push({ body, sentAt: clock.now(), visibleAt: clock.now() + delaySeconds * 1000, receives: 0 });
    },
    nextAt: () => (messages.length === 0 ? undefined : Math.min(...messages.map(({ visibleAt }) => visibleAt))),
    receive(limit) {
      const visible = messages.filter(({ visibleAt }) => visibleAt <= clock.now()).slice(0, limit);
      for (const message of visible) {
        message.visibleAt = clock.now() + visibilitySeconds * 1000;
        message.receives += 1;
      }
      return visible;
    },
    remove(message) {
      messages = messages.filter((other) => other !== message);
    },
    clear() {
      messages = [];
    },
    get oldestAge() {
      return Math.max(0, ...messages.map(({ sentAt }) => clock.now() - sentAt));
    },
    get size() {
      return messages.length;
    },
  };
}
