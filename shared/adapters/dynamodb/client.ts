// The DynamoDB client of every store: one a process, with bounded time-outs so that the caller's own deadline holds.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { callSettings, leanClient } from '../sdk.ts';

export type DocumentClient = DynamoDBDocumentClient;

/** Endpoint and region come from the SDK's own environment variables. */
export function createDocumentClient(): DocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: 4,
    ...callSettings({ answerMs: 3_000, connectionMs: 1_000, sockets: 256 }),
  });
  leanClient(client);
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  // Its own does nothing, and would leave every connection open.
  documents.destroy = () => client.destroy();
  return documents;
}
