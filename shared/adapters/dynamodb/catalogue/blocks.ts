// Block documents as job templates read them. The id of a document is derived from its type and name.
import { derivedId } from '../../../domain/identity.ts';
import type { Json } from '../../../domain/json.ts';
import type { Blocks } from '../../../ports/catalogue.ts';
import { catalogueKey } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

type BlockDocument = { readonly id: string; readonly data: Json };

export function createBlocks(options: CatalogueOptions): Blocks {
  const items = createCollection<BlockDocument>(options, (document) => catalogueKey('blockDocument', document.id));

  return {
    async readData(typeSlug, name) {
      const id = derivedId(options.sha256, 'block-document', [typeSlug, name]);
      const document = await items.readKey(catalogueKey('blockDocument', id));
      return document?.data;
    },
  };
}
