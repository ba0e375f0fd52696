// What `/events/out` does with a filter: live events from now on, and those of the last minutes before.
// Rule: the subscription stands before the store is read, and an event is stored before it is sent to subscribers;
// so one of the two roads brings it, sometimes both, and clients drop what they have seen by its id.
import { type EventFilter, matchesEvent } from '../domain/event/event-filter.ts';
import { eventToWire } from '../domain/event/event-to-wire.ts';
import type { ConnectionRef, Connections } from '../ports/connections.ts';
import type { EventStore } from '../ports/events.ts';
import type { World } from '../ports/world.ts';
import { asJson } from './as-json.ts';
import { type SendDeps, sendFrame } from './send-frame.ts';

export type FollowEventsDeps = SendDeps & {
  readonly connections: Pick<Connections, 'subscribe' | 'remove'>;
  readonly events: Pick<EventStore, 'list'>;
  readonly world: Pick<World, 'now'>;
};

export type EventsWish = {
  readonly filter: EventFilter;
  readonly wantsBackfill: boolean;
  /** How long the caller may work, milliseconds. */
  readonly patienceMs: number;
};

/** Source: `PREFECT_SERVER_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL`. */
const longestBackfillMs = 15 * 60_000;
/** Clocks of those who emit may be ahead of ours; what happened "later" than now was stored all the same. */
const clockSkewMs = 60 * 60_000;

/** `cut short`: there was more to send than the caller had time for. */
export type Followed = 'followed' | 'gone' | 'cut short';

export async function followEvents(deps: FollowEventsDeps, ref: ConnectionRef, wish: EventsWish): Promise<Followed> {
  const startedAt = deps.world.now();
  const earliest = startedAt - longestBackfillMs;
  const since = Math.max(wish.filter.occurred?.since ?? earliest, earliest);
  const filter: EventFilter = { ...wish.filter, occurred: { ...wish.filter.occurred, since } };
  if (!(await deps.connections.subscribe(ref, { filter: asJson(filter), since }))) return 'gone';
  if (!wish.wantsBackfill) return 'followed';
  const until = Math.min(filter.occurred?.until ?? Number.POSITIVE_INFINITY, startedAt + clockSkewMs);
  return await sendKept(deps, ref, { filter, since, until, stopAt: startedAt + wish.patienceMs });
}

type Backfill = {
  readonly filter: EventFilter;
  readonly since: number;
  readonly until: number;
  readonly stopAt: number;
};

async function sendKept(deps: FollowEventsDeps, ref: ConnectionRef, backfill: Backfill): Promise<Followed> {
  const { filter, since, until, stopAt } = backfill;
  for await (const page of deps.events.list({ since, until, order: 'ASC', isConsistent: true })) {
    for (const event of page) {
      if (!matchesEvent(filter, event)) continue;
      if (deps.world.now() > stopAt) return 'cut short';
      if (!(await sendFrame(deps, ref, JSON.stringify({ type: 'event', event: eventToWire(event) })))) return 'gone';
    }
    if (deps.world.now() > stopAt) return 'cut short';
  }
  return 'followed';
}
