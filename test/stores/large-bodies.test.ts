// Bodies of runs that no item holds: on the real local database and, by S3's own protocol, in the local stack's bucket.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyBucketName } from '../../local/account.ts';
import { type LocalQueue, startQueue } from '../../local/queue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { runBodyItemKey } from '../../shared/adapters/dynamodb/table.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { world } from '../../shared/adapters/world.ts';
import type { RunBody } from '../../shared/domain/run/run.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { aRun } from '../support/run-builders.ts';
import { aBody, itemBytes, type Raw, rawTable } from '../support/stores.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';

let database: TestDatabase;
let folder: TempDir;
let server: LocalQueue;
let client: DocumentClient;
let raw: Raw;
let runs: Runs;
const serve = async () => {
  server = await startQueue(folder.path);
  process.env['AWS_ENDPOINT_URL_S3'] = server.endpoint;
};
beforeAll(async () => {
  [database, folder] = await Promise.all([startDatabase(), tempDir('slipway-bodies-')]);
  await serve();
  client = createDocumentClient();
  raw = rawTable(database.endpoint, database.controlTable);
  runs = storeOn(client);
});
afterAll(async () => {
  client.destroy();
  raw.close();
  await Promise.all([server.close(), database.close()]);
  await folder.remove();
});

const storeOn = (own: DocumentClient) =>
  createRuns({
    client: own,
    table: database.controlTable,
    newId: world.newId,
    now: world.now,
    largeBodies: createLargeBodies(bodyBucketName),
  });
const fresh = () => aRun({ id: world.newId(), bodyId: world.newId() });
const derived = { mayHaveLived: true };
const objects = createLargeBodies(bodyBucketName);

/** A body whose JSON has so many bytes, not all of them characters of their own. */
function bodyOf(bytes: number): RunBody {
  const empty = Buffer.byteLength(JSON.stringify(aBody({ parameters: { text: 'é' } })));
  return aBody({ parameters: { text: `é${'x'.repeat(bytes - empty)}` } });
}

/** The key of the object that the item of this body names. */
async function objectOf(runId: string, bodyId: string): Promise<string | undefined> {
  return (await raw.item(runBodyItemKey(runId, bodyId)))?.['s3']?.M?.['key']?.S;
}

describe('a body', () => {
  it.each([
    { bytes: 299_999, place: 'item' },
    { bytes: 300_000, place: 'item' },
    { bytes: 300_001, place: 'object' },
    { bytes: 5_500_000, place: 'object' },
  ])('of $bytes bytes lies in an $place, and is read back as it was', async ({ bytes, place }) => {
    const body = bodyOf(bytes);

    const { run } = await runs.create(fresh(), body, derived);

    expect(await objectOf(run.id, run.bodyId)).toBe(place === 'object' ? `runs/${run.id}/${run.bodyId}` : undefined);
    const item = await raw.item(runBodyItemKey(run.id, run.bodyId));
    expect(itemBytes(item ?? {})).toBeLessThan(place === 'object' ? 400 : 400 * 1024);
    expect(await runs.readBody(run)).toEqual(body);
    expect((await runs.readBodies([run])).get(run.id)).toEqual(body);
  });

  it('of more than any answer can carry is refused, and nothing is created', async () => {
    const run = fresh();

    await expect(runs.create(run, bodyOf(5_500_001), derived)).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringMatching(/may take 5500000 bytes together, got 5500001$/),
    });

    expect(await runs.read(run.id)).toBeUndefined();
  });

  it('that is written again under its id is the same object', async () => {
    const { run } = await runs.create(fresh(), bodyOf(310_000), derived);
    const key = await objectOf(run.id, run.bodyId);

    await runs.writeBody(run.id, run.bodyId, bodyOf(320_000));

    expect(await objectOf(run.id, run.bodyId)).toBe(key);
    expect(await runs.readBody(run)).toEqual(bodyOf(320_000));
  });

  it('grows out of its item and shrinks into one again', async () => {
    const { run } = await runs.create(fresh(), bodyOf(1_000), derived);

    await runs.writeBody(run.id, 'grown', bodyOf(400_000));
    await runs.writeBody(run.id, 'shrunk', bodyOf(2_000));

    expect(await runs.readBody({ ...run, bodyId: 'grown' })).toEqual(bodyOf(400_000));
    expect(await runs.readBody({ ...run, bodyId: 'shrunk' })).toEqual(bodyOf(2_000));
  });
});

describe('a large body whose writer dies', () => {
  it('before the head is written belongs to nobody, and its run is created as if nothing had been', async () => {
    const run = fresh();
    const dying = createDocumentClient();
    dieAtHead(dying);

    await expect(storeOn(dying).create(run, bodyOf(310_000), derived)).rejects.toThrow('died');
    dying.destroy();

    expect(await runs.read(run.id)).toBeUndefined();
    expect(await runs.readMany([run.id])).toEqual([]);
    const again = { ...run, bodyId: world.newId() };
    expect((await runs.create(again, bodyOf(350_000), derived)).kind).toBe('created');
    expect(await runs.readBody(again)).toEqual(bodyOf(350_000));
  });
});

describe('a deleted run', () => {
  it('takes its objects along, those of former bodies and of creations that died included', async () => {
    const run = fresh();
    const dying = createDocumentClient();
    dieAtHead(dying);
    await expect(storeOn(dying).create({ ...run, bodyId: 'orphan' }, bodyOf(310_000), derived)).rejects.toThrow('died');
    dying.destroy();
    await runs.create(run, bodyOf(320_000), derived);
    await runs.writeBody(run.id, 'second', bodyOf(330_000));
    const keys = await Promise.all(['orphan', run.bodyId, 'second'].map((bodyId) => objectOf(run.id, bodyId)));
    expect(await textsOf(keys)).not.toContain(undefined);

    await runs.remove(run);

    expect(await textsOf(keys)).toEqual([undefined, undefined, undefined]);
    expect(await raw.sortKeys(`run#${run.id}`)).toEqual([]);
  });

  it('whose object is gone already says that it has no body', async () => {
    const { run } = await runs.create(fresh(), bodyOf(310_000), derived);
    await objects.remove(`runs/${run.id}/${run.bodyId}`);
    await objects.remove(`runs/${run.id}/${run.bodyId}`);

    expect(await runs.readBodies([run])).toEqual(new Map());
    await expect(runs.readBody(run)).rejects.toThrow(`run ${run.id} has no body ${run.bodyId}`);
  });
});

describe('the server of the local stack', () => {
  it('keeps bodies when it ends and starts again', async () => {
    const { run } = await runs.create(fresh(), bodyOf(310_000), derived);

    await server.close();
    await serve();

    expect(await storeOn(client).readBody(run)).toEqual(bodyOf(310_000));
  });
});

const textsOf = (keys: readonly (string | undefined)[]) =>
  Promise.all(keys.map((key) => objects.read(key ?? 'no key')));

/** The program behind this client ends as it is about to write a head. */
function dieAtHead(own: DocumentClient): void {
  own.middlewareStack.add(
    (next) => async (args) => {
      const { Item } = args.input as { Item?: { sk?: unknown } };
      if (Item?.sk === 'head') throw new Error('died');
      return next(args);
    },
    { step: 'initialize', name: 'die-at-head' },
  );
}
