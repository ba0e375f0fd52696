// Events to those who watch `/events/out`: each gets those that its filter means, in the order in which they happened.
import type { PrefectEvent } from '../domain/event/event.ts';
import { type EventFilter, matchesEvent } from '../domain/event/event-filter.ts';
import { eventToWire } from '../domain/event/event-to-wire.ts';
import type { Connections, Subscriber } from '../ports/connections.ts';
import { type ServeDeps, serveWatcher } from './serve-watcher.ts';

export type FanOutEventsDeps = ServeDeps & { readonly connections: Pick<Connections, 'subscribers' | 'remove'> };

/** Seen twice, an event goes out twice: clients know it by its id. */
export async function fanOutEvents(deps: FanOutEventsDeps, events: readonly PrefectEvent[]): Promise<void> {
  const subscribers = await deps.connections.subscribers('events-out');
  if (subscribers.length === 0) return;
  const inOrder = events.toSorted((one, other) => one.occurred - other.occurred);
  const frames = new Map<PrefectEvent, string>();
  const frameOf = (event: PrefectEvent) => {
    const frame = frames.get(event) ?? JSON.stringify({ type: 'event', event: eventToWire(event) });
    frames.set(event, frame);
    return frame;
  };
  await Promise.all(
    subscribers.map((subscriber) => {
      const wanted = inOrder.filter((event) => wants(subscriber, event));
      return serveWatcher(deps, subscriber, wanted.map(frameOf));
    }),
  );
}

/** The filter was checked when it came in. */
function wants({ subscription }: Subscriber, event: PrefectEvent): boolean {
  return matchesEvent(subscription.filter as EventFilter, event);
}
