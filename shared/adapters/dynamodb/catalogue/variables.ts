// The store of variables, by name.
import type { Variable } from '../../../domain/catalogue.ts';
import type { Variables } from '../../../ports/catalogue.ts';
import { catalogueKey, cataloguePartitions } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createVariables(options: CatalogueOptions): Variables {
  // Prefect takes an empty name, DynamoDB no empty key; no name has a space.
  const keyOf = (name: string) => catalogueKey('variable', name === '' ? ' ' : name);
  const items = createCollection<Variable>(options, (variable) => keyOf(variable.name));

  return {
    create: items.create,
    readByName: (name) => items.readKey(keyOf(name)),
    list: () => items.listPartition(cataloguePartitions.variable),
    put: items.put,
    remove: (name) => items.removeKey(keyOf(name)),
  };
}
