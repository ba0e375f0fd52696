// Blocks as users keep them: a type, versions of its schema, and documents that hold data by one of these schemas.
// A document's data is never part of the document itself: it is sealed, and opened only where it is asked for.
import { derivedId, type Sha256 } from '../identity.ts';
import type { JsonObject } from '../json.ts';

type Kept = { readonly id: string; readonly created: number; readonly updated: number };

export type BlockType = Kept & {
  readonly name: string;
  readonly slug: string;
  readonly logoUrl?: string;
  readonly documentationUrl?: string;
  readonly description?: string;
  readonly codeExample?: string;
  /** The API deletes neither a protected type nor its schemas. */
  readonly isProtected: boolean;
};

/** What a schema says when its author names no version. */
export const defaultSchemaVersion = 'non-versioned';

export type BlockSchema = Kept & {
  readonly checksum: string;
  readonly version: string;
  /** As read: with the references to other blocks' schemas, and with their definitions. */
  readonly fields: JsonObject;
  readonly blockTypeId: string;
  readonly capabilities: readonly string[];
};

export type BlockDocument = Kept & {
  /** How often it was written. */
  readonly version: number;
  readonly name: string;
  readonly blockTypeId: string;
  readonly blockTypeName: string;
  readonly blockSchemaId: string;
  readonly isAnonymous: boolean;
  /** Ids of the documents that stand under these keys of the data. */
  readonly references: Readonly<Record<string, string>>;
};

/** A document with its own data, without that of the documents it refers to. */
export type OpenBlock = { readonly document: BlockDocument; readonly data: JsonObject };

/** A slug is unique. */
export function blockTypeIdOf(sha256: Sha256, slug: string): string {
  return derivedId(sha256, 'block-type', [slug]);
}

/** Checksum and version are unique together. */
export function blockSchemaIdOf(sha256: Sha256, schema: { readonly checksum: string; readonly version: string }) {
  return derivedId(sha256, 'block-schema', [schema.checksum, schema.version]);
}

/** A name is unique within its type. */
export function blockDocumentIdOf(sha256: Sha256, blockTypeId: string, name: string): string {
  return derivedId(sha256, 'block-document', [blockTypeId, name]);
}
