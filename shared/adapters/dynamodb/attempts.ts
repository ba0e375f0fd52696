// Attempts: opening and closing one moves the run's head in the same transaction.

import type { Runs } from '../../ports/runs.ts';
import {
  attemptChange,
  givenSlots,
  headChange,
  leavingItems,
  putAll,
  type RunStoreOptions,
  slotsOfAttempt,
  trackerWrites,
} from './head-writes.ts';
import type { Item } from './items.ts';
import { attemptFromItem, attemptItem } from './run-items.ts';
import { slotWrites } from './slot-writes.ts';
import { attemptKey, attemptPrefix } from './table.ts';
import { get, put, queryAll, transact, transactTogether } from './writes.ts';

type Attempts = Pick<Runs, 'openAttempt' | 'closeAttempt' | 'readAttempt' | 'readAttempts' | 'changeAttempt'>;

export function createAttempts(options: RunStoreOptions): Attempts {
  const { client, table, newId, now } = options;
  /** Of a former life of its id, whose traces nobody has swept yet. */
  const hasExpired = ({ expires_at: expiresAt }: Item) => typeof expiresAt === 'number' && expiresAt * 1000 <= now();
  return {
    async openAttempt(before, after, { attempt, slots }) {
      await putAll(client, table, leavingItems(before, after));
      return transactTogether(client, [
        {
          Put: {
            TableName: table,
            Item: attemptItem(attempt),
            ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now',
            ExpressionAttributeValues: { ':now': Math.floor(now() / 1000) },
          },
        },
        { Put: headChange(table, { before, after, writeId: newId() }) },
        ...(slots === undefined ? [] : slotWrites(table, slots)),
        ...givenSlots(table, before, after),
        ...(await trackerWrites(options, before, after)),
      ]);
    },

    async closeAttempt(attempt, run) {
      const closing = [{ Put: attemptChange(table, attempt) }, ...slotsOfAttempt(table, attempt.before)];
      if (run === undefined) return transact(client, closing);
      await putAll(client, table, leavingItems(run.before, run.after));
      const head = { Put: headChange(table, { ...run, writeId: newId() }) };
      const tracker = await trackerWrites(options, run.before, run.after);
      return transact(client, [...closing, head, ...givenSlots(table, run.before, run.after), ...tracker]);
    },

    async readAttempt(runId, number) {
      const item = await get(client, table, attemptKey(runId, number));
      return item === undefined || hasExpired(item) ? undefined : attemptFromItem(item);
    },

    async readAttempts(runId) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': attemptKey(runId, 0).pk, ':prefix': attemptPrefix },
      });
      return items.filter((item) => !hasExpired(item)).map(attemptFromItem);
    },

    changeAttempt(before, after) {
      return put(client, attemptChange(table, { before, after }));
    },
  };
}
