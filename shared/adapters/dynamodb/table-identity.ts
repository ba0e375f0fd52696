// What tells a table from every other one, a copy of it under the same name included.
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { DocumentClient } from './client.ts';

/** @throws Error when the table is not there */
export async function readTableIdentity(client: DocumentClient, table: string): Promise<string> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const { TableId, TableArn, CreationDateTime } = Table ?? {};
  return TableId ?? `${TableArn ?? table} ${CreationDateTime?.toISOString() ?? ''}`.trim();
}
