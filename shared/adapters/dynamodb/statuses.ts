// The store of told statuses: an item each, found by the clock through the index `due`.
import type { Statuses, StatusRef, ToldStatus } from '../../ports/statuses.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { indexNames, shardOf, shards, statusDueKey, statusKey, statusRefOf } from './table.ts';
import { get, put, queryAll, remove } from './writes.ts';

export function createStatuses({ client, table }: { client: DocumentClient; table: string }): Statuses {
  return {
    async read(ref) {
      const item = await get(client, table, statusKey(ref));
      return item === undefined ? undefined : fromItem<ToldStatus>(item);
    },

    write: (before, after) =>
      put(client, {
        TableName: table,
        Item: toItem(statusKey(after), after, { version: after.version, ...dueOf(after) }),
        ...(before === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } }),
      }),

    async remove(ref) {
      await remove(client, { TableName: table, Key: statusKey(ref) });
    },

    async due({ until, limit }) {
      const lists = await Promise.all(
        shards.map((shard) =>
          queryAll(client, {
            TableName: table,
            IndexName: indexNames.due,
            KeyConditionExpression: 'due_key = :key AND due_at <= :until',
            ExpressionAttributeValues: { ':key': statusDueKey(shard), ':until': until },
          }),
        ),
      );
      const items = lists.flat().sort((one, other) => Number(one['due_at']) - Number(other['due_at']));
      return items.slice(0, limit).map((item): StatusRef => statusRefOf(String(item['sk'])));
    },
  };
}

function dueOf({ kind, key, dueAt }: ToldStatus): Item {
  return dueAt === undefined ? {} : { due_key: statusDueKey(shardOf(`${kind}#${key}`)), due_at: dueAt };
}
