// Lanes: one item per pool, queue and deployment that has (or lately had) waiting runs, so that the pump
// finds its work with one query a pool and never with a scan.

import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Lanes } from '../../ports/runs.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import { dueKey, format, laneFromItemKey, laneItemKey, lanesOfPool, laneText, shardOf } from './table.ts';
import { put, queryAll, remove } from './writes.ts';

export function createLanes({ client, table }: { client: DocumentClient; table: string }): Lanes {
  return {
    async touch(lane, dueAt) {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: laneItemKey(lane),
          UpdateExpression: 'SET #format = :format, due_key = :key, due_at = :at REMOVE empty_since ADD version :one',
          ExpressionAttributeNames: { '#format': 'format' },
          ExpressionAttributeValues: {
            ':format': format,
            ':key': dueKey('lane', shardOf(laneText(lane))),
            ':at': dueAt,
            ':one': 1,
          },
        }),
      );
    },

    async ofPool(workPoolName) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': lanesOfPool(workPoolName) },
      });
      return items.map((item) => {
        const emptySince = item['empty_since'];
        return {
          lane: laneFromItemKey({ pk: String(item['pk']), sk: String(item['sk']) }),
          version: Number(item['version']),
          dueAt: Number(item['due_at']),
          ...(typeof emptySince === 'number' ? { emptySince } : {}),
        };
      });
    },

    markEmpty({ lane, version, dueAt }, at) {
      const item: Item = {
        ...laneItemKey(lane),
        format,
        version: version + 1,
        empty_since: at,
        due_key: dueKey('lane', shardOf(laneText(lane))),
        due_at: dueAt,
      };
      return put(client, {
        TableName: table,
        Item: item,
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': version },
      });
    },

    remove({ lane, version }) {
      return remove(client, {
        TableName: table,
        Key: laneItemKey(lane),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': version },
      });
    },
  };
}
