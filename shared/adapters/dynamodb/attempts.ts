// Attempts: opening and closing one moves the run's head in the same transaction.

import type { Attempt } from '../../domain/run/attempt.ts';
import type { Runs } from '../../ports/runs.ts';
import { attemptChange, headChange, leavingItems, putAll, type RunStoreOptions } from './head-writes.ts';
import { fromItem } from './items.ts';
import { attemptItem } from './run-items.ts';
import { attemptKey, attemptPrefix } from './table.ts';
import { get, put, queryAll, transact } from './writes.ts';

type Attempts = Pick<Runs, 'openAttempt' | 'closeAttempt' | 'readAttempt' | 'readAttempts' | 'changeAttempt'>;

export function createAttempts({ client, table, newId }: RunStoreOptions): Attempts {
  return {
    async openAttempt(before, after, attempt) {
      await putAll(client, table, leavingItems(before, after));
      return transact(client, [
        { Put: { TableName: table, Item: attemptItem(attempt), ConditionExpression: 'attribute_not_exists(pk)' } },
        { Put: headChange(table, { before, after, writeId: newId() }) },
      ]);
    },

    async closeAttempt(attempt, run) {
      const closing = { Put: attemptChange(table, attempt) };
      if (run === undefined) return transact(client, [closing]);
      await putAll(client, table, leavingItems(run.before, run.after));
      return transact(client, [closing, { Put: headChange(table, { ...run, writeId: newId() }) }]);
    },

    async readAttempt(runId, number) {
      const item = await get(client, table, attemptKey(runId, number));
      return item === undefined ? undefined : fromItem<Attempt>(item);
    },

    async readAttempts(runId) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': attemptKey(runId, 0).pk, ':prefix': attemptPrefix },
      });
      return items.map((item) => fromItem<Attempt>(item));
    },

    changeAttempt(before, after) {
      return put(client, attemptChange(table, { before, after }));
    },
  };
}
