// The store of events, in the bulk table. An event's key is made of its own time and id, so that keeping it again
// changes nothing; its time to live counts from when it happened, and is looked at on every read.
import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { PrefectEvent } from '../../domain/event/event.ts';
import type { EventRange, EventStore } from '../../ports/events.ts';
import type { DocumentClient } from './client.ts';
import { packEvent, unpackEvent } from './event-codec.ts';
import { type EventCursor, merged } from './event-merge.ts';
import type { Item } from './items.ts';
import {
  eventDayMs,
  eventDayOf,
  eventKey,
  eventPartKey,
  eventPlaceOf,
  eventShardNumbers,
  eventSortKey,
  eventsPartition,
  format,
} from './table.ts';
import { get, getMany, put } from './writes.ts';

export type EventStoreOptions = {
  readonly client: DocumentClient;
  /** The bulk table. */
  readonly table: string;
  readonly now: () => number;
  /** How long an event is kept, in days from when it happened. */
  readonly days: number;
};

/** DynamoDB takes 400 KB an item, names and all. */
const partBytes = 380_000;
/** A store that is asked for everything at once says no to most of it. */
const writesAtOnce = 50;
/** Most readers want a page of 50 in all; who goes on wants many. */
const firstPageSize = 100;
const nextPageSize = 500;
/** An event may be dated a little ahead by whoever's clock is; a list looks no further. */
const aheadMs = eventDayMs;

export function createEventStore(options: EventStoreOptions): EventStore {
  const { client, table } = options;
  const expiryOf = (event: PrefectEvent) => Math.ceil((event.occurred + options.days * eventDayMs) / 1000);

  async function keepOne(event: PrefectEvent): Promise<void> {
    const expires_at = expiryOf(event);
    if (expires_at * 1000 <= options.now()) return;
    const bytes = packEvent(event);
    const key = eventKey(event.occurred, event.id);
    const [first, ...others] = partsOf(bytes);
    if (others.length > 0) {
      if ((await get(client, table, key)) !== undefined) return;
      const items = others.map((doc, at) => ({ ...eventPartKey(event.id, at + 1), format, doc, expires_at }));
      await Promise.all(items.map((Item) => put(client, { TableName: table, Item })));
    }
    const parts = others.length === 0 ? {} : { parts: others.length };
    const Item = { ...key, format, doc: first, expires_at, ...parts };
    await put(client, { TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  }

  async function read(items: readonly Item[]): Promise<PrefectEvent[]> {
    const alive = items.filter((item) => Number(item['expires_at']) * 1000 > options.now());
    const events = await Promise.all(alive.map(readOne));
    return events.filter((event) => event !== undefined);
  }

  async function readOne(item: Item): Promise<PrefectEvent | undefined> {
    const { id } = eventPlaceOf(String(item['sk']));
    const count = Number(item['parts'] ?? 0);
    if (count === 0) return unpackEvent(bytesOf(item), id);
    const keys = Array.from({ length: count }, (_, at) => eventPartKey(id, at + 1));
    const others = await getMany(client, table, keys);
    // The broom takes parts one by one: what is no longer whole is gone.
    if (others.length < count) return undefined;
    const inOrder = others.toSorted((one, other) => (String(one['sk']) < String(other['sk']) ? -1 : 1));
    return unpackEvent(Buffer.concat([bytesOf(item), ...inOrder.map(bytesOf)]), id);
  }

  return {
    async keep(events) {
      for (let at = 0; at < events.length; at += writesAtOnce) {
        await Promise.all(events.slice(at, at + writesAtOnce).map(keepOne));
      }
    },

    async *list(range) {
      const { since, until } = bounded(range, options);
      for (const day of daysBetween(since, until, range.order)) {
        const cursors = eventShardNumbers.map((shard) =>
          cursorOf(eventsPartition(day, shard), { ...range, since, until }),
        );
        for await (const items of merged(cursors, range.order)) {
          const events = await read(items);
          if (events.length > 0) yield events;
        }
      }
    },
  };

  function cursorOf(partition: string, { since, until, order, after, isConsistent = false }: EventRange): EventCursor {
    const place = after === undefined ? undefined : eventSortKey(after.occurred, after.id);
    const low = order === 'ASC' && place !== undefined ? `${place}!` : eventSortKey(since);
    const high = order === 'DESC' && place !== undefined ? place : eventSortKey(until, '~');
    if (low > high) return emptyPages();
    const query = {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
      ExpressionAttributeValues: { ':pk': partition, ':low': low, ':high': high },
      ScanIndexForward: order === 'ASC',
      ConsistentRead: isConsistent,
    };
    return sortedPages(query, place);
  }

  /** BETWEEN takes both ends in: the place itself was read before. */
  async function* sortedPages(query: QueryCommandInput, place: string | undefined): EventCursor {
    let start: Item | undefined;
    do {
      const answer: { Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined } = await client.send(
        new QueryCommand({
          ...query,
          ExclusiveStartKey: start,
          Limit: start === undefined ? firstPageSize : nextPageSize,
        }),
      );
      start = answer.LastEvaluatedKey;
      const items = (answer.Items ?? []).filter((item) => item['sk'] !== place);
      yield { items, isLast: start === undefined };
    } while (start !== undefined);
  }
}

async function* emptyPages(): EventCursor {}

function bounded({ since, until }: EventRange, { now, days }: EventStoreOptions): { since: number; until: number } {
  return { since: Math.max(since, now() - days * eventDayMs), until: Math.min(until, now() + aheadMs) };
}

function daysBetween(since: number, until: number, order: EventRange['order']): number[] {
  const [first, last] = [eventDayOf(since), eventDayOf(until)];
  const days = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  return order === 'ASC' ? days : days.reverse();
}

function partsOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / partBytes));
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * partBytes, (at + 1) * partBytes));
}

function bytesOf(item: Item): Uint8Array {
  const doc = item['doc'];
  if (doc instanceof Uint8Array) return doc;
  throw new Error(`item ${String(item['pk'])} ${String(item['sk'])} holds no bytes`);
}
