// Types of blocks, versions of their schemas, what schemas are capable of, and how a block is answered.
import { z } from 'zod';
import { blockSchemaFilter, blockTypeFilter } from './catalogue-filters.ts';
import { defineRoutes } from './define-routes.ts';
import { fields, jsonObject, limit, name, offset, queryFlag, timeOrNull, uuid } from './scalars.ts';

const textOrNull = z.string().nullable();

export const blockType = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    slug: z.string(),
    logo_url: textOrNull,
    documentation_url: textOrNull,
    description: textOrNull,
    code_example: textOrNull,
    is_protected: z.boolean(),
  })
  .meta({ id: 'BlockType' });

export const blockSchema = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    checksum: z.string(),
    fields: jsonObject,
    block_type_id: textOrNull,
    block_type: blockType.nullable(),
    capabilities: z.array(z.string()),
    version: z.string(),
  })
  .meta({ id: 'BlockSchema' });

export const blockDocument = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: textOrNull,
    data: jsonObject,
    block_schema_id: z.string(),
    block_schema: blockSchema.nullable(),
    block_type_id: z.string(),
    block_type_name: textOrNull,
    block_type: blockType.nullable(),
    block_document_references: z.record(z.string(), jsonObject),
    is_anonymous: z.boolean(),
  })
  .meta({ id: 'BlockDocument' });

export const dashed = (what: string) =>
  z
    .string()
    .refine((text) => /^[a-z0-9-]*$/.test(text), `${what} must only contain lowercase letters, numbers, and dashes.`);

const trimmed = z.string().trim().nullish();
const shown = {
  logo_url: trimmed,
  documentation_url: trimmed,
  description: z.string().nullish(),
  code_example: z.string().nullish(),
};

const byId = z.object({ id: uuid });
const bySlug = z.object({ slug: z.string() });
export const secretsAsked = z.object({ include_secrets: queryFlag });

export const blockTypeRoutes = defineRoutes({
  create_block_type: {
    method: 'POST',
    path: '/block_types/',
    summary: 'Create a type of blocks',
    status: 201,
    body: z.strictObject({ name, slug: dashed('Block type slug'), ...shown }).meta({ id: 'BlockTypeCreate' }),
    response: blockType,
    errors: ['conflict', 'forbidden', 'too_large'],
  },
  read_block_type_by_id: {
    method: 'GET',
    path: '/block_types/{id}',
    summary: 'Read a type of blocks',
    status: 200,
    params: byId,
    response: blockType,
    errors: ['not_found'],
  },
  read_block_type_by_slug: {
    method: 'GET',
    path: '/block_types/slug/{slug}',
    summary: 'Read a type of blocks by its slug',
    status: 200,
    params: bySlug,
    response: blockType,
    errors: ['not_found'],
  },
  read_block_types: {
    method: 'POST',
    path: '/block_types/filter',
    summary: 'List types of blocks by name',
    status: 200,
    body: fields({
      block_types: blockTypeFilter.nullish(),
      block_schemas: blockSchemaFilter.nullish(),
      limit,
      offset,
    }),
    response: z.array(blockType),
    errors: ['invalid_request'],
  },
  update_block_type: {
    method: 'PATCH',
    path: '/block_types/{id}',
    summary: 'Change how a type of blocks is shown',
    status: 204,
    params: byId,
    body: z.strictObject(shown).meta({ id: 'BlockTypeUpdate' }),
    errors: ['not_found', 'too_large'],
  },
  delete_block_type: {
    method: 'DELETE',
    path: '/block_types/{id}',
    summary: 'Delete a type of blocks with its schemas and documents',
    status: 204,
    params: byId,
    errors: ['not_found', 'forbidden'],
  },
  read_block_documents_for_block_type: {
    method: 'GET',
    path: '/block_types/slug/{slug}/block_documents',
    summary: 'List the blocks of a type',
    status: 200,
    params: bySlug,
    query: secretsAsked,
    response: z.array(blockDocument),
    errors: ['not_found'],
  },
  read_block_document_by_name_for_block_type: {
    method: 'GET',
    path: '/block_types/slug/{slug}/block_documents/name/{block_document_name}',
    summary: 'Read a block by its type and name',
    status: 200,
    params: z.object({ slug: z.string(), block_document_name: z.string() }),
    query: secretsAsked,
    response: blockDocument,
    errors: ['not_found'],
  },
  install_system_block_types: {
    method: 'POST',
    path: '/block_types/install_system_block_types',
    summary: 'Put the protected types of blocks back as they came',
    status: 200,
    response: z.null(),
    errors: [],
  },
});

export const blockSchemaRoutes = defineRoutes({
  create_block_schema: {
    method: 'POST',
    path: '/block_schemas/',
    summary: 'Register a schema of blocks, and those that it refers to',
    status: 200,
    newStatus: 201,
    body: z
      .strictObject({
        fields: jsonObject.default({}),
        block_type_id: uuid,
        capabilities: z.array(z.string()).default([]),
        version: z.string().default('non-versioned'),
      })
      .meta({ id: 'BlockSchemaCreate' }),
    response: blockSchema,
    errors: ['not_found', 'conflict', 'invalid_request', 'too_large'],
  },
  read_block_schema_by_id: {
    method: 'GET',
    path: '/block_schemas/{id}',
    summary: 'Read a schema of blocks',
    status: 200,
    params: byId,
    response: blockSchema,
    errors: ['not_found'],
  },
  read_block_schema_by_checksum: {
    method: 'GET',
    path: '/block_schemas/checksum/{checksum}',
    summary: 'Read a schema of blocks by its checksum, the newest unless a version is named',
    status: 200,
    params: z.object({ checksum: z.string() }),
    query: z.object({ version: z.string().optional() }),
    response: blockSchema,
    errors: ['not_found'],
  },
  read_block_schemas: {
    method: 'POST',
    path: '/block_schemas/filter',
    summary: 'List schemas of blocks, newest first',
    status: 200,
    body: fields({ block_schemas: blockSchemaFilter.nullish(), limit, offset }),
    response: z.array(blockSchema),
    errors: ['invalid_request'],
  },
  delete_block_schema: {
    method: 'DELETE',
    path: '/block_schemas/{id}',
    summary: 'Delete a schema of blocks with its documents',
    status: 204,
    params: byId,
    errors: ['not_found', 'forbidden'],
  },
});

export const blockCapabilityRoutes = defineRoutes({
  read_available_block_capabilities: {
    method: 'GET',
    path: '/block_capabilities/',
    summary: 'List what blocks can do',
    status: 200,
    response: z.array(z.string()),
    errors: [],
  },
});
