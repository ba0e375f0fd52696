// The store of variables, by name.
import type { Variable } from '../../../domain/catalogue.ts';
import type { Variables } from '../../../ports/catalogue.ts';
import { catalogueKey, cataloguePartitions } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createVariables(options: CatalogueOptions): Variables {
  const keyOf = (name: string) => catalogueKey('variable', name);
  const items = createCollection<Variable>(options, (variable) => keyOf(variable.name));

  return {
    create: items.create,
    readByName: (name) => items.readKey(keyOf(name)),
    list: () => items.listPartition(cataloguePartitions.variable),
    put: items.put,
    remove: (name) => items.removeKey(keyOf(name)),
  };
}
