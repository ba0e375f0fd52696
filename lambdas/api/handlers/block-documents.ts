// Blocks themselves: named or anonymous documents, with the documents they refer to filled in.
import type { blockDocumentRoutes } from '../../../shared/contract/block-documents.ts';
import type { Handlers, RequestOf } from '../../../shared/contract/define-routes.ts';
import type { BlockDocument } from '../../../shared/domain/block/block.ts';
import {
  type BlockDocumentSort,
  inDocumentOrder,
  matchesBlockDocument,
  matchesBlockSchema,
  matchesBlockType,
} from '../../../shared/domain/filter/block-filters.ts';
import { deleteBlockDocument } from '../../../shared/use-cases/delete-blocks.ts';
import { changeBlockDocument, createBlockDocument, type Saved } from '../../../shared/use-cases/save-block-document.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { type BlockView, blockDocumentToWire } from '../wire/blocks.ts';
import { orNone } from '../wire/present.ts';
import { announceBlock } from './announce-block.ts';
import { cut, type Window, windowOf } from './paging.ts';

const missing = 'Block document not found';

type Filters = RequestOf<typeof blockDocumentRoutes.count_block_documents>['body'];
type BlockQuery = { readonly filters: Filters; readonly sort: BlockDocumentSort; readonly window?: Window };

async function matchingDocuments({ catalogue }: ApiDeps, filters: Filters): Promise<readonly BlockDocument[]> {
  const { block_documents: own, block_types: byType, block_schemas: bySchema } = filters;
  const [documents, types, schemas] = await Promise.all([
    catalogue.blockDocuments.list(),
    byType ? catalogue.blockTypes.list() : [],
    bySchema ? catalogue.blockSchemas.list() : [],
  ]);
  const meantTypes = new Set(types.filter((type) => byType && matchesBlockType(byType, type)).map(({ id }) => id));
  const meantSchemas = new Set(
    schemas.filter((schema) => bySchema && matchesBlockSchema(bySchema, schema)).map(({ id }) => id),
  );
  return documents.filter((document) => {
    const isOwn = own ? matchesBlockDocument(own, document) : !document.isAnonymous;
    return (
      isOwn &&
      (!byType || meantTypes.has(document.blockTypeId)) &&
      (!bySchema || meantSchemas.has(document.blockSchemaId))
    );
  });
}

/** Opens the documents with all they refer to, and reads the types and schemas that these are shown with. */
async function viewOf({ catalogue }: ApiDeps, ids: readonly string[], withSecrets: boolean): Promise<BlockView> {
  const opened = await catalogue.blockDocuments.openAll(ids);
  const documents = [...opened.values()].map(({ document }) => document);
  const schemas = await catalogue.blockSchemas.readMany(documents.map(({ blockSchemaId }) => blockSchemaId));
  const typeIds = [...documents, ...schemas].map(({ blockTypeId }) => blockTypeId);
  const types = await Promise.all([...new Set(typeIds)].map((id) => catalogue.blockTypes.read(id)));
  return {
    opened,
    withSecrets,
    schemas: new Map(schemas.map((schema) => [schema.id, schema])),
    types: new Map(types.flatMap((type) => (type === undefined ? [] : [[type.id, type]]))),
  };
}

export async function readBlocks(deps: ApiDeps, query: BlockQuery, withSecrets: boolean) {
  const ordered = inDocumentOrder(await matchingDocuments(deps, query.filters), query.sort);
  const ids = (query.window === undefined ? ordered : cut(ordered, query.window)).map(({ id }) => id);
  const view = await viewOf(deps, ids, withSecrets);
  return ids.flatMap((id) => {
    const block = view.opened.get(id);
    return block === undefined ? [] : [blockDocumentToWire(block, view)];
  });
}

/** @throws Refusal not_found */
export async function readOneBlock(deps: ApiDeps, id: string | undefined, withSecrets: boolean) {
  const view = id === undefined ? undefined : await viewOf(deps, [id], withSecrets);
  const block = found(view?.opened.get(id ?? ''), missing);
  return blockDocumentToWire(block, found(view, missing));
}

const integrity =
  'Data integrity conflict. This usually means a unique or foreign key constraint was violated. See server logs for details.';

function saved(outcome: Saved): BlockDocument {
  switch (outcome.kind) {
    case 'saved':
      return outcome.document;
    case 'exists':
      throw new Refusal('conflict', 'Block already exists');
    case 'gone':
      throw notFound(missing);
    case 'unknown_type':
      throw notFound('Block type not found');
    case 'unknown_schema':
    case 'unknown_reference':
      throw new Refusal('conflict', integrity);
    case 'other_type':
      throw new Refusal('bad_request', 'Must migrate block document to a block schema of the same block type.');
    case 'bad_reference':
      throw new Refusal('bad_request', outcome.problem);
    case 'cycle': {
      const { parent, reference } = outcome;
      const graph = `the block_document_reference graph (parent=${parent}, reference=${reference}).`;
      throw new Refusal(
        'bad_request',
        `Cannot create block document reference: it would introduce a cycle into ${graph}`,
      );
    }
    case 'lost':
      throw new Refusal('unavailable', 'this block is changed by others at the same time, please try again');
  }
}

export const blockDocumentHandlers = {
  async create_block_document({ body }, deps) {
    await deps.useCases.installBlocks();
    const document = saved(
      await createBlockDocument(deps, {
        name: orNone(body.name) === '' ? undefined : orNone(body.name),
        data: body.data,
        blockSchemaId: body.block_schema_id,
        blockTypeId: body.block_type_id,
        isAnonymous: body.is_anonymous,
      }),
    );
    const block = await readOneBlock(deps, document.id, false);
    await announceBlock(deps, 'created', block);
    return block;
  },

  async read_block_documents({ body }, deps) {
    const window = windowOf(body);
    return readBlocks(deps, { filters: body, sort: body.sort ?? 'NAME_ASC', window }, body.include_secrets);
  },

  count_block_documents: async ({ body }, deps) => (await matchingDocuments(deps, body)).length,

  read_block_document_by_id: ({ params, query }, deps) => readOneBlock(deps, params.id, query.include_secrets),

  async update_block_document_data({ params, body }, deps) {
    const change = { blockSchemaId: orNone(body.block_schema_id), data: body.data, merges: body.merge_existing_data };
    saved(await changeBlockDocument(deps, params.id, change));
    await announceBlock(deps, 'updated', await readOneBlock(deps, params.id, false));
  },

  async delete_block_document({ params }, deps) {
    const document = found(await deps.catalogue.blockDocuments.read(params.id), missing);
    const block = await readOneBlock(deps, document.id, false);
    if (!(await deleteBlockDocument(deps, document))) throw notFound(missing);
    await announceBlock(deps, 'deleted', block);
  },
} satisfies Handlers<typeof blockDocumentRoutes, ApiDeps>;
