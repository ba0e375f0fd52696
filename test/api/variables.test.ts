import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const create = (name: string, value: unknown, tags?: string[]) =>
  api.call('POST', '/api/variables/', { body: { name, value, tags } });

describe('variables', () => {
  it.each([
    ['text', 'x'],
    ['number', 1.5],
    ['flag', false],
    ['none', null],
    ['list', [1, { a: null }]],
    ['object', { a: { b: [] } }],
  ])('keeps a value that is %s', async (name, value) => {
    const created = await create(name, value);
    const read = await api.call('GET', `/api/variables/name/${name}`);

    expect(created).toMatchObject({ status: 201, body: { name, value, tags: [] } });
    expect(read.body).toEqual(created.body);
  });

  it('reads, changes and deletes a variable by id', async () => {
    const { id } = (await create('by-id', 1)).body;
    const path = `/api/variables/${id}`;

    const changed = await api.call('PATCH', path, { body: { value: null, tags: ['t'] } });
    const read = await api.call('GET', path);
    const deleted = await api.call('DELETE', path);
    const gone = await api.call('GET', path);

    expect(changed.status).toBe(204);
    expect(read.body).toMatchObject({ id, value: null, tags: ['t'] });
    expect([deleted.status, gone.status]).toEqual([204, 404]);
  });

  it('renames a variable, which keeps its id and value', async () => {
    const { id } = (await create('old-name', { a: 1 })).body;

    await api.call('PATCH', '/api/variables/name/old-name', { body: { name: 'new-name' } });
    const renamed = await api.call('GET', '/api/variables/name/new-name');
    const old = await api.call('GET', '/api/variables/name/old-name');

    expect(renamed.body).toMatchObject({ id, name: 'new-name', value: { a: 1 } });
    expect(old.status).toBe(404);
  });

  it('lists and counts by tags and by a part of the name', async () => {
    await create('listed-a', 1, ['x', 'y']);
    await create('listed-b', 2, ['x']);
    await create('listed-c', 3);
    const names = async (variables: object) =>
      (await api.call('POST', '/api/variables/filter', { body: { variables } })).body.map(
        (variable: { name: string }) => variable.name,
      );

    expect(await names({ tags: { all_: ['x'] } })).toEqual(['listed-a', 'listed-b']);
    expect(await names({ tags: { all_: ['x', 'y'] } })).toEqual(['listed-a']);
    expect(await names({ name: { like_: 'LISTED' }, tags: { is_null_: true } })).toEqual(['listed-c']);
    expect(
      (await api.call('POST', '/api/variables/count', { body: { variables: { tags: { all_: ['x'] } } } })).body,
    ).toBe(2);
  });
});

describe('variables that cannot be served', () => {
  it.each([
    ['GET', `/${nobody}`],
    ['PATCH', `/${nobody}`],
    ['DELETE', `/${nobody}`],
    ['GET', '/name/nobody'],
    ['PATCH', '/name/nobody'],
    ['DELETE', '/name/nobody'],
  ])('answers 404 to %s %s', async (method, path) => {
    const answer = await api.call(method, `/api/variables${path}`, method === 'PATCH' ? { body: { value: 1 } } : {});

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Variable not found.' } });
  });

  it('answers 409 to a name that is taken, at creation and at renaming', async () => {
    await create('taken', 1);
    await create('renaming', 2);

    const again = await create('taken', 3);
    const renamed = await api.call('PATCH', '/api/variables/name/renaming', { body: { name: 'taken' } });
    const kept = await api.call('GET', '/api/variables/name/taken');

    expect(again).toMatchObject({
      status: 409,
      body: { detail: "A variable with the name 'taken' already exists." },
    });
    expect(renamed.status).toBe(409);
    expect(kept.body.value).toBe(1);
  });

  it.each([
    [{ name: 'Upper', value: 1 }],
    [{ name: 'with space', value: 1 }],
    [{ name: 'x'.repeat(256), value: 1 }],
    [{ name: 'no-value' }],
    [{ value: 1 }],
    [{ name: 'x', value: 1, tags: 'a' }],
  ])('answers 422 to %j', async (body) => {
    const answer = await api.call('POST', '/api/variables/', { body });

    expect(answer.status).toBe(422);
  });

  it('answers 422 to a value of more than 5,000 bytes, as Prefect does', async () => {
    const largest = await create('largest', 'x'.repeat(4_998));
    const answer = await create('huge', 'x'.repeat(4_999));

    expect(largest.status).toBe(201);
    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].msg).toContain('Variable value must be less than 5000 characters');
  });

  it('answers 409 to a change that takes name or tags away', async () => {
    await create('whole', 1);

    const answers = [
      await api.call('PATCH', '/api/variables/name/whole', { body: { name: null } }),
      await api.call('PATCH', '/api/variables/name/whole', { body: { tags: null } }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
  });
});
