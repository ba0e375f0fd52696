// Signs of life of runs, one small item a run beside its head: the clock finds those that stay away through index `due`.
import { patienceMs, type Signs, signsAfter } from '../../domain/run/liveness.ts';
import type { Heartbeats } from '../../ports/heartbeats.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { dueKey, heartbeatKey, shardOf } from './table.ts';
import { get, put, remove } from './writes.ts';

const maximumRaces = 4;

export function createHeartbeats({ client, table }: { client: DocumentClient; table: string }): Heartbeats {
  const read = async (runId: string): Promise<Signs | undefined> => {
    const item = await get(client, table, heartbeatKey(runId));
    return item === undefined ? undefined : fromItem<Signs>(item);
  };

  const write = (runId: string, before: Signs | undefined, after: Signs) =>
    put(client, {
      TableName: table,
      Item: toItem(heartbeatKey(runId), after, { last_at: after.lastAt, ...dueAttributes(runId, after) }),
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'last_at = :before', ExpressionAttributeValues: { ':before': before.lastAt } }),
    });

  return {
    read,

    async note(runId, occurredAt) {
      for (let race = 0; race < maximumRaces; race += 1) {
        const before = await read(runId);
        const after = signsAfter(before, occurredAt);
        if (after === undefined || (await write(runId, before, after)) === 'written') return;
      }
      // Whoever was faster noted a sign of the same engine: that is as good.
    },

    async forget(runId, { lastAt }) {
      await remove(client, {
        TableName: table,
        Key: heartbeatKey(runId),
        ConditionExpression: 'last_at = :seen',
        ExpressionAttributeValues: { ':seen': lastAt },
      });
    },
  };
}

function dueAttributes(runId: string, signs: Signs): Item {
  return { due_key: dueKey('heartbeat', shardOf(runId)), due_at: Math.ceil(signs.lastAt + patienceMs(signs)) };
}
