// The latest artifact of each key. An entry moves to a newer artifact only, and from the one that was read.
import { type ArtifactCollection, collectionOf } from '../../domain/artifact/artifact.ts';
import type { ArtifactHead, CollectionChange } from '../../ports/artifacts.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { artifactCollectionKey, artifactCollectionsPartition, shards } from './table.ts';
import { get, put, queryAll, remove } from './writes.ts';

export type CollectionsOptions = {
  readonly client: DocumentClient;
  /** The control table. */
  readonly table: string;
  readonly newId: () => string;
};

type Entry = { readonly collection: ArtifactCollection; readonly writeId: string };

const mostRaces = 20;

export function createArtifactCollections({ client, table, newId }: CollectionsOptions) {
  const readEntry = async (key: string): Promise<Entry | undefined> => {
    const item = await get(client, table, artifactCollectionKey(key));
    return item === undefined
      ? undefined
      : { collection: fromItem<ArtifactCollection>(item), writeId: String(item['write_id']) };
  };

  const write = async (before: Entry | undefined, collection: ArtifactCollection) => {
    const writeId = newId();
    const seen = before === undefined ? 'attribute_not_exists(pk)' : 'write_id = :seen';
    return put(client, {
      TableName: table,
      Item: toItem(artifactCollectionKey(collection.key), collection, { write_id: writeId }),
      ConditionExpression: `${seen} OR write_id = :mine`,
      ExpressionAttributeValues: { ':mine': writeId, ...(before === undefined ? {} : { ':seen': before.writeId }) },
    });
  };

  const forget = ({ collection, writeId }: Entry) =>
    remove(client, {
      TableName: table,
      Key: artifactCollectionKey(collection.key),
      ConditionExpression: 'write_id = :seen',
      ExpressionAttributeValues: { ':seen': writeId },
    });

  return {
    /** The artifact becomes the latest of its key, unless a newer one is. */
    async take(head: ArtifactHead): Promise<CollectionChange> {
      const { key } = head;
      if (key === undefined) return { kind: 'untouched' };
      for (let race = 0; race < mostRaces; race += 1) {
        const before = await readEntry(key);
        if (before !== undefined && isNewer(before.collection, head)) return { kind: 'untouched' };
        const created = before?.collection.created ?? head.created;
        const collection = collectionOf({ ...head, key, data: null }, before?.collection.id ?? newId(), created);
        const kind = before === undefined ? 'created' : 'updated';
        if ((await write(before, collection)) === 'written') return { kind, collection };
      }
      throw busy(key);
    },

    /** Before an artifact goes: the next newest takes its place, and without one the key is gone. */
    async leave(head: ArtifactHead, next: () => Promise<ArtifactHead | undefined>): Promise<CollectionChange> {
      const { key } = head;
      if (key === undefined) return { kind: 'untouched' };
      for (let race = 0; race < mostRaces; race += 1) {
        const before = await readEntry(key);
        if (before === undefined || before.collection.latestId !== head.id) return { kind: 'untouched' };
        const heir = await next();
        const { id } = before.collection;
        const after = heir === undefined ? undefined : collectionOf({ ...heir, key, data: null }, id, heir.created);
        const outcome = after === undefined ? await forget(before) : await write(before, after);
        if (outcome !== 'written') continue;
        if (after === undefined) return { kind: 'deleted', collection: before.collection };
        return { kind: 'updated', collection: after };
      }
      throw busy(key);
    },

    async read(key: string): Promise<ArtifactCollection | undefined> {
      return (await readEntry(key))?.collection;
    },

    async list(): Promise<readonly ArtifactCollection[]> {
      const lists = await Promise.all(
        shards.map((shard) =>
          queryAll(client, {
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': artifactCollectionsPartition(shard) },
          }),
        ),
      );
      return lists.flat().map((item) => fromItem<ArtifactCollection>(item));
    },
  };
}

function isNewer(collection: ArtifactCollection, { created, id }: ArtifactHead): boolean {
  if (collection.latestAt !== created) return collection.latestAt > created;
  return collection.latestId > id;
}

/** By the name that SDK clients and the api know: come back later. */
function busy(key: string): Error {
  const error = new Error(`the artifacts of the key ${key} change faster than they can be kept, please try again`);
  return Object.assign(error, { name: 'ThrottlingException' });
}
