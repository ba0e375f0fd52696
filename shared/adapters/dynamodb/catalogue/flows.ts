// The store of flows. A flow's id is derived from its name, so a name is looked up by its id.
import type { Flow } from '../../../domain/catalogue.ts';
import { flowIdOf } from '../../../domain/identity.ts';
import type { Flows } from '../../../ports/catalogue.ts';
import { catalogueKey, cataloguePartitions } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createFlows(options: CatalogueOptions): Flows {
  const keyOf = (id: string) => catalogueKey('flow', id);
  const items = createCollection<Flow>(options, (flow) => keyOf(flow.id));

  return {
    create: items.create,
    read: (id) => items.readKey(keyOf(id)),
    readByName: (name) => items.readKey(keyOf(flowIdOf(options.sha256, name))),
    list: () => items.listPartition(cataloguePartitions.flow),
    put: items.put,
    remove: (id) => items.removeKey(keyOf(id)),
  };
}
