// The store of workers: each heartbeat replaces the worker's item, the newest heartbeat wins.
import type { Worker } from '../../../domain/catalogue.ts';
import type { Workers } from '../../../ports/catalogue.ts';
import { workerKey, workersPartition } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createWorkers(options: CatalogueOptions): Workers {
  const items = createCollection<Worker>(options, (worker) => workerKey(worker.workPoolName, worker.name));

  return {
    async heartbeat(worker) {
      const known = await items.readKey(workerKey(worker.workPoolName, worker.name));
      if (known === undefined) return items.put(worker);
      const lastHeartbeat = Math.max(known.lastHeartbeat, worker.lastHeartbeat);
      return items.put({ ...worker, id: known.id, created: known.created, lastHeartbeat });
    },
    list: (workPoolName) => items.listPartition(workersPartition(workPoolName)),
    remove: (workPoolName, name) => items.removeKey(workerKey(workPoolName, name)),
  };
}
