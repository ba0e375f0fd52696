// Which block types, schemas and documents a filter means, and the orders documents are listed in.
import type { BlockDocument, BlockSchema, BlockType } from '../block/block.ts';
import type { AnyOf, Like, Maybe, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';

export type BlockTypeFilter = {
  readonly name?: Maybe<{ readonly like_?: Maybe<string> }>;
  readonly slug?: Maybe<AnyOf>;
};

const typeFields: FieldTable<BlockType> = {
  name: { read: ({ name }) => name },
  slug: { read: ({ slug }) => slug },
};

export function matchesBlockType(filter: BlockTypeFilter, type: BlockType): boolean {
  return meets(typeFields, filter, type);
}

export type BlockSchemaFilter = WithOperator & {
  readonly block_type_id?: Maybe<AnyOf>;
  readonly block_capabilities?: Maybe<{ readonly all_?: Maybe<readonly string[]> }>;
  readonly id?: Maybe<AnyOf>;
  readonly version?: Maybe<AnyOf>;
};

const schemaFields: FieldTable<BlockSchema> = {
  block_type_id: { read: ({ blockTypeId }) => blockTypeId },
  block_capabilities: { read: ({ capabilities }) => capabilities },
  id: { read: ({ id }) => id },
  version: { read: ({ version }) => version },
};

export function matchesBlockSchema(filter: BlockSchemaFilter, schema: BlockSchema): boolean {
  return meets(schemaFields, filter, schema);
}

export type BlockDocumentFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly is_anonymous?: Maybe<{ readonly eq_?: Maybe<boolean> }>;
  readonly block_type_id?: Maybe<AnyOf>;
  readonly name?: Maybe<Like>;
};

const documentFields: FieldTable<BlockDocument> = {
  id: { read: ({ id }) => id },
  is_anonymous: { read: ({ isAnonymous }) => isAnonymous },
  block_type_id: { read: ({ blockTypeId }) => blockTypeId },
  name: { read: ({ name }) => name },
};

export function matchesBlockDocument(filter: BlockDocumentFilter, document: BlockDocument): boolean {
  return meets(documentFields, filter, document);
}

export type BlockDocumentSort = 'NAME_DESC' | 'NAME_ASC' | 'BLOCK_TYPE_AND_NAME_ASC';

export function inDocumentOrder(
  documents: readonly BlockDocument[],
  sort: BlockDocumentSort,
): readonly BlockDocument[] {
  const byName = (one: BlockDocument, other: BlockDocument) => byText(one.name, other.name);
  const orders = {
    NAME_ASC: byName,
    NAME_DESC: (one: BlockDocument, other: BlockDocument) => byName(other, one),
    BLOCK_TYPE_AND_NAME_ASC: (one: BlockDocument, other: BlockDocument) =>
      byText(one.blockTypeName, other.blockTypeName) || byName(one, other),
  } satisfies Record<BlockDocumentSort, unknown>;
  return documents.toSorted(orders[sort]);
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
