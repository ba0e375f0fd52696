// Conditional writes: a condition that does not hold is an answer (`lost`), everything else is an error.
import {
  BatchGetCommand,
  DeleteCommand,
  type DeleteCommandInput,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Write } from '../../ports/runs.ts';
import { together } from '../together.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import type { Key } from './table.ts';

/** Reasons of a cancelled transaction that only mean "somebody was there at the same time". */
const raceReasons = ['ConditionalCheckFailed', 'TransactionConflict', 'DuplicateItem'];

function isLostRace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ConditionalCheckFailedException' || error.name === 'TransactionConflictException') return true;
  if (error.name !== 'TransactionCanceledException') return false;
  const reasons = (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? [];
  return reasons.some((reason) => raceReasons.includes(reason.Code ?? ''));
}

async function raced(write: Promise<unknown>): Promise<Write> {
  try {
    await write;
    return 'written';
  } catch (error) {
    if (isLostRace(error)) return 'lost';
    throw error;
  }
}

export function put(client: DocumentClient, input: PutCommandInput): Promise<Write> {
  return raced(client.send(new PutCommand(input)));
}

export function remove(client: DocumentClient, input: DeleteCommandInput): Promise<Write> {
  return raced(client.send(new DeleteCommand(input)));
}

export function update(client: DocumentClient, input: UpdateCommandInput): Promise<Write> {
  return raced(client.send(new UpdateCommand(input)));
}

export function transact(client: DocumentClient, items: TransactWriteCommandInput['TransactItems']): Promise<Write> {
  return raced(client.send(new TransactWriteCommand({ TransactItems: items })));
}

/**
 * Puts that are all written or all lost; several such groups of one turn of the event loop go as one transaction. What
 * several groups write alike (the version of a gate that all of them take slots of) is written once.
 */
export function transactTogether(client: DocumentClient, items: TransactItems): Promise<Write> {
  const known = writers.get(client);
  const writer = known ?? together<TransactItems, Write>((groups) => writeTogether(client, groups), groupsAtOnce);
  if (known === undefined) writers.set(client, writer);
  return writer(items);
}

type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** DynamoDB takes 100 items and 4 MB a transaction; a claim is two items or a few more, some ten kilobytes at most. */
const groupsAtOnce = 25;
const itemsAtOnce = 100;

const writers = new WeakMap<DocumentClient, (items: TransactItems) => Promise<Write>>();

function nameOfWrite({ Put, Update, Delete, ConditionCheck }: TransactItems[number]): string {
  const other = Update ?? Delete ?? ConditionCheck;
  return nameOf({ table: Put?.TableName ?? other?.TableName ?? '', key: keyOf(Put?.Item ?? other?.Key) });
}

async function writeTogether(client: DocumentClient, groups: readonly TransactItems[]): Promise<Write[]> {
  const fitting = asManyAsFit(groups);
  const others = groups.slice(fitting.length);
  const writes = await Promise.all([
    writeAtOnce(client, fitting),
    ...(others.length === 0 ? [] : [writeTogether(client, others)]),
  ]);
  return writes.flat();
}

function asManyAsFit(groups: readonly TransactItems[]): readonly TransactItems[] {
  const names = new Set<string>();
  const beyond = groups.findIndex((items) => {
    for (const item of items) names.add(nameOfWrite(item));
    return names.size > itemsAtOnce;
  });
  return beyond < 1 ? groups : groups.slice(0, beyond);
}

/** One lost race cancels the whole transaction: then each group is tried by itself. */
async function writeAtOnce(client: DocumentClient, groups: readonly TransactItems[]): Promise<Write[]> {
  const items = distinctWrites(groups.flat());
  if (items !== undefined && (await transact(client, items)) === 'written') return groups.map(() => 'written');
  if (groups.length === 1) return ['lost'];
  return Promise.all(groups.map((group) => transact(client, group)));
}

/** Undefined where two want different things of one item: they are rivals, and a transaction names an item only once. */
function distinctWrites(items: TransactItems): TransactItems | undefined {
  const byName = new Map<string, TransactItems[number]>();
  for (const item of items) {
    const name = nameOfWrite(item);
    const other = byName.get(name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(item)) return undefined;
    byName.set(name, item);
  }
  return [...byName.values()];
}

/** A consistent read. Reads of one turn of the event loop go as one request: a request costs far more than a key. */
export function get(client: DocumentClient, table: string, key: Key): Promise<Item | undefined> {
  return readsOf(client)({ table, key });
}

type Read = { readonly table: string; readonly key: Key };

const readers = new WeakMap<DocumentClient, (read: Read) => Promise<Item | undefined>>();

function readsOf(client: DocumentClient): (read: Read) => Promise<Item | undefined> {
  const known = readers.get(client);
  if (known !== undefined) return known;
  const reader = together<Read, Item | undefined>((reads) => readTogether(client, reads));
  readers.set(client, reader);
  return reader;
}

const keyOf = (item: Item | undefined): Key => ({ pk: String(item?.['pk']), sk: String(item?.['sk']) });
const nameOf = ({ table, key }: Read): string => `${table}\n${key.pk}\n${key.sk}`;

async function readTogether(client: DocumentClient, reads: readonly Read[]): Promise<(Item | undefined)[]> {
  const [first, ...others] = [...new Map(reads.map((read) => [nameOf(read), read])).values()];
  if (first === undefined) return [];
  if (others.length === 0) {
    const answer = await client.send(new GetCommand({ TableName: first.table, Key: first.key, ConsistentRead: true }));
    return reads.map(() => answer.Item);
  }
  const found = new Map<string, Item>();
  for (const [table, keys] of Map.groupBy([first, ...others], (read) => read.table)) {
    for (const item of await getMany(
      client,
      table,
      keys.map(({ key }) => key),
    )) {
      found.set(nameOf({ table, key: keyOf(item) }), item);
    }
  }
  return reads.map((read) => found.get(nameOf(read)));
}

/** Consistent reads of many keys, 100 a request; keys that a throttle left out are asked for again. */
export async function getMany(client: DocumentClient, table: string, keys: readonly Key[]): Promise<Item[]> {
  const found: Item[] = [];
  for (let at = 0; at < keys.length; at += 100) {
    let wanted: Item[] | undefined = keys.slice(at, at + 100).map((key) => ({ ...key }));
    while (wanted !== undefined && wanted.length > 0) {
      const answer: {
        Responses?: Record<string, Item[]> | undefined;
        UnprocessedKeys?: Record<string, { Keys: Item[] | undefined }> | undefined;
      } = await client.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: wanted, ConsistentRead: true } } }));
      found.push(...(answer.Responses?.[table] ?? []));
      wanted = answer.UnprocessedKeys?.[table]?.Keys;
    }
  }
  return found;
}

/** Pages of a query, as they come. */
export async function* pages(client: DocumentClient, input: QueryCommandInput): AsyncGenerator<Item[]> {
  let start: Item | undefined;
  do {
    const answer: { Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined } = await client.send(
      new QueryCommand({ ...input, ExclusiveStartKey: start }),
    );
    yield answer.Items ?? [];
    start = answer.LastEvaluatedKey;
  } while (start !== undefined);
}

/** Everything a query finds. Only for partitions that are small by design. */
export async function queryAll(client: DocumentClient, input: QueryCommandInput): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages(client, input)) items.push(...page);
  return items;
}
