// The road of events: everybody sends them, one consumer takes them, the store keeps them for a while.
import type { PrefectEvent } from '../domain/event/event.ts';

/** Towards the consumer of events (queue `events`): at least once, in any order. Throws when the queue refuses. */
export type EventSink = { send(events: readonly PrefectEvent[]): Promise<void> };

/** Where an event stands among the others: by time, then by id. */
export type EventPlace = { readonly occurred: number; readonly id: string };

/** Events between two times, both included, epoch milliseconds. */
export type EventRange = {
  readonly since: number;
  readonly until: number;
  readonly order: 'ASC' | 'DESC';
  /** Goes on behind this place, as `order` counts. */
  readonly after?: EventPlace;
  /** Also what was kept a moment ago. @default false: what is a second old is surely there */
  readonly isConsistent?: boolean;
};

export type EventStore = {
  /** Keeps them until their time is over. What is kept under an event's id and time already stays as it is. */
  keep(events: readonly PrefectEvent[]): Promise<void>;
  /** By time, page by page, in pages of some hundred: whoever reads stops when it has enough. */
  list(range: EventRange): AsyncIterable<readonly PrefectEvent[]>;
};
