// Several sorted partitions as one sorted list. Only as many pages are read as the reader asks for.
import type { Item } from './items.ts';

export type SortedPage = { readonly items: readonly Item[]; readonly isLast: boolean };
export type EventCursor = AsyncGenerator<SortedPage>;

type Source = { readonly cursor: EventCursor; items: readonly Item[]; isDone: boolean };

/** Pages of all cursors' items by `sk`; each cursor is sorted the same way already. */
export async function* merged(cursors: readonly EventCursor[], order: 'ASC' | 'DESC'): AsyncGenerator<Item[]> {
  const sources = cursors.map((cursor): Source => ({ cursor, items: [], isDone: false }));
  const compare = order === 'ASC' ? ascending : descending;
  for (;;) {
    await Promise.all(sources.map(fill));
    const open = sources.filter(({ items }) => items.length > 0);
    if (open.length === 0) return;
    // What stands before the end of every page that another one follows is in its final order.
    const ends = open.filter(({ isDone }) => !isDone).map(({ items }) => sortKeyOf(items.at(-1)));
    const [end] = ends.sort(compare);
    const ready = open.flatMap((source) => take(source, (key) => end === undefined || compare(key, end) <= 0));
    yield ready.sort((one, other) => compare(sortKeyOf(one), sortKeyOf(other)));
  }
}

async function fill(source: Source): Promise<void> {
  while (source.items.length === 0 && !source.isDone) {
    const next = await source.cursor.next();
    if (next.done !== true) source.items = next.value.items;
    source.isDone = next.done === true || next.value.isLast;
  }
}

function take(source: Source, isReady: (key: string) => boolean): readonly Item[] {
  const ready = source.items.filter((item) => isReady(sortKeyOf(item)));
  source.items = source.items.slice(ready.length);
  return ready;
}

function sortKeyOf(item: Item | undefined): string {
  return String(item?.['sk'] ?? '');
}

function ascending(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function descending(one: string, other: string): number {
  return ascending(other, one);
}
