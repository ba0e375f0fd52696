// What triggers remember, moved by one transaction a step: the window, the composites around it, the events it has
// seen and the firings that come of it are written together or not at all.
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { stateIdOf } from '../../domain/automation/event-trigger.ts';
import type { KnownBucket, TriggerMove, TriggerStates } from '../../ports/automations.ts';
import type { AutomationStoreOptions } from './automations.ts';
import type { Item } from './items.ts';
import {
  compositeKey,
  firingKey,
  format,
  metricMinuteOf,
  metricSlotKey,
  metricSlotsPartition,
  seenEventKey,
  triggerStateKey,
} from './table.ts';
import {
  bucketItem,
  compositeFromItem,
  compositeItem,
  expiry,
  firingItem,
  keptSeconds,
  metricItem,
  seenSeconds,
  stateFromItem,
  unchanged,
} from './trigger-items.ts';
import { get, getMany, put, queryAll, transact } from './writes.ts';

type Writes = NonNullable<TransactWriteCommandInput['TransactItems']>;

export function createTriggerStates(options: AutomationStoreOptions & { readonly newId: () => string }): TriggerStates {
  const { client, table, sha256, now, newId } = options;

  const bucketWrites = ({ bucket }: TriggerMove): Writes => {
    if (bucket === undefined) return [];
    const { before, after, dueAt, forgottenAt } = bucket;
    const condition = unchanged(before.version);
    const key = triggerStateKey(stateIdOf(sha256, before));
    const isEmpty = after.bucket === undefined && after.early.length === 0;
    // An empty state that was never there needs no item, but nobody may have made one meanwhile.
    if (isEmpty && before.version === 0) return [{ ConditionCheck: { TableName: table, Key: key, ...condition } }];
    if (isEmpty) return [{ Delete: { TableName: table, Key: key, ...condition } }];
    const next: KnownBucket = { ...before, version: before.version + 1, state: after };
    return [{ Put: { TableName: table, Item: bucketItem(options, next, { dueAt, forgottenAt }), ...condition } }];
  };

  const metricWrites = ({ metric }: TriggerMove): Writes => {
    if (metric === undefined) return [];
    const { before, after } = metric;
    const condition = unchanged(before.version);
    if (after === undefined)
      return [{ Delete: { TableName: table, Key: triggerStateKey(before.triggerId), ...condition } }];
    return [
      {
        Put: {
          TableName: table,
          Item: metricItem({ ...before, version: before.version + 1, state: after }),
          ...condition,
        },
      },
    ];
  };

  const compositeWrites = ({ composites }: TriggerMove): Writes =>
    composites.map(({ before, after }) => ({
      Put: { TableName: table, Item: compositeItem(before, after, now()), ...unchanged(before.version) },
    }));

  const seenWrites = ({ seen }: TriggerMove): Writes =>
    (seen?.eventIds ?? []).map((id) => ({
      Put: {
        TableName: table,
        Item: { ...seenEventKey(seen?.triggerId ?? '', id), format, ...expiry(now(), seenSeconds) },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }));

  const sampleWrites = ({ sample }: TriggerMove): Writes => {
    if (sample === undefined) return [];
    const values: Item = {
      ':one': 1,
      ':value': sample.value,
      ':format': format,
      ...expiryValue(expiry(now(), keptSeconds * 5)),
    };
    return [
      {
        Update: {
          TableName: table,
          Key: metricSlotKey(sample.triggerId, sample.minute),
          UpdateExpression: 'SET #format = :format, expires_at = :expiry ADD #count :one, #sum :value',
          ExpressionAttributeNames: { '#format': 'format', '#count': 'count', '#sum': 'sum' },
          ExpressionAttributeValues: values,
        },
      },
    ];
  };

  return {
    async readBucket({ automationId, triggerId, key }) {
      const item = await get(client, table, triggerStateKey(stateIdOf(sha256, { triggerId, key })));
      const known = item === undefined ? undefined : stateFromItem(item);
      if (known !== undefined && 'bucket' in known) return known.bucket;
      return { version: 0, automationId, triggerId, key, state: { early: [] } };
    },

    async readDue(stateId) {
      const item = await get(client, table, triggerStateKey(stateId));
      return item === undefined ? undefined : stateFromItem(item);
    },

    async readComposites(triggerIds) {
      const items = await getMany(client, table, triggerIds.map(compositeKey));
      const byKey = new Map(items.map((item) => [String(item['pk']), item]));
      return triggerIds.map((id) => compositeFromItem(id, byKey.get(compositeKey(id).pk)));
    },

    async readSlots(triggerId, fromMinute) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk >= :from',
        ExpressionAttributeValues: {
          ':pk': metricSlotsPartition(triggerId),
          ':from': metricSlotKey(triggerId, fromMinute).sk,
        },
      });
      return items.map((item) => ({
        minute: metricMinuteOf(String(item['sk'])),
        count: Number(item['count']),
        sum: Number(item['sum']),
      }));
    },

    async unseen(triggerId, eventIds) {
      const items = await getMany(
        client,
        table,
        eventIds.map((id) => seenEventKey(triggerId, id)),
      );
      const seen = new Set(items.map((item) => String(item['pk'])));
      return eventIds.filter((id) => !seen.has(seenEventKey(triggerId, id).pk));
    },

    commit(move) {
      const firings: Writes = move.firings.map((firing) => ({
        Put: {
          TableName: table,
          Item: firingItem(firing, { dueAt: move.firingsDueAt, now: now() }),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      }));
      const writes = [bucketWrites, metricWrites, compositeWrites, seenWrites, sampleWrites].flatMap((make) =>
        make(move),
      );
      return transact(client, [...writes, ...firings]);
    },

    fire(firing, dueAt) {
      const writeId = newId();
      return put(client, {
        TableName: table,
        Item: { ...firingItem(firing, { dueAt, now: now() }), write_id: writeId, ...firingKey(firing.firing.id) },
        ConditionExpression: 'attribute_not_exists(pk) OR write_id = :mine',
        ExpressionAttributeValues: { ':mine': writeId },
      });
    },
  };
}

function expiryValue(item: Item): Item {
  return { ':expiry': item['expires_at'] };
}
