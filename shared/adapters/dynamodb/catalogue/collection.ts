// What every kind of the catalogue does alike: create once, read, list, change by version, remove.
// A write that the SDK repeats after a lost reply knows itself by its write id and is not taken for a conflict.
import { AppError } from '../../../domain/errors.ts';
import type { Created } from '../../../ports/created.ts';
import type { Write } from '../../../ports/runs.ts';
import type { SecretBox } from '../../../ports/secret-box.ts';
import type { DocumentClient } from '../client.ts';
import { fromItem, type Item, toItem } from '../items.ts';
import type { Key } from '../table.ts';
import { get, put, queryAll, remove } from '../writes.ts';

export type CatalogueOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly newId: () => string;
  readonly sha256: (text: string) => string;
  /** For the data of blocks. A Lambda that reads none has no key. */
  readonly secretBox?: SecretBox;
};

/** DynamoDB's 400 KB an item, less room for keys and attributes. */
const largestItemBytes = 395_000;

type Versioned = { readonly version: number };

/** The item of a value, refused with the size that was seen when it cannot be stored. */
export function catalogueItem(key: Key, value: object, top: Item = {}): Item {
  const item = toItem(key, value, top);
  const bytes = Buffer.byteLength(String(item['doc']));
  if (bytes > largestItemBytes) {
    const kind = key.pk.replace(/#.*/, '').replaceAll('_', ' ');
    throw new AppError('too_large', `a ${kind} of ${bytes} bytes was sent, wanted at most ${largestItemBytes}`);
  }
  return item;
}

/** `indexed`: attributes beside the document, for indexes and conditions. */
export function createCollection<T extends object>(
  options: CatalogueOptions,
  keyOf: (value: T) => Key,
  indexed: (value: T) => Item = () => ({}),
) {
  const { client, table, newId } = options;

  return {
    async create(value: T): Promise<Created<T>> {
      const writeId = newId();
      const key = keyOf(value);
      const write = await put(client, {
        TableName: table,
        Item: catalogueItem(key, value, { ...indexed(value), ...versionOf(value), write_id: writeId }),
        ConditionExpression: 'attribute_not_exists(pk) OR write_id = :mine',
        ExpressionAttributeValues: { ':mine': writeId },
      });
      if (write === 'written') return { kind: 'created', item: value };
      const there = await get(client, table, key);
      if (there === undefined)
        throw new AppError('unavailable', `${key.pk} ${key.sk} was deleted while it was created`);
      return { kind: 'exists', item: fromItem<T>(there) };
    },

    async readKey(key: Key): Promise<T | undefined> {
      const item = await get(client, table, key);
      return item === undefined ? undefined : fromItem<T>(item);
    },

    async listPartition(partition: string): Promise<readonly T[]> {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partition },
      });
      return items.map((item) => fromItem<T>(item));
    },

    async put(value: T): Promise<void> {
      await put(client, {
        TableName: table,
        Item: catalogueItem(keyOf(value), value, { ...indexed(value), ...versionOf(value) }),
      });
    },

    async change(before: T & Versioned, after: T & Versioned): Promise<Write> {
      const writeId = newId();
      const next = { ...after, version: before.version + 1 };
      return put(client, {
        TableName: table,
        Item: catalogueItem(keyOf(after), next, { ...indexed(next), version: next.version, write_id: writeId }),
        ConditionExpression: 'version = :before OR write_id = :mine',
        ExpressionAttributeValues: { ':before': before.version, ':mine': writeId },
      });
    },

    async removeKey(key: Key): Promise<boolean> {
      const condition = { ConditionExpression: 'attribute_exists(pk)' };
      return (await remove(client, { TableName: table, Key: key, ...condition })) === 'written';
    },
  };
}

function versionOf(value: object): Item {
  return 'version' in value ? { version: value.version } : {};
}
