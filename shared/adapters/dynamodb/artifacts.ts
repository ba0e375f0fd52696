// The store of artifacts. Entries by key and run are written before the artifact and removed after it: an entry
// without its artifact is passed over, an artifact without its entries could not be found.
import type { Artifact } from '../../domain/artifact/artifact.ts';
import type { ArtifactHead, ArtifactOwner, Artifacts } from '../../ports/artifacts.ts';
import { type CollectionsOptions, createArtifactCollections } from './artifact-collections.ts';
import { createArtifactData, type Placed } from './artifact-data.ts';
import { newestOfShards } from './artifact-lists.ts';
import { fromItem, type Item, toItem } from './items.ts';
import {
  artifactIdOfPlace,
  artifactKey,
  artifactListKey,
  artifactOfKey,
  artifactPlace,
  artifactsOfPartition,
  shardOf,
} from './table.ts';
import { get, getMany, pages, put, remove } from './writes.ts';

export type ArtifactsOptions = CollectionsOptions & { readonly bulkTable: string };

type Stored = ArtifactHead & { readonly placed: Placed };

export function createArtifacts(options: ArtifactsOptions): Artifacts {
  const { client, table, newId } = options;
  const shownOf = createArtifactData(options);
  const collections = createArtifactCollections(options);

  const readStored = async (id: string): Promise<Stored | undefined> => {
    const item = await get(client, table, artifactKey(id));
    return item === undefined ? undefined : fromItem<Stored>(item);
  };

  const readStoreds = async (ids: readonly string[]): Promise<readonly Stored[]> => {
    const items = await getMany(client, table, [...new Set(ids)].map(artifactKey));
    const byId = new Map(items.map((item) => [String(item['pk']), fromItem<Stored>(item)]));
    return ids.flatMap((id) => byId.get(artifactKey(id).pk) ?? []);
  };

  /** Somebody may have replaced the parts since the head was read: then the head is read again. */
  const fillOne = async (stored: Stored): Promise<Artifact | undefined> => {
    const shown = await shownOf.read(stored.id, stored.placed);
    if (shown !== undefined) return { ...headOf(stored), ...shown };
    const again = await readStored(stored.id);
    const late = again === undefined ? undefined : await shownOf.read(again.id, again.placed);
    return again === undefined || late === undefined ? undefined : { ...headOf(again), ...late };
  };

  const removeEntries = async (artifact: ArtifactHead): Promise<void> => {
    await Promise.all(entryKeys(artifact).map((Key) => remove(client, { TableName: table, Key })));
  };

  return {
    async create(artifact) {
      const placed = await shownOf.place(artifact.id, shownPart(artifact));
      await Promise.all(entryKeys(artifact).map((key) => put(client, { TableName: table, Item: { ...key } })));
      await put(client, { TableName: table, Item: itemOf(headOf(artifact), placed, newId()) });
      return collections.take(headOf(artifact));
    },

    async read(id) {
      const stored = await readStored(id);
      return stored === undefined ? undefined : fillOne(stored);
    },

    readHeads: readStoreds,

    async fill(heads) {
      const storeds = await readStoreds(heads.map(({ id }) => id));
      const filled = await Promise.all(storeds.map(fillOne));
      return filled.flatMap((artifact) => artifact ?? []);
    },

    async *list() {
      for await (const page of newestOfShards({ client, table, partition: artifactListKey })) {
        yield page.map(artifactIdOfPlace);
      }
    },

    async *listOf(owner, value) {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': artifactsOfPartition(owner, value) },
        ScanIndexForward: false,
      };
      for await (const page of pages(client, query)) yield page.map((item) => artifactIdOfPlace(String(item['sk'])));
    },

    async change(before, after) {
      const stored = await readStored(before.id);
      if (stored === undefined || stored.version !== before.version) return 'lost';
      const placed = await shownOf.place(after.id, shownPart(after));
      const writeId = newId();
      const write = await put(client, {
        TableName: table,
        Item: itemOf({ ...headOf(after), version: before.version + 1 }, placed, writeId),
        ConditionExpression: 'version = :before OR write_id = :mine',
        ExpressionAttributeValues: { ':before': before.version, ':mine': writeId },
      });
      await shownOf.drop(after.id, write === 'written' ? stored.placed : placed);
      // The entry of its key tells when it changed last.
      if (write === 'written') await collections.take(headOf(after));
      return write;
    },

    async remove(artifact) {
      const stored = await readStored(artifact.id);
      if (stored === undefined) return undefined;
      const change = await collections.leave(headOf(stored), async () => newestButThis(headOf(stored)));
      const condition = { ConditionExpression: 'attribute_exists(pk)' };
      const write = await remove(client, { TableName: table, Key: artifactKey(stored.id), ...condition });
      await removeEntries(stored);
      await shownOf.drop(stored.id, stored.placed);
      return write === 'written' ? change : undefined;
    },

    readCollection: collections.read,
    listCollections: collections.list,
  };

  async function newestButThis({ id, key }: ArtifactHead): Promise<ArtifactHead | undefined> {
    if (key === undefined) return undefined;
    const query = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': artifactsOfPartition('key', key) },
      ScanIndexForward: false,
      Limit: 10,
    };
    for await (const page of pages(client, query)) {
      const ids = page.map((item) => artifactIdOfPlace(String(item['sk']))).filter((other) => other !== id);
      const [next] = await readStoreds(ids);
      if (next !== undefined) return headOf(next);
    }
    return undefined;
  }
}

function shownPart({ data, description, metadata }: Artifact) {
  return {
    data,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function headOf(artifact: ArtifactHead): ArtifactHead {
  const { id, created, updated, version, key, type, flowRunId, taskRunId } = artifact;
  return {
    id,
    created,
    updated,
    version,
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
    ...(flowRunId === undefined ? {} : { flowRunId }),
    ...(taskRunId === undefined ? {} : { taskRunId }),
  };
}

function itemOf(head: ArtifactHead, placed: Placed, writeId: string): Item {
  return toItem(artifactKey(head.id), { ...head, placed } satisfies Stored, {
    version: head.version,
    write_id: writeId,
    list_key: artifactListKey(shardOf(head.id)),
    list_at: artifactPlace(head.created, head.id),
  });
}

function entryKeys({ id, created, key, flowRunId, taskRunId }: ArtifactHead) {
  const owners: readonly (readonly [ArtifactOwner, string | undefined])[] = [
    ['key', key],
    ['flow_run', flowRunId],
    ['task_run', taskRunId],
  ];
  return owners.flatMap(([owner, value]) =>
    value === undefined ? [] : [artifactOfKey(owner, value, artifactPlace(created, id))],
  );
}
