// Lists and counts of kept events. The store knows events by time alone, so everything else is matched here, and what
// one request reads is bounded.
import type { PrefectEvent } from '../domain/event/event.ts';
import { type EventFilter, matchesEvent } from '../domain/event/event-filter.ts';
import type { EventPlace, EventStore } from '../ports/events.ts';

/** A filter whose times are known. */
export type BoundedFilter = EventFilter & { readonly occurred: { readonly since: number; readonly until: number } };

/** Events that one request may read: some seconds' work. */
export const mostEventsRead = 50_000;
/** Once a page is full, a total is counted up to here: counting costs as much as reading does. */
const totalCountedUpTo = 2_000;

const daysBack = 180;
const dayMs = 86_400_000;

/** Prefect's defaults: from the start of the day 180 days ago until now. */
export function boundedFilter(filter: EventFilter, now: number): BoundedFilter {
  const since = filter.occurred?.since ?? Math.floor(now / dayMs) * dayMs - daysBack * dayMs;
  return { ...filter, occurred: { since, until: filter.occurred?.until ?? now } };
}

export type PageRequest = {
  readonly filter: BoundedFilter;
  readonly limit: number;
  /** Where the last page ended. */
  readonly after?: EventPlace;
  /** Matching events that are passed over first. */
  readonly skip?: number;
};

export type EventPageRead =
  | {
      readonly kind: 'page';
      readonly events: readonly PrefectEvent[];
      /** Matching events from the start of this page on. A bound may end the count: then there are more. */
      readonly total: number;
    }
  | { readonly kind: 'too many' };

/** One page with the number of events that match. */
export async function readEventPage(store: Pick<EventStore, 'list'>, request: PageRequest): Promise<EventPageRead> {
  const { limit, skip = 0 } = request;
  const events: PrefectEvent[] = [];
  let total = 0;
  let read = 0;
  for await (const page of matching(store, request)) {
    for (const event of page.events) {
      if (total >= skip && events.length < limit) events.push(event);
      total += 1;
    }
    read += page.read;
    const isFull = events.length >= limit;
    if (isFull && Math.max(total, read) >= totalCountedUpTo) break;
    if (read >= mostEventsRead) return { kind: 'too many' };
  }
  return { kind: 'page', events, total: total - skip };
}

/** Only the page, for those who know already how many there are. */
export async function readEvents(store: Pick<EventStore, 'list'>, request: PageRequest): Promise<EventPageRead> {
  const { limit, skip = 0 } = request;
  const events: PrefectEvent[] = [];
  let read = 0;
  for await (const page of matching(store, request)) {
    events.push(...page.events);
    read += page.read;
    if (events.length >= skip + limit) break;
    if (read >= mostEventsRead) return { kind: 'too many' };
  }
  return { kind: 'page', events: events.slice(skip, skip + limit), total: events.length };
}

/**
 * Hands every matching event to `take`, whatever the filter says of distinct resources: that is about lists.
 * False: there are too many to look at.
 */
export async function eachEvent(
  store: Pick<EventStore, 'list'>,
  filter: BoundedFilter,
  take: (event: PrefectEvent) => void,
): Promise<boolean> {
  const counted = filter.resource && { ...filter.resource, distinct: false };
  let read = 0;
  for await (const page of matching(store, { filter: { ...filter, resource: counted }, limit: 0 })) {
    page.events.forEach(take);
    read += page.read;
    if (read >= mostEventsRead) return false;
  }
  return true;
}

async function* matching(
  store: Pick<EventStore, 'list'>,
  { filter, after }: PageRequest,
): AsyncGenerator<{ readonly events: readonly PrefectEvent[]; readonly read: number }> {
  const { since, until } = filter.occurred;
  const isDistinct = filter.resource?.distinct === true;
  const seen = new Set<string>();
  const range = { since, until, order: filter.order ?? 'DESC', ...(after === undefined ? {} : { after }) };
  for await (const page of store.list(range)) {
    const events = page.filter((event) => matchesEvent(filter, event));
    yield { events: isDistinct ? events.filter((event) => isFirst(event, seen)) : events, read: page.length };
  }
}

/** Of each resource only the first event, as the list is ordered. */
function isFirst({ resource }: PrefectEvent, seen: Set<string>): boolean {
  const id = resource['prefect.resource.id'] ?? '';
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}
