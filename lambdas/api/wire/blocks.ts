// Blocks for the wire. Secrets are hidden here, and nowhere else, unless the caller asked for them.
import type { z } from 'zod';
import type { blockDocument, blockSchema, blockType } from '../../../shared/contract/blocks.ts';
import type { BlockSchema, BlockType, OpenBlock } from '../../../shared/domain/block/block.ts';
import { type FullBlock, fullBlock } from '../../../shared/domain/block/references.ts';
import { maskSecrets, secretPaths } from '../../../shared/domain/block/secrets.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { isoText } from './times.ts';

type TypeWire = z.input<typeof blockType>;
type SchemaWire = z.input<typeof blockSchema>;
type DocumentWire = z.input<typeof blockDocument>;

export function blockTypeToWire(type: BlockType): TypeWire {
  return {
    id: type.id,
    created: isoText(type.created),
    updated: isoText(type.updated),
    name: type.name,
    slug: type.slug,
    logo_url: type.logoUrl ?? null,
    documentation_url: type.documentationUrl ?? null,
    description: type.description ?? null,
    code_example: type.codeExample ?? null,
    is_protected: type.isProtected,
  };
}

export function blockSchemaToWire(schema: BlockSchema, type: BlockType | undefined): SchemaWire {
  return {
    id: schema.id,
    created: isoText(schema.created),
    updated: isoText(schema.updated),
    checksum: schema.checksum,
    fields: schema.fields,
    block_type_id: schema.blockTypeId,
    block_type: type === undefined ? null : blockTypeToWire(type),
    capabilities: [...schema.capabilities],
    version: schema.version,
  };
}

/** What a document is shown with. */
export type BlockView = {
  /** Every document that can be reached, by id. */
  readonly opened: ReadonlyMap<string, OpenBlock>;
  readonly types: ReadonlyMap<string, BlockType>;
  readonly schemas: ReadonlyMap<string, BlockSchema>;
  readonly withSecrets: boolean;
};

export function blockDocumentToWire(root: OpenBlock, view: BlockView): DocumentWire {
  const { document } = root;
  const full = fullBlock(root, view.opened, (block) => shownData(block, view));
  const type = view.types.get(document.blockTypeId);
  const schema = view.schemas.get(document.blockSchemaId);
  return {
    id: document.id,
    created: isoText(document.created),
    updated: isoText(document.updated),
    name: document.name,
    data: full.data,
    block_schema_id: document.blockSchemaId,
    block_schema: schema === undefined ? null : blockSchemaToWire(schema, view.types.get(schema.blockTypeId)),
    block_type_id: document.blockTypeId,
    block_type_name: document.blockTypeName,
    block_type: type === undefined ? null : blockTypeToWire(type),
    block_document_references: referencesToWire(full, view),
    is_anonymous: document.isAnonymous,
  };
}

/** Without its schema nobody knows what of a document is secret: then all of it is. */
function shownData({ document, data }: OpenBlock, { schemas, withSecrets }: BlockView): JsonObject {
  if (withSecrets) return data;
  const schema = schemas.get(document.blockSchemaId);
  return maskSecrets(data, schema === undefined ? [['*']] : secretPaths(schema.fields));
}

function referencesToWire({ children }: FullBlock, view: BlockView): Record<string, JsonObject> {
  const entries = Object.entries(children).map(([key, child]): [string, JsonObject] => {
    const type = view.types.get(child.document.blockTypeId);
    const block = {
      id: child.document.id,
      name: child.document.name,
      block_type: type === undefined ? null : blockTypeToWire(type),
      is_anonymous: child.document.isAnonymous,
      block_document_references: referencesToWire(child, view),
    };
    return [key, { block_document: block }];
  });
  return Object.fromEntries(entries);
}
