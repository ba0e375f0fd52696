// The store of open WebSocket connections: one item each, in the partition of its kind.
// Rule: the platform says when a connection is gone; an item that it never told us about expires by itself.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Connection, ConnectionRef, Connections, Subscriber } from '../../ports/connections.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { connectionKey, connectionsPartition } from './table.ts';
import { get, getMany, put, queryAll, remove } from './writes.ts';

export type ConnectionsOptions = {
  readonly client: DocumentClient;
  /** The control table. */
  readonly table: string;
  readonly now: () => number;
};

/** Frames of `/events/in` may wait in their queue for 14 days, and must still be known as authorised then. */
const keptForFramesMs = 15 * 86_400_000;

type Kept = Omit<Connection, 'isAuthorized' | 'subscription'>;

export function createConnections({ client, table, now }: ConnectionsOptions): Connections {
  /** Sets one attribute of an item that must be there; false: it is not. */
  const set = async (ref: ConnectionRef, attribute: string, value: unknown) => {
    const command = new UpdateCommand({
      TableName: table,
      Key: connectionKey(ref),
      UpdateExpression: 'SET #attribute = :value',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': value },
    });
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  };

  return {
    async open({ isAuthorized, subscription, ...kept }) {
      const longest = kept.kind === 'events-in' ? kept.connectedAt + keptForFramesMs : 0;
      const top = {
        authorized: isAuthorized,
        expires_at: Math.ceil(Math.max(kept.expiresAt, longest) / 1000),
        ...(subscription === undefined ? {} : { subscription: JSON.stringify(subscription) }),
      };
      await put(client, { TableName: table, Item: toItem(connectionKey(kept), kept, top) });
    },

    async read(ref) {
      const item = await get(client, table, connectionKey(ref));
      return item === undefined ? undefined : openConnection(item, now());
    },

    authorize: (ref) => set(ref, 'authorized', true),

    subscribe: (ref, subscription) => set(ref, 'subscription', JSON.stringify(subscription)),

    async subscribers(kind) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': connectionsPartition(kind) },
      });
      return items.flatMap((item) => asSubscriber(openConnection(item, now())));
    },

    async authorizedAmong(ids) {
      const items = await getMany(
        client,
        table,
        [...new Set(ids)].map((id) => connectionKey({ kind: 'events-in', id })),
      );
      return new Set(items.filter((item) => item['authorized'] === true).map((item) => String(item['sk'])));
    },

    async remove(ref) {
      await remove(client, { TableName: table, Key: connectionKey(ref) });
    },
  };
}

function openConnection(item: Item, now: number): Connection | undefined {
  const kept = fromItem<Kept>(item);
  if (kept.expiresAt <= now) return undefined;
  const { subscription } = item;
  return {
    ...kept,
    isAuthorized: item['authorized'] === true,
    ...(typeof subscription === 'string' ? { subscription: JSON.parse(subscription) } : {}),
  };
}

function asSubscriber(connection: Connection | undefined): Subscriber[] {
  if (connection?.subscription === undefined) return [];
  return [{ ...connection, subscription: connection.subscription }];
}
