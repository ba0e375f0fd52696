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

describe('blocks', () => {
  it('hide their secrets from whoever does not ask for them', async () => {
    const data = { url: 'u', token: 'hush', headers: { a: 'x', b: { c: 1 } } };
    const created = await vault.save('hiding', data);

    const hidden = await vault.read(created.body.id);
    const shown = await vault.read(created.body.id, 'include_secrets=true');
    const byName = await api.call('GET', '/api/block_types/slug/vault/block_documents/name/hiding');

    expect(created.status).toBe(201);
    expect(hidden.data).toEqual({ url: 'u', token: '********', headers: { a: '********', b: { c: '********' } } });
    expect(created.body.data).toEqual(hidden.data);
    expect(byName.body).toEqual(hidden);
    expect(shown.data).toEqual(data);
    expect(hidden).toMatchObject({
      block_type_name: 'Vault',
      block_schema: { id: vault.schemaId, block_type: { id: vault.typeId } },
    });
  });

  it('hide a secret that is an object as a whole', async () => {
    const secret = (await api.call('GET', '/api/block_types/slug/secret')).body;
    const [schema] = (
      await api.call('POST', '/api/block_schemas/filter', {
        body: { block_schemas: { block_type_id: { any_: [secret.id] } } },
      })
    ).body;
    const value = { user: 'u', password: 'hush' };
    const ids = { block_schema_id: schema.id, block_type_id: secret.id };

    const block = (await vault.save('pair', { value }, ids)).body;
    await vault.change(block.id, { data: { value: '********' } });

    expect(block.data).toEqual({ value: '********' });
    expect((await vault.read(block.id, 'include_secrets=1')).data).toEqual({ value });
  });

  it('show the blocks that they refer to, secrets hidden there as well', async () => {
    const inner = (await vault.save('inner', { url: 'i', token: 'hush' })).body;
    const middle = (await vault.save('middle', { url: 'm', next: reference(inner.id) })).body;
    const outer = (await vault.save('outer', { next: reference(middle.id) })).body;

    const shown = await vault.read(outer.id, 'include_secrets=true');

    expect(outer.data).toEqual({ next: { url: 'm', next: { url: 'i', token: '********' } } });
    expect(shown.data.next.next.token).toBe('hush');
    expect(outer.block_document_references.next.block_document).toMatchObject({
      id: middle.id,
      name: 'middle',
      block_type: { slug: 'vault' },
      block_document_references: { next: { block_document: { id: inner.id } } },
    });
  });

  it('lose what they refer to when it is deleted', async () => {
    const inner = (await vault.save('leaving', { url: 'x' })).body;
    const outer = (await vault.save('staying', { url: 'y', next: reference(inner.id) })).body;

    await api.call('DELETE', `/api/block_documents/${inner.id}`);
    const after = await vault.read(outer.id);

    expect(after.data).toEqual({ url: 'y' });
    expect(after.block_document_references).toEqual({});
  });

  it('merge a change into their data unless told to replace it', async () => {
    const { id } = (await vault.save('changing', { url: 'a', token: 'hush', headers: { a: 'x', b: 'y' } })).body;

    await vault.change(id, { data: { url: 'b', token: '********', headers: { a: '********', c: 'z' } } });
    const merged = (await vault.read(id, 'include_secrets=true')).data;
    await vault.change(id, { data: { url: 'c' }, merge_existing_data: false });
    const replaced = (await vault.read(id, 'include_secrets=true')).data;

    expect(merged).toEqual({ url: 'b', token: 'hush', headers: { a: 'x', c: 'z' } });
    expect(replaced).toEqual({ url: 'c' });
  });

  it('move to another schema of their type together with data', async () => {
    const { id } = (await vault.save('moving', {})).body;
    const other = (await vault.saveSchema({ fields: { title: 'Next' }, block_type_id: vault.typeId })).body;

    await vault.change(id, { block_schema_id: other.id });
    const unmoved = (await vault.read(id)).block_schema_id;
    await vault.change(id, { block_schema_id: other.id, data: {} });

    expect(unmoved).toBe(vault.schemaId);
    expect((await vault.read(id)).block_schema_id).toBe(other.id);
  });

  it('are listed without the anonymous ones unless these are asked for', async () => {
    const anonymous = (await vault.save(undefined, { token: 'x' }, { is_anonymous: true })).body;
    await vault.save('listed-a', {});
    await vault.save('listed-b', {});
    const own = { block_types: { slug: { any_: ['vault'] } } };
    const named = (filter: object) => vault.list({ ...own, block_documents: filter });

    expect(anonymous.name).toMatch(/^anonymous-/);
    expect(await named({ name: { like_: 'LISTED' } })).toEqual(['listed-a', 'listed-b']);
    expect(await named({ is_anonymous: { eq_: true } })).toEqual([anonymous.name]);
    expect(await named({ is_anonymous: null })).toContain(anonymous.name);
    expect(await vault.list({ ...own })).not.toContain(anonymous.name);
    const byName = await vault.list({ ...own, sort: 'NAME_ASC' });
    expect(await vault.list({ ...own, sort: null })).toEqual(byName);
    expect(await vault.list({ ...own, sort: 'NAME_DESC', block_documents: { name: { like_: 'listed' } } })).toEqual([
      'listed-b',
      'listed-a',
    ]);
    expect(
      (
        await api.call('POST', '/api/block_documents/count', {
          body: { block_documents: { name: { like_: 'listed-' } } },
        })
      ).body,
    ).toBe(2);
  });

  it('keep the change of each of many that change one block at once', async () => {
    const { id } = (await vault.save('crowded', {})).body;
    const keys = Array.from({ length: 6 }, (_, at) => `key-${at}`);

    const answers = await Promise.all(keys.map((key) => vault.change(id, { data: { [key]: 1 } })));

    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 204));
    expect(Object.keys((await vault.read(id)).data).sort()).toEqual(keys);
  });

  it('are told of by events that hold no secret', async () => {
    const before = api.sentEvents.length;
    const { id } = (await vault.save('told', { url: 'plain', token: 'hush' })).body;
    await vault.change(id, { data: { url: 'changed' } });
    await api.call('DELETE', `/api/block_documents/${id}`);

    const events = api.sentEvents.slice(before);

    expect(events.map(({ event }) => event)).toEqual([
      'prefect.block-document.created',
      'prefect.block-document.updated',
      'prefect.block-document.deleted',
    ]);
    expect(events[0]).toMatchObject({
      resource: { 'prefect.resource.id': `prefect.block-document.${id}`, 'prefect.resource.name': 'told' },
      payload: { name: 'told', data: { url: 'plain' } },
    });
    expect(JSON.stringify(events)).not.toContain('hush');
    expect(JSON.stringify(api.logged)).not.toContain('hush');
  });
});

describe('the default storage of results', () => {
  it('is a block that can write, until it is cleared or deleted', async () => {
    const type = (await api.call('GET', '/api/block_types/slug/local-file-system')).body;
    const body = { block_schemas: { block_type_id: { any_: [type.id] } } };
    const [schema] = (await api.call('POST', '/api/block_schemas/filter', { body })).body;
    const ids = { block_schema_id: schema.id, block_type_id: type.id };
    const block = (await vault.save('results', { basepath: '/r' }, ids)).body;
    const storage = async () => (await api.call('GET', '/api/admin/storage')).body.default_result_storage_block_id;
    const set = () => api.call('PUT', '/api/admin/storage', { body: { default_result_storage_block_id: block.id } });

    const answer = await set();
    const whileSet = await storage();
    const cleared = await api.call('DELETE', '/api/admin/storage');
    const afterClearing = await storage();
    await set();
    await api.call('DELETE', `/api/block_documents/${block.id}`);

    expect(answer).toMatchObject({ status: 200, body: { default_result_storage_block_id: block.id } });
    expect([whileSet, cleared.status, afterClearing, await storage()]).toEqual([block.id, 204, null, null]);
  });

  it('is neither a block that cannot write nor one that is not there', async () => {
    const block = (await vault.save('no-storage', {})).body;
    const set = (id: string) =>
      api.call('PUT', '/api/admin/storage', { body: { default_result_storage_block_id: id } });

    expect(await set(block.id)).toMatchObject({
      status: 422,
      body: { detail: `Block document ${block.id} cannot be used for result storage.` },
    });
    expect((await set(nobody)).status).toBe(404);
    expect((await set('nonsense')).status).toBe(422);
  });
});
