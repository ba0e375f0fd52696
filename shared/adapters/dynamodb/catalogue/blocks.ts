// Block documents as job templates and notifications read them: with secrets, and with the documents they refer to.
import { blockTypeIdOf } from '../../../domain/block/block.ts';
import { fullBlock } from '../../../domain/block/references.ts';
import type { BlockDocuments } from '../../../ports/blocks.ts';
import type { Blocks } from '../../../ports/catalogue.ts';
import type { CatalogueOptions } from './collection.ts';

export function createBlocks({ sha256 }: CatalogueOptions, documents: BlockDocuments): Blocks {
  const readDataById: Blocks['readDataById'] = async (id) => {
    const opened = await documents.openAll([id]);
    const root = opened.get(id);
    return root === undefined ? undefined : fullBlock(root, opened).data;
  };

  return {
    readDataById,
    async readData(typeSlug, name) {
      const document = await documents.readByName(blockTypeIdOf(sha256, typeSlug), name);
      return document === undefined ? undefined : readDataById(document.id);
    },
  };
}
