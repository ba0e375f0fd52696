import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { openVault, reference, type Vault } from './vault.ts';

let api: ApiUnderTest;
let vault: Vault;
beforeAll(async () => {
  api = await startApi();
  vault = await openVault(api);
});
afterAll(() => api.close());

describe('blocks that cannot be served', () => {
  it.each([
    ['GET', `/block_types/${nobody}`],
    ['GET', '/block_types/slug/nobody'],
    ['PATCH', `/block_types/${nobody}`],
    ['DELETE', `/block_types/${nobody}`],
    ['GET', '/block_types/slug/nobody/block_documents'],
    ['GET', '/block_types/slug/vault/block_documents/name/nobody'],
    ['GET', `/block_schemas/${nobody}`],
    ['GET', '/block_schemas/checksum/nothing'],
    ['DELETE', `/block_schemas/${nobody}`],
    ['GET', `/block_documents/${nobody}`],
    ['PATCH', `/block_documents/${nobody}`],
    ['DELETE', `/block_documents/${nobody}`],
  ])('answer 404 to %s %s', async (method, path) => {
    const answer = await api.call(method, `/api${path}`, method === 'PATCH' ? { body: {} } : {});

    expect(answer.status).toBe(404);
  });

  it.each([
    ['block_types', { name: 'Prefect thing', slug: 'thing' }, 403],
    ['block_types', { name: 'Vault', slug: 'vault' }, 409],
    ['block_types', { name: 'x', slug: 'Not A Slug' }, 422],
    ['block_types', { name: 'a/b', slug: 'x' }, 422],
    ['block_types', { name: 'x', slug: 'x', more: 1 }, 422],
    ['block_schemas', { block_type_id: nobody }, 404],
    ['block_schemas', { fields: [], block_type_id: nobody }, 422],
  ])('answer a new one of %s, %j, with %i', async (what, body, status) => {
    expect((await api.call('POST', `/api/${what}/`, { body })).status).toBe(status);
  });

  it.each([
    ['a name that is no name', 'Not A Name', {}, {}, 422],
    ['no name', undefined, {}, {}, 422],
    ['an unknown schema', 'x', {}, { block_schema_id: nobody }, 409],
    ['an unknown type', 'x', {}, { block_type_id: nobody }, 404],
    ['a reference to nothing', 'x', { a: reference(nobody) }, {}, 409],
    ['a reference without an id', 'x', { a: { $ref: {} } }, {}, 400],
    ['a reference that is text', 'x', { a: { $ref: 'x' } }, {}, 400],
    ['a reference that is no id', 'x', { a: reference('x') }, {}, 400],
  ])('answer a block with %s', async (_what, name, data, more, status) => {
    expect((await vault.save(name, data, more)).status).toBe(status);
  });

  it('answer 409 to a name that is taken in its type', async () => {
    await vault.save('taken', {});

    expect(await vault.save('taken', {})).toMatchObject({ status: 409, body: { detail: 'Block already exists' } });
  });

  it('answer 400 to a circle of references, and to a schema of another type', async () => {
    const one = (await vault.save('circle-1', {})).body;
    const other = (await vault.save('circle-2', { next: reference(one.id) })).body;
    const type = (await api.call('GET', '/api/block_types/slug/secret')).body;
    const body = { block_schemas: { block_type_id: { any_: [type.id] } } };
    const [foreign] = (await api.call('POST', '/api/block_schemas/filter', { body })).body;

    const circle = await vault.change(one.id, { data: { back: reference(other.id) } });
    const self = await vault.change(one.id, { data: { back: reference(one.id) } });
    const moved = await vault.change(one.id, { block_schema_id: foreign.id, data: {} });

    expect([circle.status, self.status, moved.status]).toEqual([400, 400, 400]);
    expect((await vault.read(one.id)).data).toEqual({});
  });

  it('answer 409 to a schema that refers to an unknown type, and 422 to one that does not define it', async () => {
    const refers = (slug: string) => ({
      title: `To ${slug}`,
      properties: { a: { $ref: '#/definitions/A' } },
      block_schema_references: { a: { block_type_slug: slug, block_schema_checksum: 'sha256:x' } },
    });

    const unknown = await vault.saveSchema({ fields: refers('nobody'), block_type_id: vault.typeId });
    const undefinedOne = await vault.saveSchema({ fields: refers('vault'), block_type_id: vault.typeId });

    expect([unknown.status, undefinedOne.status]).toEqual([409, 422]);
  });

  it('answer 413 to a block that no item can hold', async () => {
    const answer = await vault.save('huge', { url: randomBytes(300_000).toString('base64') });

    expect(answer.status).toBe(413);
  });

  it('answer 422 to a query that is neither yes nor no', async () => {
    const { id } = (await vault.save('asked', {})).body;

    expect((await api.call('GET', `/api/block_documents/${id}`, { query: 'include_secrets=maybe' })).status).toBe(422);
  });
});
