// The stores of blocks: types, versions of their schemas, documents and their sealed data.
import type { BlockDocument, BlockSchema, BlockType, OpenBlock } from '../domain/block/block.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Created } from './created.ts';
import type { Write } from './runs.ts';

export type BlockTypes = {
  /** Same slug, same id: a type that exists is answered as it is. */
  create(type: BlockType): Promise<Created<BlockType>>;
  read(id: string): Promise<BlockType | undefined>;
  readBySlug(slug: string): Promise<BlockType | undefined>;
  list(): Promise<readonly BlockType[]>;
  put(type: BlockType): Promise<void>;
  remove(id: string): Promise<boolean>;
};

export type BlockSchemas = {
  /** Same checksum and version, same id: a schema that exists is answered as it is. */
  create(schema: BlockSchema): Promise<Created<BlockSchema>>;
  read(id: string): Promise<BlockSchema | undefined>;
  readMany(ids: readonly string[]): Promise<readonly BlockSchema[]>;
  list(): Promise<readonly BlockSchema[]>;
  remove(id: string): Promise<boolean>;
};

export type BlockDocuments = {
  /** Same type and name, same id: a document that exists is answered as it is. */
  create(block: OpenBlock): Promise<Created<BlockDocument>>;
  read(id: string): Promise<BlockDocument | undefined>;
  readByName(blockTypeId: string, name: string): Promise<BlockDocument | undefined>;
  list(): Promise<readonly BlockDocument[]>;
  /** Writes document and data in one, from the version that was read. */
  change(before: BlockDocument, after: OpenBlock): Promise<Write>;
  remove(id: string): Promise<boolean>;
  /** These documents and all that they refer to, directly or not, with their data; what is gone is left out. */
  openAll(ids: readonly string[]): Promise<ReadonlyMap<string, OpenBlock>>;
};

/** Small things of the stack itself, by name. */
export type Settings = {
  read(name: string): Promise<JsonObject | undefined>;
  put(name: string, value: JsonObject): Promise<void>;
  remove(name: string): Promise<void>;
};
