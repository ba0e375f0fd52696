// The store of block schemas. They never change: a changed schema has another checksum, which makes it another one.
import type { BlockSchema } from '../../../domain/block/block.ts';
import type { BlockSchemas } from '../../../ports/blocks.ts';
import { fromItem } from '../items.ts';
import { blockKey, blockPartitions } from '../table.ts';
import { getMany } from '../writes.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createBlockSchemas(options: CatalogueOptions): BlockSchemas {
  const keyOf = (id: string) => blockKey('schema', id);
  const items = createCollection<BlockSchema>(options, (schema) => keyOf(schema.id));

  return {
    create: items.create,
    read: (id) => items.readKey(keyOf(id)),
    async readMany(ids) {
      const keys = [...new Set(ids)].map(keyOf);
      const found = await getMany(options.client, options.table, keys);
      return found.map((item) => fromItem<BlockSchema>(item));
    },
    list: () => items.listPartition(blockPartitions.schema),
    remove: (id) => items.removeKey(keyOf(id)),
  };
}
