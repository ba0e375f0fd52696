// The road of events: everybody sends them, one consumer takes them, the store keeps them for a while.
import type { PrefectEvent } from '../domain/event/event.ts';

/** Towards the consumer of events (queue `events`): at least once, in any order. */
export type EventSink = { send(events: readonly PrefectEvent[]): Promise<void> };
