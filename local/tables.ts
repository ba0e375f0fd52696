// Creates the tables of the stack in a DynamoDB-compatible database, from the one table of resources.
// Rule: a table that is there is left as it is; one that lacks an index of ours is refused, not mended.

import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { bulkTable, controlTable } from '../shared/config/resources.ts';
import { bulkTableName, controlTableName } from './account.ts';
import { StartError } from './start-error.ts';

/** Creates both tables where they are missing; answers the ARN of the control table's stream. */
export async function createTables(client: DynamoDBClient): Promise<{ streamArn: string }> {
  const [control] = await Promise.all([
    createIfMissing(client, controlInput(controlTableName)),
    createIfMissing(client, bulkInput(bulkTableName)),
  ]);
  const present = (control.GlobalSecondaryIndexes ?? []).map((index) => index.IndexName);
  const absent = Object.keys(controlTable.indexes).filter((name) => !present.includes(name));
  if (absent.length > 0) {
    throw new StartError(
      `table ${controlTableName} has no index ${absent.join(', ')}: wanted a folder made by this release`,
    );
  }
  const streamArn = control.LatestStreamArn;
  if (streamArn === undefined) throw new StartError(`table ${controlTableName} has no stream, wanted one`);
  return { streamArn };
}

async function createIfMissing(client: DynamoDBClient, input: CreateTableCommandInput): Promise<TableDescription> {
  const found = await describe(client, input.TableName);
  if (found !== undefined) return found;
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    // Another start on the same external database was there first.
    if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error;
  }
  const created = await describe(client, input.TableName);
  if (created === undefined) throw new StartError(`table ${input.TableName} is missing right after it was created`);
  return created;
}

async function describe(client: DynamoDBClient, name: string | undefined): Promise<TableDescription | undefined> {
  try {
    const answer = await client.send(new DescribeTableCommand({ TableName: name }));
    return answer.Table;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** The control table's definition, under whatever name. */
export function controlInput(name: string): CreateTableCommandInput {
  const indexes = Object.entries(controlTable.indexes);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      textAttribute(controlTable.partitionKey),
      textAttribute(controlTable.sortKey),
      ...indexes.flatMap(([, index]) => [
        textAttribute(index.partitionKey),
        { AttributeName: index.sortKey.name, AttributeType: index.sortKey.type },
      ]),
    ],
    KeySchema: keySchema(controlTable.partitionKey, controlTable.sortKey),
    GlobalSecondaryIndexes: indexes.map(([indexName, index]) => ({
      IndexName: indexName,
      KeySchema: keySchema(index.partitionKey, index.sortKey.name),
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...index.projected] },
    })),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  };
}

export function bulkInput(name: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [textAttribute(bulkTable.partitionKey), textAttribute(bulkTable.sortKey)],
    KeySchema: keySchema(bulkTable.partitionKey, bulkTable.sortKey),
  };
}

function textAttribute(name: string) {
  return { AttributeName: name, AttributeType: 'S' as const };
}

function keySchema(partitionKey: string, sortKey: string) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sortKey, KeyType: 'RANGE' as const },
  ];
}
