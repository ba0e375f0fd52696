// Unconditional puts and deletions of many items, 25 a request. What a throttle left out is sent again, a little later
// each time.
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import type { Key } from './table.ts';

const itemsPerRequest = 25;
/** DynamoDB takes 16 MB a request; large items go in smaller companies. */
const bytesPerRequest = 8_000_000;
const requestsAtOnce = 8;
const attempts = 6;

type WriteRequest =
  | { readonly PutRequest: { readonly Item: Item } }
  | { readonly DeleteRequest: { readonly Key: Item } };

/** Two items with the same key in one call: the later one stays. */
export async function putMany(client: DocumentClient, table: string, items: readonly Item[]): Promise<void> {
  const byKey = new Map(items.map((item) => [JSON.stringify([item['pk'], item['sk']]), item]));
  const requests = requestsOf([...byKey.values()]).map((some) => some.map((Item) => ({ PutRequest: { Item } })));
  await sendAll(client, table, requests);
}

/** Keys that nothing has are passed over. */
export async function removeMany(client: DocumentClient, table: string, keys: readonly Key[]): Promise<void> {
  const once = [...new Map(keys.map(({ pk, sk }) => [JSON.stringify([pk, sk]), { pk, sk }])).values()];
  const requests = Array.from({ length: Math.ceil(once.length / itemsPerRequest) }, (_, at) =>
    once.slice(at * itemsPerRequest, (at + 1) * itemsPerRequest).map((Key) => ({ DeleteRequest: { Key } })),
  );
  await sendAll(client, table, requests);
}

async function sendAll(client: DocumentClient, table: string, requests: readonly WriteRequest[][]): Promise<void> {
  for (let at = 0; at < requests.length; at += requestsAtOnce) {
    await Promise.all(requests.slice(at, at + requestsAtOnce).map((request) => send(client, table, request)));
  }
}

function requestsOf(items: readonly Item[]): Item[][] {
  const requests: { items: Item[]; bytes: number }[] = [];
  for (const item of items) {
    const bytes = sizeOf(item);
    const last = requests.at(-1);
    if (last === undefined || last.items.length === itemsPerRequest || last.bytes + bytes > bytesPerRequest) {
      requests.push({ items: [item], bytes });
    } else {
      last.items.push(item);
      last.bytes += bytes;
    }
  }
  return requests.map((request) => request.items);
}

function sizeOf({ doc }: Item): number {
  if (typeof doc === 'string') return doc.length * 3;
  return doc instanceof Uint8Array ? doc.length : 1_000;
}

async function send(client: DocumentClient, table: string, request: readonly WriteRequest[]): Promise<void> {
  let left: readonly WriteRequest[] = request;
  for (let attempt = 0; left.length > 0; attempt += 1) {
    if (attempt === attempts) throw throttled(left.length);
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 25 * 2 ** attempt));
    const answer = await client.send(new BatchWriteCommand({ RequestItems: { [table]: [...left] } }));
    const refused = answer.UnprocessedItems?.[table] ?? [];
    left = refused.flatMap(({ PutRequest: put, DeleteRequest: removal }): WriteRequest[] => {
      if (put?.Item !== undefined) return [{ PutRequest: { Item: put.Item } }];
      return removal?.Key === undefined ? [] : [{ DeleteRequest: { Key: removal.Key } }];
    });
  }
}

/** By the name that SDK clients and the api know: come back later. */
function throttled(count: number): Error {
  return Object.assign(new Error(`${count} items were refused time and again`), { name: 'ThrottlingException' });
}
