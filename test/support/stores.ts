// What tests of the stores share: raw looks at items, DynamoDB's way of counting bytes, and replies that get lost.
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient as Client, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import type { Key } from '../../shared/adapters/dynamodb/table.ts';
import type { RunBody } from '../../shared/domain/run/run.ts';

type RawItem = Readonly<Record<string, AttributeValue>>;

export type Raw = {
  /** One item as it is stored. */
  item(key: Key): Promise<RawItem | undefined>;
  /** The sort keys of a partition. */
  sortKeys(pk: string): Promise<string[]>;
  close(): void;
};

export function rawTable(endpoint: string, table: string): Raw {
  const client = new Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    async item({ pk, sk }) {
      const Key = { pk: { S: pk }, sk: { S: sk } };
      return (await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item;
    },
    async sortKeys(pk) {
      const answer = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk } },
        }),
      );
      return (answer.Items ?? []).map(({ sk }) => sk?.S ?? '');
    },
    close: () => client.destroy(),
  };
}

/** Names and values in UTF-8; numbers two digits a byte and one; three bytes a map or list and one an entry. */
export function itemBytes(item: RawItem): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.length;
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1;
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  if (value.L !== undefined) return 3 + value.L.reduce((sum, entry) => sum + 1 + valueBytes(entry), 0);
  return 1;
}

/** Loses the reply of this client's next call after it took effect, so that the SDK repeats the request. */
export function loseNextReply(client: DocumentClient): void {
  const { middlewareStack } = client as unknown as DynamoDBClient;
  let isLost = false;
  middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (isLost) return answer;
      isLost = true;
      throw Object.assign(new Error('the reply was lost'), { name: 'TimeoutError' });
    },
    { step: 'deserialize', name: 'lose-reply', override: true },
  );
}

export const aBody = (over: Partial<RunBody> = {}): RunBody => ({
  parameters: {},
  jobVariables: {},
  context: {},
  labels: {},
  ...over,
});
