// The store of automations. Each write raises one number, so that who keeps the list in memory knows when to read it
// again; what triggers begin with is written in the same transaction.
import type { Automation } from '../../domain/automation/automation.ts';
import type { Automations, FirstState } from '../../ports/automations.ts';
import { catalogueItem } from './catalogue/collection.ts';
import type { DocumentClient } from './client.ts';
import { fromItem } from './items.ts';
import { automationKey, automationsPartition, automationsRevisionKey, format } from './table.ts';
import { firstStateItem } from './trigger-items.ts';
import { get, queryAll, transact } from './writes.ts';

export type AutomationStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly sha256: (text: string) => string;
  readonly now: () => number;
};

export function createAutomations(options: AutomationStoreOptions): Automations {
  const { client, table } = options;

  const raiseRevision = {
    Update: {
      TableName: table,
      Key: automationsRevisionKey,
      UpdateExpression: 'SET #format = :format ADD revision :one',
      ExpressionAttributeNames: { '#format': 'format' },
      ExpressionAttributeValues: { ':format': format, ':one': 1 },
    },
  };
  const firstPuts = (automation: Automation, first: readonly FirstState[]) =>
    first.map((state) => ({ Put: { TableName: table, Item: firstStateItem(options, automation, state) } }));
  const itemOf = (automation: Automation) =>
    catalogueItem(automationKey(automation.id), automation, { version: automation.version });

  return {
    create(automation, first) {
      const put = { TableName: table, Item: itemOf(automation), ConditionExpression: 'attribute_not_exists(pk)' };
      return transact(client, [{ Put: put }, raiseRevision, ...firstPuts(automation, first)]);
    },

    async read(id) {
      const item = await get(client, table, automationKey(id));
      return item === undefined ? undefined : fromItem<Automation>(item);
    },

    async list() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': automationsPartition },
      });
      return items.map((item) => fromItem<Automation>(item));
    },

    async revision() {
      return Number((await get(client, table, automationsRevisionKey))?.['revision'] ?? 0);
    },

    change(before, after, first) {
      const put = {
        TableName: table,
        Item: itemOf({ ...after, version: before.version + 1 }),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': before.version },
      };
      return transact(client, [{ Put: put }, raiseRevision, ...firstPuts(after, first)]);
    },

    remove({ id, version }) {
      const remove = {
        TableName: table,
        Key: automationKey(id),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': version },
      };
      return transact(client, [{ Delete: remove }, raiseRevision]);
    },
  };
}
