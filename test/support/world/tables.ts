// DynamoDB in memory, under the virtual clock: conditional writes, transactions with their tokens, indexes that lag and a
// log of every change. `test/faults/database.test.ts` holds it against the real local database, call by call.
import type { CallInput, Change, ItemKey } from './database-types.ts';
import { type Item, meets, updated } from './expressions.ts';
import {
  answerQuery,
  createIndexes,
  keyOf,
  nameOf,
  note,
  partitionOf,
  rebuild,
  type Shown,
  shownBy,
} from './indexes.ts';

export type Tables = {
  /** @throws DatabaseError as DynamoDB would answer */
  execute(operation: string, input: CallInput, by: string): object;
  readonly changes: readonly Change[];
  /** An item as it is now. */
  item(key: ItemKey): Item | undefined;
  items(): Iterable<Item>;
  /** TTL: of the items that have expired by now, those that are chosen go. */
  sweep(isChosen: () => boolean): void;
  /** Everything as it was then, in another table: what is on its way to this one never arrives there. */
  restore(then: number): void;
};

class DatabaseError extends Error {
  readonly CancellationReasons: readonly { Code: string }[] | undefined;

  constructor(name: string, reasons?: readonly { Code: string }[]) {
    super(name);
    this.name = name;
    this.CancellationReasons = reasons;
  }
}

export type TablesOptions = {
  readonly now: () => number;
  /** Milliseconds until indexes show a change; may differ from call to call. */
  readonly lag: () => number;
};

const tokenLifeMs = 600_000;

export function createTables({ now, lag }: TablesOptions): Tables {
  const partitions = new Map<string, Map<string, Item>>();
  const changes: Change[] = [];
  const indexes = createIndexes();
  const tokens = new Map<string, number>();
  let number = 0;

  const item = ({ pk, sk }: ItemKey): Item | undefined => partitions.get(pk)?.get(sk);

  const store = (key: ItemKey, after: Item | undefined, by: string): void => {
    const before = item(key);
    if (before === undefined && after === undefined) return;
    const partition = partitions.get(key.pk) ?? new Map<string, Item>();
    partitions.set(key.pk, partition);
    if (after === undefined) partition.delete(key.sk);
    else partition.set(key.sk, after);
    const change: Change = { number, time: now(), by, key, before, after };
    changes.push(change);
    for (const index of indexes.values()) note(index, change, now() + lag());
  };

  /** What one write leaves of its item; undefined for a deletion, 'as-it-is' for a mere check. */
  const outcomeOf = (kind: string, input: CallInput): Item | undefined | 'as-it-is' => {
    const key = keyOf(input.Key ?? input.Item);
    const there = item(key);
    if (!meets(input.ConditionExpression, there, input)) throw new DatabaseError('ConditionalCheckFailedException');
    switch (kind) {
      case 'Put':
        return defined(input.Item ?? {});
      case 'Delete':
        return undefined;
      case 'Update':
        return updated(input.UpdateExpression ?? '', there ?? { ...key }, input);
      default:
        return 'as-it-is';
    }
  };

  const write = (kind: string, input: CallInput, by: string): object => {
    const after = outcomeOf(kind, input);
    number += 1;
    if (after !== 'as-it-is') store(keyOf(input.Key ?? input.Item), after, by);
    return {};
  };

  const transact = ({ TransactItems = [], ClientRequestToken: token }: CallInput, by: string): object => {
    if (token !== undefined && (tokens.get(token) ?? Number.NEGATIVE_INFINITY) > now() - tokenLifeMs) return {};
    const writes = TransactItems.flatMap((one) => Object.entries(one)).map(([kind, input]) => ({ kind, input }));
    const names = new Set(writes.map(({ input }) => nameOf(keyOf(input.Key ?? input.Item))));
    if (names.size < writes.length || writes.length > 100) throw new DatabaseError('ValidationException');
    const outcomes = writes.map(({ kind, input }) => {
      try {
        return { input, after: outcomeOf(kind, input) };
      } catch {
        return undefined;
      }
    });
    if (outcomes.includes(undefined)) {
      const reasons = outcomes.map((one) => ({ Code: one === undefined ? 'ConditionalCheckFailed' : 'None' }));
      throw new DatabaseError('TransactionCanceledException', reasons);
    }
    number += 1;
    for (const outcome of outcomes) {
      if (outcome === undefined || outcome.after === 'as-it-is') continue;
      store(keyOf(outcome.input.Key ?? outcome.input.Item), outcome.after, by);
    }
    if (token !== undefined) tokens.set(token, now());
    return {};
  };

  const batchGet = ({ RequestItems = {} }: CallInput): object => ({
    Responses: Object.fromEntries(
      Object.entries(RequestItems).map(([table, request]) => {
        const { Keys } = request as { readonly Keys: readonly Item[] };
        return [table, Keys.map((key) => item(keyOf(key))).filter((found) => found !== undefined)];
      }),
    ),
  });

  const batchWrite = ({ RequestItems = {} }: CallInput, by: string): object => {
    for (const requests of Object.values(RequestItems)) {
      for (const request of requests as readonly { PutRequest?: CallInput; DeleteRequest?: CallInput }[]) {
        if (request.PutRequest !== undefined) write('Put', request.PutRequest, by);
        if (request.DeleteRequest !== undefined) write('Delete', request.DeleteRequest, by);
      }
    }
    return {};
  };

  const query = (input: CallInput): object => {
    const index = input.IndexName === undefined ? undefined : indexes.get(input.IndexName);
    const candidates: Shown[] =
      index === undefined
        ? [...(partitions.get(partitionOf(input)) ?? new Map<string, Item>()).values()].map((found) => ({
            item: found,
            sort: found['sk'],
            key: keyOf(found),
          }))
        : shownBy(index, input, now());
    return answerQuery(candidates, input);
  };

  return {
    changes,
    item,
    *items() {
      for (const partition of partitions.values()) yield* partition.values();
    },
    sweep(isChosen) {
      const hasExpired = (found: Item) => Number(found['expires_at'] ?? Number.POSITIVE_INFINITY) * 1000 <= now();
      for (const found of [...this.items()].filter(hasExpired)) {
        if (!isChosen()) continue;
        number += 1;
        store(keyOf(found), undefined, 'ttl');
      }
    },
    restore(then) {
      const former = new Map<string, Change>();
      for (let at = changes.length - 1; at >= 0; at -= 1) {
        const change = changes[at];
        if (change === undefined || change.time <= then) break;
        former.set(nameOf(change.key), change);
      }
      number += 1;
      for (const { key, before } of former.values()) store(key, before, 'restore');
      for (const index of indexes.values()) rebuild(index, this.items());
      tokens.clear();
    },
    execute(operation, input, by) {
      switch (operation) {
        case 'Get': {
          const found = item(keyOf(input.Key));
          return found === undefined ? {} : { Item: found };
        }
        case 'BatchGet':
          return batchGet(input);
        case 'Query':
          return query(input);
        case 'TransactWrite':
          return transact(input, by);
        case 'BatchWrite':
          return batchWrite(input, by);
        case 'Put':
        case 'Update':
        case 'Delete':
          return write(operation, input, by);
        default:
          throw new Error(`the tables know no ${operation}`);
      }
    },
  };
}

function defined(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
