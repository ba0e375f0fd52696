// All artifacts, newest first: the sharded partitions of index `runs`, merged as they are read.
import type { DocumentClient } from './client.ts';
import { indexNames, shards } from './table.ts';
import { pages } from './writes.ts';

type Source = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly partition: (shard: number) => string;
};

const placesAPage = 200;

/** Pages of sort keys, newest first over all shards; each shard is read only as far as the merge got. */
export async function* newestOfShards({ client, table, partition }: Source): AsyncGenerator<readonly string[]> {
  const readers = await Promise.all(
    shards.map(async (shard) => {
      const query = {
        TableName: table,
        IndexName: indexNames.runs,
        KeyConditionExpression: 'list_key = :key',
        ExpressionAttributeValues: { ':key': partition(shard) },
        ScanIndexForward: false,
        Limit: placesAPage,
      };
      const reader = createReader(pages(client, query));
      await reader.refill();
      return reader;
    }),
  );
  let page: string[] = [];
  for (;;) {
    const newest = readers.reduce<Reader | undefined>((best, reader) => {
      if (reader.head() === undefined) return best;
      return best === undefined || (best.head() ?? '') < (reader.head() ?? '') ? reader : best;
    }, undefined);
    const place = newest?.take();
    if (newest === undefined || place === undefined) break;
    page.push(place);
    await newest.refill();
    if (page.length === placesAPage) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

type Reader = {
  head(): string | undefined;
  take(): string | undefined;
  refill(): Promise<void>;
};

function createReader(source: AsyncGenerator<Record<string, unknown>[]>): Reader {
  let waiting: string[] = [];
  let isDone = false;
  return {
    head: () => waiting[0],
    take: () => waiting.shift(),
    async refill() {
      while (waiting.length === 0 && !isDone) {
        const next = await source.next();
        isDone = next.done === true;
        waiting = next.done === true ? [] : next.value.map((item) => String(item['list_at']));
      }
    },
  };
}
