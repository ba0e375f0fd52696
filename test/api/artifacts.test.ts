import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const create = async (body: object) => {
  api.clock.now += 10;
  return api.call('POST', '/api/artifacts/', { body });
};
const find = async (body: object) =>
  (await api.call('POST', '/api/artifacts/filter', { body })).body.map(({ id }: { id: string }) => id);
const latestOf = (key: string) => api.call('GET', `/api/artifacts/${key}/latest`);

describe('artifacts', () => {
  it('are kept as they were sent, long metadata cut', async () => {
    const sent = { key: 'kept', type: 'table', description: 'd', data: [{ x: 1 }], flow_run_id: nobody };
    const created = await create({ ...sent, metadata_: { long: 'v'.repeat(600) } });

    const read = await api.call('GET', `/api/artifacts/${created.body.id}`);

    expect(created).toMatchObject({ status: 201, body: { ...sent, task_run_id: null } });
    expect(created.body.metadata_.long).toBe(`${'v'.repeat(500)}...`);
    expect(read).toMatchObject({ status: 200, body: created.body });
  });

  it.each([
    ['4 MB of noise', () => randomBytes(3_000_000).toString('base64')],
    ['4 MB of text', () => 'lorem ipsum '.repeat(350_000)],
    ['data of just over an inline item', () => 'x'.repeat(2_100)],
  ])('hold %s', async (_what, data) => {
    const sent = data();
    const { body } = await create({ key: 'large', data: sent });

    const read = await api.call('GET', `/api/artifacts/${body.id}`);

    expect(read.body.data === sent).toBe(true);
  });

  it('change what was sent and nothing else', async () => {
    const { id } = (await create({ key: 'changed', data: 'x'.repeat(5_000), description: 'old' })).body;
    const path = `/api/artifacts/${id}`;

    await api.call('PATCH', path, { body: { data: 'y'.repeat(6_000) } });
    const first = (await api.call('GET', path)).body;
    await api.call('PATCH', path, { body: { data: null, description: 'new' } });
    const second = (await api.call('GET', path)).body;

    expect(first).toMatchObject({ data: 'y'.repeat(6_000), description: 'old' });
    expect(second).toMatchObject({ data: null, description: 'new', key: 'changed' });
    expect((await latestOf('changed')).body).toMatchObject({ data: null, description: 'new' });
  });

  it('are listed by key, run, task and type, newest first', async () => {
    const [run, task] = [randomUUID(), randomUUID()];
    const one = (await create({ key: 'found', type: 'markdown', flow_run_id: run, task_run_id: task })).body.id;
    const two = (await create({ key: 'found', type: 'table', flow_run_id: run })).body.id;
    const none = (await create({ type: 'result', flow_run_id: run })).body.id;
    const mine = { flow_run_id: { any_: [run] } };

    expect(await find({ artifacts: { key: { any_: ['found'] } } })).toEqual([two, one]);
    expect(await find({ artifacts: mine })).toEqual([none, two, one]);
    expect(await find({ artifacts: mine, limit: 1, offset: 1 })).toEqual([two]);
    expect(await find({ artifacts: { task_run_id: { any_: [task] } } })).toEqual([one]);
    expect(await find({ artifacts: { ...mine, type: { not_any_: ['table'] } } })).toEqual([none, one]);
    expect(await find({ artifacts: { ...mine, key: { exists_: false } } })).toEqual([none]);
    expect(await find({ artifacts: { key: { like_: 'FOUN' } } })).toEqual([two, one]);
    expect(await find({ artifacts: { ...mine, key: { exists_: true } }, sort: 'KEY_ASC' })).toEqual([two, one]);
    expect(await find({ artifacts: { operator: 'or_', id: { any_: [one] }, type: { any_: ['result'] } } })).toEqual(
      expect.arrayContaining([one, none]),
    );
    expect((await api.call('POST', '/api/artifacts/count', { body: { artifacts: mine } })).body).toBe(3);
  });

  it('are listed by the runs, flows and task runs that they belong to', async () => {
    const flow = (await api.call('POST', '/api/flows/', { body: { name: 'of artifacts' } })).body.id;
    const run = (await api.call('POST', '/api/flow_runs/', { body: { flow_id: flow, name: 'owner' } })).body.id;
    const id = (await create({ key: 'owned', flow_run_id: run })).body.id;
    const stray = (await create({ key: 'owned', flow_run_id: randomUUID() })).body.id;
    const keyed = { artifacts: { key: { any_: ['owned'] } } };

    expect(await find(keyed)).toEqual([stray, id]);
    expect(await find({ ...keyed, flow_runs: { name: { any_: ['owner'] } } })).toEqual([id]);
    expect(await find({ flow_runs: { id: { any_: [run] } } })).toEqual([id]);
    expect(await find({ ...keyed, flows: { name: { any_: ['of artifacts'] } } })).toEqual([id]);
    expect(await find({ ...keyed, flows: { name: { any_: ['another'] } } })).toEqual([]);
    expect(await find({ ...keyed, deployments: {} })).toEqual([]);
    expect(await find({ ...keyed, task_runs: {} })).toEqual([]);
  });

  it('count all when no filter is given, and one more after one more', async () => {
    const count = async () => (await api.call('POST', '/api/artifacts/count', { body: {} })).body;
    const before = await count();

    await create({});

    expect(await count()).toBe(before + 1);
  });
});

describe('the latest artifact of a key', () => {
  it('is the newest, under an id that stays while the artifacts change', async () => {
    const first = (await create({ key: 'latest', data: 1 })).body;
    const before = (await latestOf('latest')).body;
    const second = (await create({ key: 'latest', data: 2, type: 'progress' })).body;
    const after = (await latestOf('latest')).body;

    expect(before).toMatchObject({ data: 1, created: first.created });
    expect(after).toMatchObject({ id: before.id, data: 2, created: first.created, updated: second.created });
    expect(after.id).not.toBe(second.id);
  });

  it('is the one before when it is deleted, and none when all are', async () => {
    const first = (await create({ key: 'shrinking', data: 1 })).body;
    const second = (await create({ key: 'shrinking', data: 2 })).body;

    const deleted = await api.call('DELETE', `/api/artifacts/${second.id}`);
    const left = (await latestOf('shrinking')).body;
    await api.call('DELETE', `/api/artifacts/${first.id}`);

    expect(deleted.status).toBe(204);
    expect(left).toMatchObject({ data: 1, updated: first.updated });
    expect((await latestOf('shrinking')).status).toBe(404);
    expect(await find({ artifacts: { key: { any_: ['shrinking'] } } })).toEqual([]);
  });

  it('is listed and counted with what the artifact shows', async () => {
    const run = randomUUID();
    await create({ key: 'shown-a', type: 'table' });
    const latest = (await create({ key: 'shown-a', type: 'image', data: 'i', flow_run_id: run })).body;
    await create({ key: 'shown-b', type: 'table' });
    const keys = async (artifacts: object, more: object = {}) =>
      (await api.call('POST', '/api/artifacts/latest/filter', { body: { artifacts, ...more } })).body.map(
        ({ key }: { key: string }) => key,
      );

    const [shown] = (
      await api.call('POST', '/api/artifacts/latest/filter', { body: { artifacts: { key: { any_: ['shown-a'] } } } })
    ).body;

    expect(shown).toMatchObject({ key: 'shown-a', latest_id: latest.id, type: 'image', data: 'i', flow_run_id: run });
    expect(await keys({ key: { like_: 'shown-' } }, { sort: 'KEY_ASC' })).toEqual(['shown-a', 'shown-b']);
    expect(await keys({ key: { like_: 'shown-' } }, { sort: 'KEY_DESC', limit: 1 })).toEqual(['shown-b']);
    expect(await keys({ latest_id: { any_: [latest.id] } })).toEqual(['shown-a']);
    expect(await keys({ flow_run_id: { any_: [run] } })).toEqual(['shown-a']);
    expect(await keys({ key: { any_: ['shown-a'] } }, { flow_runs: { id: { any_: [run] } } })).toEqual([]);
    expect(
      (await api.call('POST', '/api/artifacts/latest/count', { body: { artifacts: { key: { like_: 'shown-' } } } }))
        .body,
    ).toBe(2);
  });

  it('is told of by events of its key', async () => {
    const before = api.sentEvents.length;
    const first = (await create({ key: 'told', data: 'a' })).body;
    await create({ key: 'told', data: 'b' });
    await api.call('DELETE', `/api/artifacts/${first.id}`);
    await create({ data: 'no key' });

    const events = api.sentEvents.slice(before);

    expect(events.map(({ event, payload }) => [event, payload['data']])).toEqual([
      ['prefect.artifact-collection.created', 'a'],
      ['prefect.artifact-collection.updated', 'b'],
    ]);
  });
});

describe('artifacts that cannot be served', () => {
  it.each([
    ['GET', `/${nobody}`, undefined],
    ['PATCH', `/${nobody}`, { data: 1 }],
    ['DELETE', `/${nobody}`, undefined],
    ['GET', '/nobody/latest', undefined],
  ])('answer 404 to %s %s', async (method, path, body) => {
    const answer = await api.call(method, `/api/artifacts${path}`, body === undefined ? {} : { body });

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Artifact not found.' } });
  });

  it.each([
    ['/', { key: 'Not A Key' }],
    ['/', { key: 'k'.repeat(1_001) }],
    ['/', { metadata_: { a: 1 } }],
    ['/', { more: 1 }],
    ['/', { flow_run_id: 'x' }],
    ['/filter', { sort: 'NOPE' }],
    ['/filter', { artifacts: { nope: 1 } }],
    ['/filter', { limit: 201 }],
    ['/latest/filter', { artifacts: { id: { any_: [] } } }],
    ['/count', { artifacts: { key: 1 } }],
    ['/latest/count', { artifacts: { type: 'x' } }],
  ])('answer 422 to POST %s %j', async (path, body) => {
    expect((await api.call('POST', `/api/artifacts${path}`, { body })).status).toBe(422);
  });

  it('answer 422, and say which filter to add, when too many would have to be read', async () => {
    const ids = Array.from({ length: 5_001 }, () => randomUUID());
    const many = {
      ...api.deps.artifacts,
      list: async function* () {
        yield ids;
      },
    };

    const answer = await api
      .with({ artifacts: many })
      .call('POST', '/api/artifacts/filter', { body: { artifacts: { type: { any_: ['x'] } } } });

    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('add artifacts.key.any_');
  });
});
