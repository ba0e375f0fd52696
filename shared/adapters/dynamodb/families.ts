// Our task definition families. A family is named by its content, so what was read once stays true:
// a process remembers registered ones and asks no more.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { JsonObject } from '../../domain/json.ts';
import type { Families, Family } from '../../ports/families.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { familyKey } from './table.ts';
import { get, put } from './writes.ts';

export function createFamilies({ client, table }: { client: DocumentClient; table: string }): Families {
  const known = new Map<string, Family>();

  return {
    async remember(family, definition) {
      if (known.has(family)) return;
      await put(client, {
        TableName: table,
        Item: toItem(familyKey(family), definition),
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      known.set(family, { definition });
    },

    async read(family) {
      const there = known.get(family);
      if (there?.arn !== undefined) return there;
      const item = await get(client, table, familyKey(family));
      if (item === undefined) return undefined;
      const arn = item['arn'];
      const read: Family = { definition: fromItem<JsonObject>(item), ...(typeof arn === 'string' ? { arn } : {}) };
      known.set(family, read);
      return read;
    },

    async markRegistered(family, arn) {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: familyKey(family),
          UpdateExpression: 'SET arn = :arn',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':arn': arn },
        }),
      );
      const there = known.get(family);
      if (there !== undefined) known.set(family, { ...there, arn });
    },
  };
}
