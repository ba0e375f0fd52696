// /concurrency_limits: limits on task tags are the global limits `tag:<tag>`, seen the old way.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const root = '/api/concurrency_limits';
const post = (path: string, body: object) => api.call('POST', `${root}${path}`, { body });
const read = async (tag: string) => (await api.call('GET', `${root}/tag/${tag}`)).body;
const global = async (tag: string) => (await api.call('GET', `/api/v2/concurrency_limits/tag:${tag}`)).body;
const create = (tag: string, concurrency_limit: number) => post('/', { tag, concurrency_limit });
const take = (tags: string[], task_run_id: string) => post('/increment', { names: tags, task_run_id });
const give = (tags: string[], task_run_id: string) => post('/decrement', { names: tags, task_run_id });

describe('limits on tags', () => {
  it('are created once, changed by creating them again, and read by tag and id', async () => {
    const tag = randomUUID();

    const created = await create(tag, 1);
    const again = await create(tag, 2);
    const { id } = created.body;
    const byId = await api.call('GET', `${root}/${id}`);

    expect(created).toMatchObject({ status: 201, body: { tag, concurrency_limit: 1, active_slots: [] } });
    expect(again).toMatchObject({ status: 200, body: { id, concurrency_limit: 2 } });
    expect(byId.body).toEqual(await read(tag));
    expect(await global(tag)).toMatchObject({ id, name: `tag:${tag}`, limit: 2, active_slots: 0 });
  });

  it('are those that the global limits name', async () => {
    const tag = randomUUID();
    await api.call('POST', '/api/v2/concurrency_limits/', { body: { name: `tag:${tag}`, limit: 3 } });
    const other = await api.call('POST', '/api/v2/concurrency_limits/', { body: { name: `no-${tag}`, limit: 3 } });

    const listed = (await post('/filter', { limit: 200 })).body.map((limit: { tag: string }) => limit.tag);

    expect(listed).toContain(tag);
    expect(listed).not.toContain(`no-${tag}`);
    expect(await read(tag)).toMatchObject({ tag, concurrency_limit: 3 });
    expect((await api.call('GET', `${root}/${other.body.id}`)).status).toBe(404);
  });

  it('are deleted by tag and by id, and end their leases', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const { id } = (await create(one, 1)).body;
    await create(other, 1);
    const lease = await api.call('POST', '/api/v2/concurrency_limits/increment-with-lease', {
      body: { names: [`tag:${one}`], slots: 1 },
    });

    const answers = [
      await api.call('DELETE', `${root}/${id}`),
      await api.call('DELETE', `${root}/tag/${other}`),
      await api.call('DELETE', `${root}/${id}`),
      await api.call('DELETE', `${root}/tag/${other}`),
    ];
    const renewal = await api.call('POST', `/api/v2/concurrency_limits/leases/${lease.body.lease_id}/renew`);

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, null],
      [200, null],
      [404, { detail: 'Concurrency limit not found' }],
      [404, { detail: 'Concurrency limit not found' }],
    ]);
    expect(renewal.status).toBe(410);
  });

  it.each([
    ['GET', `/${nobody}`, undefined, 404],
    ['GET', '/x', undefined, 404],
    ['GET', '/tag/nobody', undefined, 404],
    ['POST', '/tag/nobody/reset', {}, 404],
    ['POST', '/', { tag: 'a/b', concurrency_limit: 1 }, 422],
    ['POST', '/', { tag: 'a', concurrency_limit: 1, more: 1 }, 422],
    ['POST', '/', { tag: 'a' }, 422],
    ['POST', '/filter', { limit: 201 }, 422],
    ['POST', '/tag/nobody/reset', { slot_override: ['x'] }, 422],
    ['POST', '/increment', { names: ['a'] }, 422],
    ['POST', '/decrement', { task_run_id: nobody }, 422],
  ])('answer %s %s %j with %i', async (method, path, body, status) => {
    const answer = await api.call(method, `${root}${path}`, body === undefined ? {} : { body });

    expect(answer.status).toBe(status);
  });
});

describe('slots of tags', () => {
  it('are held by task runs, each once, until they give them back', async () => {
    const tag = randomUUID();
    const { id } = (await create(tag, 1)).body;
    const [one, other] = [randomUUID(), randomUUID()];

    const answers = [await take([tag, 'nobody'], one), await take([tag], one)];
    const full = await take([tag], other);
    const held = await read(tag);
    const given = await give([tag, 'nobody'], one);

    expect(answers.map(({ body }) => body)).toEqual(Array(2).fill([{ id, name: tag, limit: 1 }]));
    expect(full).toMatchObject({
      status: 423,
      headers: { 'retry-after': '10' },
      body: { detail: `Concurrency limit for the ${tag} tag has been reached` },
    });
    expect(held.active_slots).toEqual([one]);
    expect(given.body).toEqual([{ id, name: `tag:${tag}`, limit: 1 }]);
    expect((await read(tag)).active_slots).toEqual([]);
    expect((await take([tag], other)).status).toBe(200);
    expect((await global(tag)).active_slots).toBe(1);
  });

  it('of a limit of 0 are refused without a time to come back, which the client takes for a no', async () => {
    const tag = randomUUID();
    await create(tag, 0);

    const answer = await take([tag], nobody);

    expect(answer.status).toBe(423);
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(answer.body.detail).toBe(
      `The concurrency limit on tag "${tag}" is 0 and will deadlock if the task tries to run again.`,
    );
  });

  it('are reset to nobody, or to whom the caller says', async () => {
    const tag = randomUUID();
    await create(tag, 2);
    const [one, other] = [randomUUID(), randomUUID()];
    await take([tag], one);

    const reset = await post(`/tag/${tag}/reset`, { slot_override: [other, other] });
    const overridden = await read(tag);
    await post(`/tag/${tag}/reset`, {});

    expect([reset.status, reset.body]).toEqual([200, null]);
    expect(overridden.active_slots).toEqual([other]);
    expect((await read(tag)).active_slots).toEqual([]);
    expect((await global(tag)).active_slots).toBe(0);
  });

  it('of no tags and of tags without a limit are free', async () => {
    expect((await take([], nobody)).body).toEqual([]);
    expect((await take(['nobody'], nobody)).body).toEqual([]);
    expect((await give(['nobody'], nobody)).body).toEqual([]);
  });
});
