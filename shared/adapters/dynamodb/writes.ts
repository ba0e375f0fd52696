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
} from '@aws-sdk/lib-dynamodb';
import type { Write } from '../../ports/runs.ts';
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

export function transact(client: DocumentClient, items: TransactWriteCommandInput['TransactItems']): Promise<Write> {
  return raced(client.send(new TransactWriteCommand({ TransactItems: items })));
}

/** A consistent read. */
export async function get(client: DocumentClient, table: string, key: Key): Promise<Item | undefined> {
  const answer = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
  return answer.Item;
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
