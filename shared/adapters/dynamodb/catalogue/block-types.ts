// The store of block types. An id is derived from the slug, so a slug is looked up by its id.
import { type BlockType, blockTypeIdOf } from '../../../domain/block/block.ts';
import type { BlockTypes } from '../../../ports/blocks.ts';
import { blockKey, blockPartitions } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createBlockTypes(options: CatalogueOptions): BlockTypes {
  const keyOf = (id: string) => blockKey('type', id);
  const items = createCollection<BlockType>(options, (type) => keyOf(type.id));

  return {
    create: items.create,
    read: (id) => items.readKey(keyOf(id)),
    readBySlug: (slug) => items.readKey(keyOf(blockTypeIdOf(options.sha256, slug))),
    list: () => items.listPartition(blockPartitions.type),
    put: items.put,
    remove: (id) => items.removeKey(keyOf(id)),
  };
}
