// Deletes types, schemas and documents of blocks with what hangs on them: documents first, the named thing last, so
// that a deletion that was cut off can be asked for again. A default that pointed there is cleared.
import type { BlockDocument, BlockSchema, BlockType } from '../domain/block/block.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import { clearResultStorage, readResultStorage } from './result-storage.ts';

export type DeleteBlocksDeps = {
  readonly catalogue: Pick<Catalogue, 'blockTypes' | 'blockSchemas' | 'blockDocuments' | 'settings'>;
};

export async function deleteBlockType(deps: DeleteBlocksDeps, type: BlockType): Promise<boolean> {
  const { catalogue } = deps;
  const [documents, schemas] = await Promise.all([catalogue.blockDocuments.list(), catalogue.blockSchemas.list()]);
  const ownSchemas = schemas.filter(({ blockTypeId }) => blockTypeId === type.id);
  await deleteDocuments(
    deps,
    documents.filter((document) => {
      return document.blockTypeId === type.id || ownSchemas.some(({ id }) => id === document.blockSchemaId);
    }),
  );
  await Promise.all(ownSchemas.map(({ id }) => catalogue.blockSchemas.remove(id)));
  return catalogue.blockTypes.remove(type.id);
}

export async function deleteBlockSchema(deps: DeleteBlocksDeps, schema: BlockSchema): Promise<boolean> {
  const documents = await deps.catalogue.blockDocuments.list();
  await deleteDocuments(
    deps,
    documents.filter(({ blockSchemaId }) => blockSchemaId === schema.id),
  );
  return deps.catalogue.blockSchemas.remove(schema.id);
}

/** Documents that refer to it are left without it. */
export async function deleteBlockDocument(deps: DeleteBlocksDeps, document: BlockDocument): Promise<boolean> {
  if ((await readResultStorage(deps)) === document.id) await clearResultStorage(deps);
  return deps.catalogue.blockDocuments.remove(document.id);
}

async function deleteDocuments(deps: DeleteBlocksDeps, documents: readonly BlockDocument[]): Promise<void> {
  await Promise.all(documents.map((document) => deleteBlockDocument(deps, document)));
}
