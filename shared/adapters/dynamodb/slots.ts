// The store of slots: taking is one transaction under the versions that were read, releasing deletes holders.
import { freshWaits, type Holder, type HolderRef, leaseHolders } from '../../domain/limit/limit.ts';
import type { Limits } from '../../ports/limits.ts';
import type { DocumentClient } from './client.ts';
import { expiryAttributes, gateFromItems, leaseFromItem, waitsFromItem, waitsItem } from './slot-items.ts';
import { slotWrites } from './slot-writes.ts';
import { awaitedKey, format, gatePartition, leaseKey, slotHolderKey, waitsKey } from './table.ts';
import { get, put, queryAll, remove, transact, update } from './writes.ts';

type Slots = Pick<
  Limits,
  | 'gates'
  | 'take'
  | 'release'
  | 'freeExpired'
  | 'shrink'
  | 'readWaits'
  | 'noteWaits'
  | 'noteAwaited'
  | 'isAwaited'
  | 'readLease'
  | 'renew'
  | 'pin'
  | 'removeLease'
>;

export function createSlots({ client, table }: { client: DocumentClient; table: string }): Slots {
  const holderOf = ({ gateId, key }: HolderRef) => ({ TableName: table, Key: slotHolderKey(gateId, key) });
  const extended = (until: number) => {
    const { expires_at: sweptAt } = expiryAttributes(until);
    return {
      // `until` is a reserved word to DynamoDB.
      UpdateExpression: 'SET #until = :until, expires_at = :swept',
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: { ':until': until, ':swept': sweptAt },
    };
  };

  /** False: it is gone. One without an end stays without. */
  const renewHolder = async (ref: HolderRef, until: number): Promise<boolean> => {
    const ConditionExpression = 'attribute_exists(#until)';
    const write = await update(client, { ...holderOf(ref), ...extended(until), ConditionExpression });
    if (write === 'written') return true;
    return (await get(client, table, slotHolderKey(ref.gateId, ref.key))) !== undefined;
  };

  return {
    async gates(ids) {
      return Promise.all(
        ids.map(async (id) => {
          const items = await queryAll(client, {
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': gatePartition(id) },
          });
          return gateFromItems(id, items);
        }),
      );
    },

    async take(takings, lease) {
      const move = { take: takings, give: [], ...(lease === undefined ? {} : { lease }) };
      const writes = slotWrites(table, move);
      return writes.length === 0 ? 'written' : transact(client, writes);
    },

    async release(holders) {
      await Promise.all(holders.map((ref) => remove(client, holderOf(ref))));
    },

    async freeExpired(expired) {
      await Promise.all(
        expired.map(({ gateId, key, holder }) =>
          remove(client, {
            ...holderOf({ gateId, key }),
            ConditionExpression: '#until = :seen',
            ExpressionAttributeNames: { '#until': 'until' },
            ExpressionAttributeValues: { ':seen': holder.until },
          }),
        ),
      );
    },

    shrink(ref, holder: Holder, slots) {
      const asRead = {
        ConditionExpression: 'slots = :seen',
        ExpressionAttributeValues: { ':seen': holder.slots, ':slots': slots },
      };
      // A transaction of one: its token makes a repeat after a lost reply harmless, a plain update would free twice.
      return transact(client, [{ Update: { ...holderOf(ref), UpdateExpression: 'SET slots = :slots', ...asRead } }]);
    },

    async noteWaits(gateId, waits) {
      await put(client, { TableName: table, Item: waitsItem(gateId, waits) });
    },

    async readWaits(gateId) {
      const item = await get(client, table, waitsKey(gateId));
      return item === undefined ? freshWaits : waitsFromItem(item);
    },

    async noteAwaited(gateId, until) {
      await put(client, { TableName: table, Item: { ...awaitedKey(gateId), format, ...expiryAttributes(until) } });
    },

    async isAwaited(gateId, now) {
      const item = await get(client, table, awaitedKey(gateId));
      return item !== undefined && Number(item['until']) > now;
    },

    async readLease(id) {
      const item = await get(client, table, leaseKey(id));
      return item === undefined ? undefined : leaseFromItem(item);
    },

    async renew(lease, until) {
      const kept = await Promise.all(leaseHolders(lease).map((ref) => renewHolder(ref, until)));
      if (kept.includes(false)) return false;
      if (lease.until === undefined) return true;
      const ConditionExpression = 'attribute_exists(pk)';
      const item = { TableName: table, Key: leaseKey(lease.id) };
      return (await update(client, { ...item, ...extended(until), ConditionExpression })) === 'written';
    },

    async pin(lease) {
      const unending = {
        UpdateExpression: 'REMOVE #until, expires_at',
        ExpressionAttributeNames: { '#until': 'until' },
        ConditionExpression: 'attribute_exists(pk)',
      };
      const items = [leaseKey(lease.id), ...leaseHolders(lease).map(({ gateId, key }) => slotHolderKey(gateId, key))];
      const writes = await Promise.all(items.map((Key) => update(client, { TableName: table, Key, ...unending })));
      return !writes.includes('lost');
    },

    async removeLease(id) {
      await remove(client, { TableName: table, Key: leaseKey(id) });
    },
  };
}
