import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, startApi } from './api-under-test.ts';
import { fields, openVault, type Vault } from './vault.ts';

let api: ApiUnderTest;
let vault: Vault;
beforeAll(async () => {
  api = await startApi();
  vault = await openVault(api);
});
afterAll(() => api.close());

describe('block types', () => {
  it('are there from the beginning: those that Prefect brings along', async () => {
    const secret = await api.call('GET', '/api/block_types/slug/secret');
    const types = await api.call('POST', '/api/block_types/filter', { body: {} });
    const slugs = types.body.map(({ slug }: { slug: string }) => slug);

    expect(secret).toMatchObject({ status: 200, body: { name: 'Secret', is_protected: true } });
    expect(slugs).toEqual(expect.arrayContaining(['webhook', 'local-file-system', 'slack-webhook', 'sendgrid-email']));
  });

  it('show a new type, its words escaped at creation and taken as they are in a change', async () => {
    const created = await api.call('POST', '/api/block_types/', {
      body: { name: 'Shown', slug: 'shown', description: 'a <b> & "c"', logo_url: ' http://x/y.png ' },
    });
    const path = `/api/block_types/${created.body.id}`;
    api.clock.now += 1000;

    const changed = await api.call('PATCH', path, { body: { description: '<new>', logo_url: null } });
    const after = await api.call('GET', path);

    expect(created).toMatchObject({
      status: 201,
      body: { description: 'a &lt;b&gt; &amp; "c"', logo_url: 'http://x/y.png', is_protected: false },
    });
    expect(changed.status).toBe(204);
    expect(after.body).toMatchObject({ description: '<new>', logo_url: null, created: created.body.created });
    expect(after.body.updated).not.toBe(created.body.updated);
  });

  it('list by a part of the name, by slug, and by what their schemas can do', async () => {
    const slugs = async (body: object) =>
      (await api.call('POST', '/api/block_types/filter', { body })).body.map(({ slug }: { slug: string }) => slug);

    expect(await slugs({ block_types: { name: { like_: 'VAUL' } } })).toEqual(['vault']);
    expect(await slugs({ block_types: { slug: { any_: ['secret', 'vault'] } } })).toEqual(['secret', 'vault']);
    expect(await slugs({ block_schemas: { block_capabilities: { all_: ['open'] } } })).toEqual(['vault']);
    expect(await slugs({ limit: 1, offset: 1, block_types: { slug: { any_: ['secret', 'vault'] } } })).toEqual([
      'vault',
    ]);
  });

  it('that are deleted take their schemas and blocks along', async () => {
    const type = (await api.call('POST', '/api/block_types/', { body: { name: 'Gone', slug: 'gone' } })).body;
    const schema = (await vault.saveSchema({ fields: { title: 'Gone' }, block_type_id: type.id })).body;
    const block = (await vault.save('gone', {}, { block_schema_id: schema.id, block_type_id: type.id })).body;

    const deleted = await api.call('DELETE', `/api/block_types/${type.id}`);
    const paths = [`block_types/${type.id}`, `block_schemas/${schema.id}`, `block_documents/${block.id}`];
    const left = await Promise.all(paths.map((path) => api.call('GET', `/api/${path}`)));

    expect(deleted.status).toBe(204);
    expect(left.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('that are protected stay, and come back as they were', async () => {
    const { id, description } = (await api.call('GET', '/api/block_types/slug/webhook')).body;
    const schemas = { block_schemas: { block_type_id: { any_: [id] } } };
    const [schema] = (await api.call('POST', '/api/block_schemas/filter', { body: schemas })).body;
    await api.call('PATCH', `/api/block_types/${id}`, { body: { description: 'mine' } });

    const refused = await api.call('DELETE', `/api/block_types/${id}`);
    const alsoRefused = await api.call('DELETE', `/api/block_schemas/${schema.id}`);
    const installed = await api.call('POST', '/api/block_types/install_system_block_types');
    const after = await api.call('GET', `/api/block_types/${id}`);

    expect(refused).toMatchObject({ status: 403, body: { detail: 'protected block types cannot be deleted.' } });
    expect(alsoRefused.status).toBe(403);
    expect(installed).toMatchObject({ status: 200, body: null });
    expect(after.body).toMatchObject({ id, description, is_protected: true });
  });
});

describe('block schemas', () => {
  it('are one by checksum and version', async () => {
    const sent = { fields, block_type_id: vault.typeId };
    const again = await vault.saveSchema({ ...sent, version: '1', capabilities: ['other'] });
    api.clock.now += 1000;
    const newer = await vault.saveSchema({ ...sent, version: '2' });
    const path = `/api/block_schemas/checksum/${newer.body.checksum}`;
    const readVersion = async (query: string) => (await api.call('GET', path, { query })).body;

    expect(again).toMatchObject({ status: 200, body: { id: vault.schemaId, capabilities: ['open'] } });
    expect(newer.status).toBe(201);
    expect(newer.body.checksum).toBe(again.body.checksum);
    expect((await readVersion('version=1')).id).toBe(vault.schemaId);
    expect((await readVersion('')).id).toBe(newer.body.id);
    expect((await readVersion('version=9')).detail).toBe('Block schema not found');
  });

  it('have the checksum that Prefect computes, which tells 1 from 1.0', async () => {
    const text = (number: string) => `{"block_type_id": "${vault.typeId}", "fields": {"default": ${number}}}`;

    const whole = await api.call('POST', '/api/block_schemas/', { text: text('1') });
    const float = await api.call('POST', '/api/block_schemas/', { text: text('1.0') });
    const empty = await vault.saveSchema({ fields: {}, block_type_id: vault.typeId });

    expect(empty.body.checksum).toBe('sha256:f8e6e96abbc38504d4e9c99fc57281fa0026bede1fa42db79f22f984501710f4');
    expect(whole.body.checksum).not.toBe(float.body.checksum);
  });

  it('register the schemas that they refer to, and show them as definitions', async () => {
    const child = { ...fields, title: 'Inner', description: 'an inner one' };
    const outer = {
      type: 'object',
      title: 'Outer',
      properties: { inner: { $ref: '#/definitions/Inner' } },
      block_schema_references: { inner: { block_type_slug: 'vault', block_schema_checksum: 'sha256:unknown' } },
      definitions: { Inner: child, Unused: { type: 'object' } },
    };

    const created = await vault.saveSchema({ fields: outer, block_type_id: vault.typeId });
    const { inner } = created.body.fields.block_schema_references;
    const registered = await api.call('GET', `/api/block_schemas/checksum/${inner.block_schema_checksum}`);

    expect(created.status).toBe(201);
    expect(inner.block_type_slug).toBe('vault');
    expect(Object.keys(created.body.fields.definitions)).toEqual(['Inner']);
    expect(registered.body.fields).toMatchObject({ title: 'Inner', description: 'an inner one' });
  });

  it('tell what blocks can do', async () => {
    const { body } = await api.call('GET', '/api/block_capabilities/');

    expect(body).toEqual(expect.arrayContaining(['notify', 'open', 'write-path']));
  });

  it('that are deleted take their blocks along', async () => {
    const schema = (await vault.saveSchema({ fields: { title: 'Short' }, block_type_id: vault.typeId })).body;
    const block = (await vault.save('short', {}, { block_schema_id: schema.id })).body;

    const deleted = await api.call('DELETE', `/api/block_schemas/${schema.id}`);

    expect(deleted.status).toBe(204);
    expect((await api.call('GET', `/api/block_documents/${block.id}`)).status).toBe(404);
  });
});
