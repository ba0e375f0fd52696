// The store of work queues, by id. All queues of all pools are few, so a pool's queues are picked from one list.
import type { WorkQueue } from '../../../domain/catalogue.ts';
import type { WorkQueues } from '../../../ports/catalogue.ts';
import { catalogueKey, cataloguePartitions } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createWorkQueues(options: CatalogueOptions): WorkQueues {
  const keyOf = (id: string) => catalogueKey('workQueue', id);
  const items = createCollection<WorkQueue>(options, (queue) => keyOf(queue.id));

  return {
    create: items.create,
    read: (id) => items.readKey(keyOf(id)),
    async list(workPoolName) {
      const queues = await items.listPartition(cataloguePartitions.workQueue);
      return workPoolName === undefined ? queues : queues.filter((queue) => queue.workPoolName === workPoolName);
    },
    change: items.change,
    remove: (id) => items.removeKey(keyOf(id)),
  };
}
