// Events: taken by way of the queue, as those of the socket are; listed and counted from the store.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { countables, type eventRoutes, receivedEvent } from '../../../shared/contract/events.ts';
import {
  countByName,
  countByResource,
  countByTime,
  type EventCounter,
} from '../../../shared/domain/event/count-events.ts';
import { eventToWire } from '../../../shared/domain/event/event-to-wire.ts';
import { type Buckets, bucketCount, mostBuckets } from '../../../shared/domain/event/time-buckets.ts';
import { isoText } from '../../../shared/domain/iso-time.ts';
import {
  type BoundedFilter,
  boundedFilter,
  eachEvent,
  mostEventsRead,
  readEventPage,
  readEvents,
} from '../../../shared/use-cases/read-events.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { type PageToken, readPageToken, writePageToken } from './event-pages.ts';

/** Prefect drops larger ones without a word. */
const largestEventBytes = 1_500_000;

export const eventHandlers = {
  async create_events({ body }, { eventSink, world, log }) {
    const received = world.now();
    const events = body.map((sent) => receivedEvent(sent, received));
    const sized = events.map((event) => ({ event, bytes: Buffer.byteLength(JSON.stringify(eventToWire(event))) }));
    for (const { event, bytes } of sized) {
      if (bytes > largestEventBytes) log('WARN', 'event too large, dropped', { event_id: event.id, bytes });
    }
    await eventSink.send(sized.filter(({ bytes }) => bytes <= largestEventBytes).map(({ event }) => event));
  },

  async read_events({ body, baseUrl }, deps) {
    const filter = boundedFilter(body.filter ?? {}, deps.world.now());
    return await page(deps, baseUrl, { filter, limit: body.limit, offset: 0, total: 0 });
  },

  async read_account_events_page({ query, baseUrl }, deps) {
    return await page(deps, baseUrl, readPageToken(query['page-token']));
  },

  async count_account_events({ params, body }, { eventStore, world }) {
    const countable = countables.find((one) => one === params.countable);
    if (countable === undefined) throw unknownCountable();
    const now = world.now();
    const filter = boundedFilter(body.filter, now);
    const asked = { unit: body.time_unit, interval: body.time_interval };
    checkBuckets(asked, filter);
    const buckets = countable === 'day' ? ({ unit: 'day', interval: 1 } as const) : asked;
    const counter = counterOf(countable, buckets, { ...filter.occurred, now });
    if (!(await eachEvent(eventStore, filter, counter.add))) throw tooMany();
    return counter.counts().map(({ startTime, endTime, ...rest }) => ({
      ...rest,
      start_time: isoText(startTime),
      end_time: isoText(endTime),
    }));
  },
} satisfies Handlers<typeof eventRoutes, ApiDeps>;

async function page({ eventStore }: ApiDeps, baseUrl: string, asked: PageToken) {
  const { filter, limit, offset, after } = asked;
  const mostFound = filter.id?.id?.length ? Math.min(limit, filter.id.id.length) : limit;
  // Which events are the first of their resource is known only by reading from the start.
  const start = filter.resource?.distinct === true || after === undefined ? { skip: offset } : { after };
  // Near the end of what was counted there may be more that was not.
  const counts = offset === 0 || asked.total - offset <= limit;
  const read = await (counts ? readEventPage : readEvents)(eventStore, { filter, limit: mostFound, ...start });
  if (read.kind === 'too many') throw tooMany();
  const total = counts ? offset + read.total : asked.total;
  const next = offset + limit;
  const last = read.events.at(-1);
  const place = last === undefined ? after : { occurred: last.occurred, id: last.id };
  const token = next >= total ? undefined : writePageToken({ ...asked, total, offset: next, after: place });
  return {
    events: read.events.map(eventToWire),
    total,
    next_page: token === undefined ? null : `${baseUrl}/events/filter/next?page-token=${token}`,
  };
}

function counterOf(
  countable: (typeof countables)[number],
  buckets: Buckets,
  range: Parameters<typeof countByTime>[1],
): EventCounter {
  switch (countable) {
    case 'day':
    case 'time':
      return countByTime(buckets, range);
    case 'event':
      return countByName();
    case 'resource':
      return countByResource();
  }
}

function checkBuckets(buckets: Buckets, { occurred }: BoundedFilter): void {
  const count = bucketCount(buckets, occurred);
  if (count <= mostBuckets) return;
  const wanted = `at most ${mostBuckets} can be answered: take a longer interval or a shorter time`;
  throw new Refusal('invalid_request', `this interval makes ${count} buckets, ${wanted}`);
}

function unknownCountable(): Refusal {
  const msg = "Input should be 'day', 'time', 'event' or 'resource'";
  const problems = [{ type: 'enum', loc: ['path', 'countable'], msg }];
  return new Refusal('invalid_request', 'Invalid request received.', { problems });
}

function tooMany(): Refusal {
  const sentence = `over ${mostEventsRead} events lie in this time: narrow filter.occurred.since and filter.occurred.until`;
  return new Refusal('invalid_request', sentence);
}
