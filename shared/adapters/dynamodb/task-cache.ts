// The store of cached task results: one item for each completed state with a cache key, the newest found first.
// Rule: an entry only names a state; when its task run is gone, the entry counts for nothing.

import { derivedId } from '../../domain/identity.ts';
import { readTime } from '../../domain/task-run/event-fields.ts';
import { textDetail } from '../../domain/task-run/task-run.ts';
import type { TaskCache } from '../../ports/task-runs.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { taskCacheKey, taskCachePartition, taskStateKey } from './table.ts';
import type { Sha256 } from './task-run-items.ts';
import { taskStateFromItem } from './task-run-items.ts';
import { get, pages, put } from './writes.ts';

export type TaskCacheOptions = { readonly client: DocumentClient; readonly table: string; readonly sha256: Sha256 };

type Entry = {
  readonly cacheKey: string;
  readonly taskRunId: string;
  readonly stateId: string;
  readonly timestamp: number;
  /** Epoch milliseconds. */
  readonly expiration?: number;
};

/** Entries of one key that are looked through before the answer is "none". */
const mostEntries = 200;

export function createTaskCache({ client, table, sha256 }: TaskCacheOptions): TaskCache {
  const hashOf = (cacheKey: string) => derivedId(sha256, 'task-cache', [cacheKey]);

  return {
    async find(cacheKey, now) {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': taskCachePartition(hashOf(cacheKey)) },
        ScanIndexForward: false,
        Limit: 10,
      };
      let seen = 0;
      for await (const page of pages(client, query)) {
        for (const entry of page.map((item) => fromItem<Entry>(item))) {
          if (entry.expiration !== undefined && entry.expiration <= now) continue;
          const { stateId: id, timestamp } = entry;
          const item = await get(client, table, taskStateKey(entry.taskRunId, { id, timestamp }));
          if (item !== undefined) return taskStateFromItem(item).state;
        }
        seen += page.length;
        if (seen >= mostEntries) return undefined;
      }
      return undefined;
    },

    async put({ cacheKey, taskRunId, state }) {
      const until = textDetail(state, 'cache_expiration');
      const expiration = until === undefined ? undefined : readTime(until);
      const { id: stateId, timestamp } = state;
      const entry: Entry = {
        cacheKey,
        taskRunId,
        stateId,
        timestamp,
        ...(expiration === undefined ? {} : { expiration }),
      };
      const expires = expiration === undefined ? {} : { expires_at: Math.ceil(expiration / 1000) };
      await put(client, {
        TableName: table,
        Item: toItem(taskCacheKey(hashOf(cacheKey), timestamp, stateId), entry, expires),
      });
    },
  };
}
