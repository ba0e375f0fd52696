// The store of block documents. All data of a document is sealed in one attribute beside `doc`, secret or not:
// which fields are secret is for the schema to say, and a later schema may say otherwise.
import { type BlockDocument, blockDocumentIdOf, type OpenBlock } from '../../../domain/block/block.ts';
import { mostDepth } from '../../../domain/block/references.ts';
import { AppError } from '../../../domain/errors.ts';
import type { JsonObject } from '../../../domain/json.ts';
import type { BlockDocuments } from '../../../ports/blocks.ts';
import type { SecretBox } from '../../../ports/secret-box.ts';
import { fromItem, type Item } from '../items.ts';
import { blockKey, blockPartitions } from '../table.ts';
import { get, getMany, put, queryAll, remove } from '../writes.ts';
import { type CatalogueOptions, catalogueItem } from './collection.ts';

const keyOf = (id: string) => blockKey('document', id);

/** Sealing makes a third more of the data; the document itself is small. */
const largestSealedBytes = 380_000;

export function createBlockDocuments(options: CatalogueOptions): BlockDocuments {
  const { client, table, newId } = options;
  const box = () => options.secretBox ?? noSecretBox();

  const toWrite = async ({ document, data }: OpenBlock, writeId: string): Promise<Item> => {
    const sealed = await box().seal(JSON.stringify(data), placeOf(document.id));
    if (sealed.length > largestSealedBytes) {
      const words = `a block document of ${sealed.length} bytes was sent, wanted at most ${largestSealedBytes}`;
      throw new AppError('too_large', words);
    }
    return catalogueItem(keyOf(document.id), document, { version: document.version, write_id: writeId, sealed });
  };

  const open = async (item: Item): Promise<OpenBlock> => {
    const document = fromItem<BlockDocument>(item);
    const text = await box().open(String(item['sealed']), placeOf(document.id));
    return { document, data: JSON.parse(text) as JsonObject };
  };

  return {
    async create(block) {
      const writeId = newId();
      const write = await put(client, {
        TableName: table,
        Item: await toWrite(block, writeId),
        ConditionExpression: 'attribute_not_exists(pk) OR write_id = :mine',
        ExpressionAttributeValues: { ':mine': writeId },
      });
      if (write === 'written') return { kind: 'created', item: block.document };
      return { kind: 'exists', item: (await readDocument(options, block.document.id)) ?? block.document };
    },

    read: (id) => readDocument(options, id),
    readByName: (blockTypeId, name) => readDocument(options, blockDocumentIdOf(options.sha256, blockTypeId, name)),

    async list() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': blockPartitions.document },
        ProjectionExpression: 'pk, sk, doc',
      });
      return items.map((item) => fromItem<BlockDocument>(item));
    },

    async change(before, after) {
      const writeId = newId();
      const document = { ...after.document, version: before.version + 1 };
      return put(client, {
        TableName: table,
        Item: await toWrite({ document, data: after.data }, writeId),
        ConditionExpression: 'version = :before OR write_id = :mine',
        ExpressionAttributeValues: { ':before': before.version, ':mine': writeId },
      });
    },

    async remove(id) {
      const condition = { ConditionExpression: 'attribute_exists(pk)' };
      return (await remove(client, { TableName: table, Key: keyOf(id), ...condition })) === 'written';
    },

    async openAll(ids) {
      const opened = new Map<string, OpenBlock>();
      let wanted: readonly string[] = [...new Set(ids)];
      for (let depth = 0; wanted.length > 0 && depth <= mostDepth; depth += 1) {
        const items = await getMany(client, table, wanted.map(keyOf));
        const blocks = await Promise.all(items.map(open));
        for (const block of blocks) opened.set(block.document.id, block);
        const below = blocks.flatMap(({ document }) => Object.values(document.references));
        wanted = [...new Set(below)].filter((id) => !opened.has(id));
      }
      return opened;
    },
  };
}

async function readDocument({ client, table }: CatalogueOptions, id: string): Promise<BlockDocument | undefined> {
  const item = await get(client, table, keyOf(id));
  return item === undefined ? undefined : fromItem<BlockDocument>(item);
}

function placeOf(id: string): string {
  return `block document ${id}`;
}

function noSecretBox(): SecretBox {
  throw new Error('this Lambda has no key for secrets: wanted none to be asked for');
}
