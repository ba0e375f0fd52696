// A backup of a table, and a table made of it: what point-in-time recovery does, with no time between.
import { PutCommand, paginateScan, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { DocumentClient } from '../../../shared/adapters/dynamodb/client.ts';

export type Backup = NonNullable<ScanCommandOutput['Items']>;

export async function copyItems(client: DocumentClient, table: string): Promise<Backup> {
  const items: Backup = [];
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    items.push(...(page.Items ?? []));
  }
  return items;
}

export async function putItems(client: DocumentClient, table: string, items: Backup): Promise<void> {
  for (const Item of items) await client.send(new PutCommand({ TableName: table, Item }));
}
