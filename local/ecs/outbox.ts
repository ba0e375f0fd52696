// Hands stored events to their listener: in order for each task, at least once, across restarts.
// Rule: an event is forgotten only after the listener took it; a refusal means "later", never "lost".

import { setTimeout as pause } from 'node:timers/promises';
import type { EcsDatabase, StoredEvent } from './database.ts';
import type { EcsTaskEvent } from './task-view.ts';

// Enough to keep a queue busy, few enough not to flood it after a restart.
const maxParallelEvents = 32;
const firstPauseMilliseconds = 50;
const longestPauseMilliseconds = 5_000;

type Deliver = (event: EcsTaskEvent) => Promise<void>;

export class EventOutbox {
  readonly #database: EcsDatabase;
  readonly #deliver: Deliver;
  readonly #waiting = new Map<string, StoredEvent[]>();
  readonly #ready: string[] = [];
  readonly #closing = new AbortController();
  readonly #busy = new Set<Promise<void>>();
  #isClosed = false;

  constructor(database: EcsDatabase, deliver: Deliver) {
    this.#database = database;
    this.#deliver = deliver;
  }

  /** Takes up the events that an earlier process left behind. */
  resume(): void {
    for (const event of this.#database.events()) this.push(event);
  }

  push(event: StoredEvent): void {
    const queue = this.#waiting.get(event.taskId);
    if (queue !== undefined) {
      queue.push(event);
      return;
    }
    this.#waiting.set(event.taskId, [event]);
    this.#ready.push(event.taskId);
    this.#startNext();
  }

  /** Stops delivering; waits for what is under way, but not for ever. What is left stays stored. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.race([Promise.allSettled(this.#busy), pause(2_000, undefined, { ref: false })]);
    this.#isClosed = true;
  }

  #startNext(): void {
    while (this.#busy.size < maxParallelEvents && !this.#closing.signal.aborted) {
      const taskId = this.#ready.shift();
      if (taskId === undefined) return;
      const work = this.#drain(taskId).finally(() => {
        this.#busy.delete(work);
        this.#startNext();
      });
      this.#busy.add(work);
    }
  }

  async #drain(taskId: string): Promise<void> {
    const queue = this.#waiting.get(taskId) ?? [];
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const isTaken = await this.#deliverUntilTaken(next);
      if (!isTaken || this.#isClosed) return;
      this.#database.dropEvent(next.order);
      queue.shift();
    }
    this.#waiting.delete(taskId);
  }

  async #deliverUntilTaken({ event }: StoredEvent): Promise<boolean> {
    let pauseMilliseconds = firstPauseMilliseconds;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#deliver(event);
        return true;
      } catch {
        await pause(pauseMilliseconds, undefined, { signal: this.#closing.signal }).catch(() => undefined);
        pauseMilliseconds = Math.min(pauseMilliseconds * 2, longestPauseMilliseconds);
      }
    }
    return false;
  }
}
