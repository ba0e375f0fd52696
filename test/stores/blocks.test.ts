import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { blockKey } from '../../shared/adapters/dynamodb/table.ts';
import { world } from '../../shared/adapters/world.ts';
import { blockDocumentIdOf, blockTypeIdOf, type OpenBlock } from '../../shared/domain/block/block.ts';
import { installedBlocks } from '../../shared/domain/block/built-in/built-in-blocks.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import { installBuiltInBlocks } from '../../shared/use-cases/install-blocks.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { type TestSecretBox, testSecretBox } from '../support/secret-key.ts';
import { loseNextReply, type Raw, rawTable } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let secretKey: TestSecretBox;
let catalogue: Catalogue;
let raw: Raw;
const options = () => ({ client, table: database.controlTable, ...world });
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  secretKey = await testSecretBox();
  catalogue = createCatalogue({ ...options(), secretBox: secretKey.box });
  raw = rawTable(database.endpoint, database.controlTable);
});
afterAll(async () => {
  raw.close();
  client.destroy();
  await database.close();
  await secretKey.remove();
});

const typeId = blockTypeIdOf(world.sha256, 'vault');

function aBlock(
  change: { data?: OpenBlock['data']; references?: Record<string, string>; name?: string } = {},
): OpenBlock {
  const name = change.name ?? randomUUID();
  const document = {
    id: blockDocumentIdOf(world.sha256, typeId, name),
    created: 1,
    updated: 1,
    version: 1,
    name,
    blockTypeId: typeId,
    blockTypeName: 'Vault',
    blockSchemaId: randomUUID(),
    isAnonymous: false,
    references: change.references ?? {},
  };
  return { document, data: change.data ?? {} };
}

it('keeps no word of the data of a block that somebody could read who sees the table', async () => {
  const block = aBlock({ data: { plain: 'not-secret-by-schema', token: 'hush-hush' } });
  await catalogue.blockDocuments.create(block);

  const item = JSON.stringify(await raw.item(blockKey('document', block.document.id)));

  expect(item).toContain(block.document.name);
  expect(item).not.toContain('not-secret-by-schema');
  expect(item).not.toContain('hush-hush');
});

it('does not open data that was moved to another block', async () => {
  const [one, other] = [aBlock({ data: { token: 'hush' } }), aBlock()];
  const sealed = await secretKey.box.seal('{"token":"hush"}', `block document ${one.document.id}`);
  const moving = { ...secretKey.box, seal: async () => sealed };
  await createCatalogue({ ...options(), secretBox: moving }).blockDocuments.create(other);

  await expect(catalogue.blockDocuments.openAll([other.document.id])).rejects.toThrow('cannot be opened');
});

it('gives templates the data with secrets, the blocks that it refers to filled in', async () => {
  const inner = aBlock({ data: { token: 'hush' } });
  const outer = aBlock({ data: { url: 'u' }, references: { login: inner.document.id, gone: randomUUID() } });
  await catalogue.blockDocuments.create(inner);
  await catalogue.blockDocuments.create(outer);

  const expected = { url: 'u', login: { token: 'hush' } };
  expect(await catalogue.blocks.readData('vault', outer.document.name)).toEqual(expected);
  expect(await catalogue.blocks.readDataById(outer.document.id)).toEqual(expected);
  expect(await catalogue.blocks.readData('vault', 'nobody')).toBeUndefined();
  expect(await catalogue.blocks.readData('nobody', outer.document.name)).toBeUndefined();
});

it('opens every block of a circle once', async () => {
  const [one, other] = [aBlock(), aBlock()];
  const [first, second] = [one.document.id, other.document.id];
  await catalogue.blockDocuments.create(aBlock({ name: one.document.name, references: { next: second } }));
  await catalogue.blockDocuments.create(aBlock({ name: other.document.name, references: { next: first } }));

  const opened = await catalogue.blockDocuments.openAll([first, randomUUID()]);

  expect([...opened.keys()].sort()).toEqual([first, second].sort());
});

it('changes a block only from the version that was read', async () => {
  const block = aBlock({ data: { a: 1 } });
  await catalogue.blockDocuments.create(block);

  const first = await catalogue.blockDocuments.change(block.document, { ...block, data: { a: 2 } });
  const stale = await catalogue.blockDocuments.change(block.document, { ...block, data: { a: 3 } });

  expect([first, stale]).toEqual(['written', 'lost']);
  expect((await catalogue.blockDocuments.openAll([block.document.id])).get(block.document.id)?.data).toEqual({ a: 2 });
});

it('takes a creation whose reply was lost for its own', async () => {
  const flaky = createDocumentClient();
  const store = createCatalogue({ ...options(), client: flaky, secretBox: secretKey.box }).blockDocuments;
  loseNextReply(flaky);
  const block = aBlock();

  expect((await store.create(block)).kind).toBe('created');
  expect((await store.create(block)).kind).toBe('exists');
  flaky.destroy();
});

it('lets a Lambda without a key list blocks, and open none', async () => {
  const block = aBlock();
  await catalogue.blockDocuments.create(block);
  const blind = createCatalogue(options());

  expect(await blind.blockDocuments.list()).toContainEqual(block.document);
  await expect(blind.blocks.readDataById(block.document.id)).rejects.toThrow('no key for secrets');
});

it('installs the blocks of Prefect once, from many at once, and leaves what clients changed', async () => {
  const deps = { world, catalogue };
  await Promise.all(Array.from({ length: 5 }, () => installBuiltInBlocks(deps)));
  const secret = await catalogue.blockTypes.readBySlug('secret');
  if (secret === undefined) throw new Error('wanted the type secret');
  await catalogue.blockTypes.put({ ...secret, description: 'theirs' });
  await catalogue.settings.remove('built-in-blocks');

  await installBuiltInBlocks(deps);

  const types = await catalogue.blockTypes.list();
  expect(types).toHaveLength(installedBlocks.length);
  expect(await catalogue.blockSchemas.list()).toHaveLength(installedBlocks.length);
  expect((await catalogue.blockTypes.readBySlug('secret'))?.description).toBe('theirs');
});
