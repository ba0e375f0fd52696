// Firings and the records of their actions. A firing stands in the index `due` until nothing of it is left to do.
import type { ActionRecord, Firings, NewFiring } from '../../ports/automations.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { actionIndexOf, actionPrefix, firedActionKey, firingKey, firingPartition } from './table.ts';
import { expiry, keptSeconds, unchanged } from './trigger-items.ts';
import { get, put, queryAll, update } from './writes.ts';

export type FiringStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly now: () => number;
  readonly newId: () => string;
};

export function createFirings({ client, table, now, newId }: FiringStoreOptions): Firings {
  return {
    async read(id) {
      const item = await get(client, table, firingKey(id));
      return item === undefined ? undefined : fromItem<NewFiring>(item);
    },

    async readActions(id) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': firingPartition(id), ':prefix': actionPrefix },
      });
      return new Map(items.map((item) => [actionIndexOf(String(item['sk'])), fromItem<ActionRecord>(item)]));
    },

    changeAction(id, index, { before, after }) {
      const version = (before?.version ?? 0) + 1;
      const writeId = newId();
      const { ConditionExpression, ExpressionAttributeValues } = unchanged(before?.version ?? 0);
      const top = { version, write_id: writeId, ...expiry(now(), keptSeconds) };
      return put(client, {
        TableName: table,
        Item: toItem(firedActionKey(id, index), { ...after, version }, top),
        ConditionExpression: `${ConditionExpression} OR write_id = :mine`,
        ExpressionAttributeValues: { ...ExpressionAttributeValues, ':mine': writeId },
      });
    },

    async postpone(id, dueAt) {
      await update(client, {
        TableName: table,
        Key: firingKey(id),
        UpdateExpression: 'SET due_at = :at',
        ConditionExpression: 'attribute_exists(due_key)',
        ExpressionAttributeValues: { ':at': Math.ceil(dueAt) },
      });
    },

    async finish(id) {
      await update(client, {
        TableName: table,
        Key: firingKey(id),
        UpdateExpression: 'REMOVE due_key, due_at',
        ConditionExpression: 'attribute_exists(pk)',
      });
    },
  };
}
