import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createArtifacts } from '../../shared/adapters/dynamodb/artifacts.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { artifactKey, artifactPartsPartition } from '../../shared/adapters/dynamodb/table.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Artifact } from '../../shared/domain/artifact/artifact.ts';
import { timedId } from '../../shared/domain/identity.ts';
import type { Artifacts } from '../../shared/ports/artifacts.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { itemBytes, type Raw, rawTable } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let artifacts: Artifacts;
let control: Raw;
let bulk: Raw;
let at = 1_000_000;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  artifacts = createArtifacts({
    client,
    table: database.controlTable,
    bulkTable: database.bulkTable,
    newId: world.newId,
  });
  control = rawTable(database.endpoint, database.controlTable);
  bulk = rawTable(database.endpoint, database.bulkTable);
});
afterAll(async () => {
  control.close();
  bulk.close();
  client.destroy();
  await database.close();
});

function anArtifact(change: Partial<Artifact> = {}): Artifact {
  at += 1;
  const created = change.created ?? at;
  return { id: timedId(created, randomUUID()), created, updated: created, version: 1, data: null, ...change };
}

const parts = (id: string) => bulk.sortKeys(artifactPartsPartition(id));
const all = async (pages: AsyncIterable<readonly string[]>) => {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page);
  return ids;
};

it('keeps the item of a large artifact small, and its data in parts', async () => {
  const artifact = anArtifact({ data: randomBytes(1_000_000).toString('base64') });

  await artifacts.create(artifact);
  const item = await control.item(artifactKey(artifact.id));

  expect(itemBytes(item ?? {})).toBeLessThan(1_000);
  expect((await parts(artifact.id)).length).toBeGreaterThan(2);
  expect((await artifacts.read(artifact.id))?.data === artifact.data).toBe(true);
});

it('removes the parts that a change replaced, those of a change that lost, and all at the end', async () => {
  const artifact = anArtifact({ data: randomBytes(10_000).toString('base64') });
  await artifacts.create(artifact);
  const [first] = await parts(artifact.id);
  const next = (data: string) => ({ ...artifact, updated: artifact.updated + 1, data });

  const won = await artifacts.change(artifact, next(randomBytes(20_000).toString('base64')));
  const lost = await artifacts.change(artifact, next(randomBytes(30_000).toString('base64')));
  const afterwards = await parts(artifact.id);
  await artifacts.remove(artifact);

  expect([won, lost]).toEqual(['written', 'lost']);
  expect(afterwards).toHaveLength(1);
  expect(afterwards).not.toContain(first);
  expect(await parts(artifact.id)).toEqual([]);
});

it('reads the newer data when somebody replaces it between head and parts', async () => {
  const artifact = anArtifact({ data: randomBytes(10_000).toString('base64') });
  await artifacts.create(artifact);
  const stale = await artifacts.readHeads([artifact.id]);
  const newer = { ...artifact, data: randomBytes(10_000).toString('base64') };
  await artifacts.change(artifact, newer);

  const [filled] = await artifacts.fill(stale);

  expect(filled?.data === newer.data).toBe(true);
});

it('makes the newest of many that come at once the latest of their key', async () => {
  const key = randomUUID();
  const made = Array.from({ length: 12 }, () => anArtifact({ key }));

  await Promise.all(made.toSorted(() => 0.5 - Math.random()).map((artifact) => artifacts.create(artifact)));
  const collection = await artifacts.readCollection(key);

  expect(collection?.latestId).toBe(made.at(-1)?.id);
  expect(await all(artifacts.listOf('key', key))).toEqual(made.map(({ id }) => id).reverse());
});

it('never gives the place of the latest to an older artifact that comes late', async () => {
  const key = randomUUID();
  const older = anArtifact({ key });
  const newer = anArtifact({ key });

  const first = await artifacts.create(newer);
  const second = await artifacts.create(older);

  expect([first.kind, second.kind]).toEqual(['created', 'untouched']);
  expect((await artifacts.readCollection(key))?.latestId).toBe(newer.id);
});

it('leaves nothing of an artifact that is deleted', async () => {
  const owners = { key: randomUUID(), flowRunId: randomUUID(), taskRunId: randomUUID() };
  const artifact = anArtifact(owners);
  await artifacts.create(artifact);

  const change = await artifacts.remove(artifact);

  expect(change).toMatchObject({ kind: 'deleted', collection: { key: owners.key } });
  expect(await artifacts.remove(artifact)).toBeUndefined();
  expect(await all(artifacts.listOf('key', owners.key))).toEqual([]);
  expect(await all(artifacts.listOf('flow_run', owners.flowRunId))).toEqual([]);
  expect(await all(artifacts.listOf('task_run', owners.taskRunId))).toEqual([]);
  expect(await artifacts.readCollection(owners.key)).toBeUndefined();
});

it('lists all artifacts newest first over every shard, page after page', async () => {
  const made = Array.from({ length: 450 }, () => anArtifact());
  for (let from = 0; from < made.length; from += 50) {
    await Promise.all(made.slice(from, from + 50).map((artifact) => artifacts.create(artifact)));
  }

  const ids = await all(artifacts.list());

  expect(ids.slice(0, made.length)).toEqual(made.map(({ id }) => id).reverse());
  expect(new Set(ids).size).toBe(ids.length);
});
