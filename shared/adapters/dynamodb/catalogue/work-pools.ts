// The store of work pools, by name. A pool and its default queue come into being in one transaction.
import type { WorkPool } from '../../../domain/catalogue.ts';
import { AppError } from '../../../domain/errors.ts';
import type { WorkPools } from '../../../ports/catalogue.ts';
import { catalogueKey, cataloguePartitions } from '../table.ts';
import { transact } from '../writes.ts';
import { type CatalogueOptions, catalogueItem, createCollection } from './collection.ts';

export function createWorkPools(options: CatalogueOptions): WorkPools {
  const { client, table } = options;
  const keyOf = (name: string) => catalogueKey('workPool', name);
  const items = createCollection<WorkPool>(options, (pool) => keyOf(pool.name));

  return {
    async create(pool, defaultQueue) {
      const queueKey = catalogueKey('workQueue', defaultQueue.id);
      const write = await transact(client, [
        {
          Put: {
            TableName: table,
            Item: catalogueItem(keyOf(pool.name), pool, { version: pool.version }),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        // Unconditional: a queue without its pool is what a half-done deletion left.
        { Put: { TableName: table, Item: catalogueItem(queueKey, defaultQueue, { version: defaultQueue.version }) } },
      ]);
      if (write === 'written') return { kind: 'created', item: pool };
      const there = await items.readKey(keyOf(pool.name));
      if (there === undefined) {
        throw new AppError('unavailable', `work pool ${pool.name} was changed by somebody else while it was created`);
      }
      return { kind: 'exists', item: there };
    },
    read: (name) => items.readKey(keyOf(name)),
    list: () => items.listPartition(cataloguePartitions.workPool),
    change: items.change,
    remove: (name) => items.removeKey(keyOf(name)),
  };
}
