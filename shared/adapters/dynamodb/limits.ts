// The store of limits: an item a name, so that names are unique and a list comes in their order; a second item leads
// from the id to the name. Slots are the business of `slots.ts`.

import { AppError } from '../../domain/errors.ts';
import type { Limit } from '../../domain/limit/limit.ts';
import { isPlain } from '../../domain/limit/limit.ts';
import type { Limits } from '../../ports/limits.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import type { TransactItems } from './slot-writes.ts';
import { createSlots } from './slots.ts';
import { awaitedKey, gateKey, limitIdKey, limitKey, limitsPartition, waitsKey } from './table.ts';
import { get, getMany, put, queryAll, remove, transact } from './writes.ts';

type Pointer = { readonly name: string };

export function createLimits(options: { client: DocumentClient; table: string }): Limits {
  const { client, table } = options;
  const slots = createSlots(options);

  const limitItem = (limit: Limit) => toItem(limitKey(limit.name), limit, { version: limit.version });
  const pointer = ({ id, name }: Limit) => ({
    Put: { TableName: table, Item: toItem(limitIdKey(id), { name } satisfies Pointer) },
  });
  const asRead = ({ version }: Limit) => ({
    ConditionExpression: 'version = :before',
    ExpressionAttributeValues: { ':before': version },
  });
  const fresh = (limit: Limit) => ({
    Put: { TableName: table, Item: limitItem(limit), ConditionExpression: 'attribute_not_exists(pk)' },
  });

  const readByName = async (name: string): Promise<Limit | undefined> => {
    const item = await get(client, table, limitKey(name));
    return item === undefined ? undefined : fromItem<Limit>(item);
  };

  const read = async (id: string): Promise<Limit | undefined> => {
    const item = await get(client, table, limitIdKey(id));
    if (item === undefined) return undefined;
    const limit = await readByName(fromItem<Pointer>(item).name);
    return limit?.id === id ? limit : undefined;
  };

  /** What nobody can give back any more; holders of leases and runs go as they always go. */
  const sweepGate = async (gateId: string): Promise<void> => {
    const [gate] = await slots.gates([gateId]);
    const plain = (gate?.holders ?? []).filter(isPlain).map(({ key }) => ({ gateId, key }));
    await slots.release(plain);
    await Promise.all(
      [gateKey(gateId), waitsKey(gateId), awaitedKey(gateId)].map((Key) => remove(client, { TableName: table, Key })),
    );
  };

  return {
    ...slots,
    read,
    readByName,

    async create(limit) {
      if ((await transact(client, [fresh(limit), pointer(limit)])) === 'written') return 'created';
      if ((await readByName(limit.name)) !== undefined) return 'exists';
      throw new AppError('unavailable', `limit ${limit.name} was changed by somebody else while it was created`);
    },

    async readNamed(names) {
      const items = await getMany(client, table, [...new Set(names)].map(limitKey));
      return items.map((item) => fromItem<Limit>(item)).sort(byName);
    },

    async list() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': limitsPartition },
      });
      return items.map((item) => fromItem<Limit>(item));
    },

    async change(before, after) {
      const next = { ...after, version: before.version + 1 };
      if (next.name === before.name) return put(client, { TableName: table, Item: limitItem(next), ...asRead(before) });
      const old = { Delete: { TableName: table, Key: limitKey(before.name), ...asRead(before) } };
      const writes: TransactItems = [fresh(next), old, pointer(next)];
      if ((await transact(client, writes)) === 'written') return 'written';
      return (await readByName(next.name)) === undefined ? 'lost' : 'exists';
    },

    async remove(limit) {
      const write = await transact(client, [
        { Delete: { TableName: table, Key: limitKey(limit.name), ...asRead(limit) } },
        { Delete: { TableName: table, Key: limitIdKey(limit.id) } },
      ]);
      if (write === 'written') await sweepGate(limit.id);
      return write;
    },
  };
}

function byName(one: Limit, other: Limit): number {
  return one.name < other.name ? -1 : 1;
}
