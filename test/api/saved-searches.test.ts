import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const filter = { object: 'flow', property: 'name', type: 'string', operation: 'equals', value: 'x' };
const save = (body: object) => api.call('PUT', '/api/saved_searches/', { body });

describe('saved searches', () => {
  it('are made once a name, and replaced after that', async () => {
    const first = await save({ name: 'mine', filters: [{ ...filter, unknown: 1 }] });
    const second = await save({ name: 'mine' });
    const read = await api.call('GET', `/api/saved_searches/${first.body.id}`);

    expect(first).toMatchObject({ status: 201, body: { name: 'mine', filters: [filter] } });
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id, filters: [] } });
    expect(read.body).toEqual(second.body);
  });

  it('are listed by name, page by page, until they are deleted', async () => {
    const { id } = (await save({ name: 'z-last' })).body;
    await save({ name: 'a first, whose name has spaces / and signs' });
    const names = async (body: object) =>
      (await api.call('POST', '/api/saved_searches/filter', { body })).body.map(({ name }: { name: string }) => name);

    const all = await names({});
    const deleted = await api.call('DELETE', `/api/saved_searches/${id}`);

    expect(all).toEqual([...all].sort());
    expect(await names({ limit: 1, offset: 0 })).toEqual(['a first, whose name has spaces / and signs']);
    expect(deleted.status).toBe(204);
    expect(await names({})).not.toContain('z-last');
  });

  it.each(['GET', 'DELETE'])('answer 404 to %s of one that is not there', async (method) => {
    expect(await api.call(method, `/api/saved_searches/${nobody}`)).toMatchObject({
      status: 404,
      body: { detail: 'Saved search not found' },
    });
  });

  it.each([{}, { name: 'x', more: 1 }, { name: 'x', filters: [{ object: 'flow' }] }])(
    'answer 422 to %j',
    async (body) => {
      expect((await save(body)).status).toBe(422);
    },
  );
});
