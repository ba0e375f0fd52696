// Counter rows, moved with the stream shard's checkpoint in one transaction: a batch that comes twice counts once.

import { type StateType, stateTypes } from '../../domain/run/state.ts';
import type { CounterKey, CounterMove, CounterRow, Counters } from '../../ports/publishing.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import { checkpointKey, counterKey, countersPartition, format, type Key } from './table.ts';
import { get, queryAll, transact } from './writes.ts';

/** A transaction takes 100 items; one is the checkpoint. */
const rowsPerTransaction = 99;

const keyParts = ({ flowId, deploymentId, workPoolName, workQueueId }: CounterKey): string[] => [
  flowId,
  deploymentId ?? '-',
  workPoolName ?? '-',
  workQueueId ?? '-',
];

function readKey(sk: string): CounterKey {
  const [flowId = '', deploymentId = '-', workPoolName = '-', workQueueId = '-'] = sk.split('#');
  return {
    flowId,
    ...(deploymentId === '-' ? {} : { deploymentId }),
    ...(workPoolName === '-' ? {} : { workPoolName }),
    ...(workQueueId === '-' ? {} : { workQueueId }),
  };
}

function sumByRow(moves: readonly CounterMove[]): { key: Key; by: Map<StateType, number> }[] {
  const rows = new Map<string, { key: Key; by: Map<StateType, number> }>();
  for (const { key, type, by } of moves) {
    const itemKey = counterKey(keyParts(key));
    const row = rows.get(itemKey.sk) ?? { key: itemKey, by: new Map() };
    row.by.set(type, (row.by.get(type) ?? 0) + by);
    rows.set(itemKey.sk, row);
  }
  return [...rows.values()].filter(({ by }) => [...by.values()].some((sum) => sum !== 0));
}

function rowUpdate(table: string, { key, by }: { key: Key; by: ReadonlyMap<StateType, number> }) {
  const sums = [...by.entries()].filter(([, sum]) => sum !== 0);
  return {
    Update: {
      TableName: table,
      Key: key,
      UpdateExpression: `SET #format = :format ADD ${sums.map((_, at) => `#t${at} :by${at}`).join(', ')}`,
      ExpressionAttributeNames: {
        '#format': 'format',
        ...Object.fromEntries(sums.map(([type], at) => [`#t${at}`, type])),
      },
      ExpressionAttributeValues: {
        ':format': format,
        ...Object.fromEntries(sums.map(([, sum], at) => [`:by${at}`, sum])),
      },
    },
  };
}

/** Sequence numbers are decimal text of varying length. */
export function isAfter(one: string, other: string | undefined): boolean {
  return other === undefined || BigInt(one) > BigInt(other);
}

export function createCounters({ client, table }: { client: DocumentClient; table: string }): Counters {
  return {
    async checkpoint(shard) {
      const item = await get(client, table, checkpointKey(shard));
      return item === undefined ? undefined : String(item['sequence']);
    },

    async apply(shard, { before, last }, moves) {
      const rows = sumByRow(moves);
      if (rows.length > rowsPerTransaction)
        throw new Error(`a batch may move ${rowsPerTransaction} counter rows, got ${rows.length}`);
      const checkpoint = {
        Put: {
          TableName: table,
          Item: { ...checkpointKey(shard), format, sequence: last } as Item,
          ...(before === undefined
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : {
                ConditionExpression: '#sequence = :before',
                ExpressionAttributeNames: { '#sequence': 'sequence' },
                ExpressionAttributeValues: { ':before': before },
              }),
        },
      };
      return transact(client, [checkpoint, ...rows.map((row) => rowUpdate(table, row))]);
    },

    async read(): Promise<readonly CounterRow[]> {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': countersPartition },
      });
      return items.map((item) => ({
        key: readKey(String(item['sk'])),
        counts: Object.fromEntries(
          stateTypes.flatMap((type) => (typeof item[type] === 'number' ? [[type, item[type]]] : [])),
        ),
      }));
    },
  };
}
