// Blocks themselves: named or anonymous documents with data.
import { z } from 'zod';
import { blockDocument, dashed, secretsAsked } from './blocks.ts';
import { blockDocumentFilter, blockSchemaFilter, blockTypeFilter } from './catalogue-filters.ts';
import { defineRoutes } from './define-routes.ts';
import { fields, jsonObject, limit, name, offset, uuid } from './scalars.ts';

const byId = z.object({ id: uuid });

const documentSort = z.enum(['NAME_DESC', 'NAME_ASC', 'BLOCK_TYPE_AND_NAME_ASC']).meta({ id: 'BlockDocumentSort' });

const documentFilters = {
  block_documents: blockDocumentFilter.nullish(),
  block_types: blockTypeFilter.nullish(),
  block_schemas: blockSchemaFilter.nullish(),
};

export const blockDocumentRoutes = defineRoutes({
  create_block_document: {
    method: 'POST',
    path: '/block_documents/',
    summary: 'Save a block',
    status: 201,
    body: z
      .strictObject({
        name: name.pipe(dashed('Block document name')).nullish().or(z.literal('')),
        data: jsonObject.default({}),
        block_schema_id: uuid,
        block_type_id: uuid,
        is_anonymous: z.boolean().default(false),
      })
      .refine(({ name: given, is_anonymous: isAnonymous }) => isAnonymous || Boolean(given), {
        message: 'Names must be provided for block documents.',
        path: [],
      })
      .meta({ id: 'BlockDocumentCreate' }),
    response: blockDocument,
    errors: ['bad_request', 'conflict', 'not_found', 'too_large'],
  },
  read_block_documents: {
    method: 'POST',
    path: '/block_documents/filter',
    summary: 'List blocks',
    status: 200,
    body: fields({
      ...documentFilters,
      include_secrets: z.boolean().default(false),
      sort: documentSort.nullable().default('NAME_ASC'),
      limit,
      offset,
    }),
    response: z.array(blockDocument),
    errors: ['invalid_request'],
  },
  count_block_documents: {
    method: 'POST',
    path: '/block_documents/count',
    summary: 'Count blocks',
    status: 200,
    body: fields(documentFilters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_block_document_by_id: {
    method: 'GET',
    path: '/block_documents/{id}',
    summary: 'Read a block',
    status: 200,
    params: byId,
    query: secretsAsked,
    response: blockDocument,
    errors: ['not_found'],
  },
  update_block_document_data: {
    method: 'PATCH',
    path: '/block_documents/{id}',
    summary: 'Change the data of a block',
    status: 204,
    params: byId,
    body: z
      .strictObject({
        block_schema_id: uuid.nullish(),
        data: jsonObject.optional(),
        merge_existing_data: z.boolean().default(true),
      })
      .meta({ id: 'BlockDocumentUpdate' }),
    errors: ['bad_request', 'not_found', 'too_large'],
  },
  delete_block_document: {
    method: 'DELETE',
    path: '/block_documents/{id}',
    summary: 'Delete a block',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});
