// /v2/concurrency_limits: limits, slots and leases as Prefect's clients ask for them.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const root = '/api/v2/concurrency_limits';
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  api.call('POST', `${root}${path}`, { body, headers });
const read = async (idOrName: string) => (await api.call('GET', `${root}/${idOrName}`)).body;
const patch = (idOrName: string, body: object) => api.call('PATCH', `${root}/${idOrName}`, { body });
const take = (names: string[], over: object = {}) => post('/increment-with-lease', { names, slots: 1, ...over });
const renew = (leaseId: string, body: object = {}) => post(`/leases/${leaseId}/renew`, body);

async function aLimit(over: object = {}): Promise<{ id: string; name: string }> {
  const answer = await post('/', { name: `l-${randomUUID()}`, limit: 2, ...over });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

describe('global limits', () => {
  it('are created with defaults and read by id and by name', async () => {
    const created = await post('/', { name: 'fresh', limit: 2 });

    expect(created).toMatchObject({
      status: 201,
      body: {
        name: 'fresh',
        limit: 2,
        active: true,
        active_slots: 0,
        denied_slots: 0,
        slot_decay_per_second: 0,
        avg_slot_occupancy_seconds: 2,
      },
    });
    const { denied_slots: _denied, avg_slot_occupancy_seconds: _average, ...shown } = created.body;
    expect(await read('fresh')).toEqual(shown);
    expect(await read(created.body.id)).toEqual(shown);
    expect(await read(created.body.id.replaceAll('-', ''))).toEqual(shown);
  });

  it('keep what they are created with', async () => {
    const { name } = await aLimit({ limit: 0, active: false, active_slots: 3, denied_slots: 2 });
    const rate = await aLimit({ slot_decay_per_second: 0.5, active_slots: 2 });

    expect(await read(name)).toMatchObject({ limit: 0, active: false, active_slots: 3 });
    expect(await read(rate.name)).toMatchObject({ active_slots: 2, slot_decay_per_second: 0.5 });
  });

  it('are changed field by field, renamed and deleted', async () => {
    const { id, name } = await aLimit();

    const changed = await patch(name, { limit: 7, active: false, active_slots: 4, slot_decay_per_second: 0.25 });
    await patch(id, { name: `${name}-new`, slot_decay_per_second: 0 });
    const renamed = await read(`${name}-new`);
    const empty = await patch(id, {});
    const deleted = await api.call('DELETE', `${root}/${name}-new`);

    expect([changed.status, empty.status, deleted.status]).toEqual([204, 204, 204]);
    expect(renamed).toMatchObject({ id, limit: 7, active: false, slot_decay_per_second: 0 });
    expect((await api.call('GET', `${root}/${name}`)).status).toBe(404);
    expect((await api.call('GET', `${root}/${id}`)).status).toBe(404);
  });

  it('tell of themselves in events', async () => {
    const before = api.sentEvents.length;
    const { id, name } = await aLimit();
    await patch(name, { limit: 3 });
    await api.call('DELETE', `${root}/${name}`);

    const events = api.sentEvents.slice(before).filter(({ event }) => event.startsWith('prefect.concurrency-limit.'));

    expect(events.map(({ event }) => event.split('.').at(-1))).toEqual(['created', 'updated', 'deleted']);
    expect(events[1]).toMatchObject({
      resource: { 'prefect.resource.id': `prefect.concurrency-limit.${id}`, 'prefect.resource.name': name },
      payload: { name, limit: 3, active: true, slot_decay_per_second: 0 },
    });
  });

  it('are listed by name, page by page', async () => {
    const prefix = `0-${randomUUID()}`;
    for (const letter of ['c', 'a', 'b']) await aLimit({ name: `${prefix}${letter}` });
    const all = (await post('/filter', { limit: 200, offset: null })).body as { name: string }[];
    const first = all.findIndex(({ name }) => name === `${prefix}a`);

    const page = await post('/filter', { limit: 2, offset: first + 1 });

    expect(page.body.map(({ name }: { name: string }) => name)).toEqual([`${prefix}b`, `${prefix}c`]);
    expect((await post('/filter', { limit: 201 })).status).toBe(422);
  });

  it('answer 409 to a name that is taken and to null, as Prefect’s database does', async () => {
    const [one, other] = [await aLimit(), await aLimit()];

    const answers = [
      await post('/', { name: one.name, limit: 1 }),
      await patch(other.name, { name: one.name }),
      await patch(other.name, { limit: null }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409]);
    expect(answers[0]?.body.detail).toMatch(/^Data integrity conflict/);
    expect(await read(other.name)).toMatchObject({ name: other.name, limit: 2 });
  });

  it.each([
    ['GET', nobody],
    ['GET', 'nobody'],
    ['PATCH', 'nobody'],
    ['DELETE', 'nobody'],
    ['DELETE', nobody],
  ])('answer 404 to %s %s', async (method, name) => {
    const answer = await api.call(method, `${root}/${name}`, method === 'PATCH' ? { body: { limit: null } } : {});

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Concurrency Limit not found' } });
  });

  it.each([
    ['/', { name: 'a/b', limit: 1 }],
    ['/', { name: 'x', limit: -1 }],
    ['/', { name: 'x', limit: 1, extra: 1 }],
    ['/', { limit: 1 }],
    ['/', { name: 'é'.repeat(501), limit: 1 }],
    ['/', { name: 'x', limit: 1, slot_decay_per_second: -1 }],
    ['/increment', { names: ['x'], slots: 0 }],
    ['/increment', { names: null, slots: 1 }],
    ['/increment', { names: ['x'], slots: 1, mode: 'other' }],
    ['/increment-with-lease', { names: ['x'], slots: 1, lease_duration: 59 }],
    ['/increment-with-lease', { names: ['x'], slots: 1, lease_duration: 86_401 }],
    ['/increment-with-lease', { names: ['x'], slots: 1, holder: { type: 'x', id: nobody } }],
    ['/increment-with-lease', { names: ['x'], slots: 1, holder: { type: 'task_run', id: nobody, x: 1 } }],
    ['/decrement', { names: ['x'] }],
    ['/decrement', { names: ['x'], slots: 1, occupancy_seconds: 0 }],
    ['/decrement-with-lease', { lease_id: 'x' }],
    ['/decrement-with-lease', {}],
    ['/leases/x/renew', {}],
    [`/leases/${nobody}/renew`, { lease_duration: 1 }],
  ])('answer 422 to POST %s %j', async (path, body) => {
    expect((await post(path, body)).status).toBe(422);
  });
});

describe('slots', () => {
  it('are taken and given back by number', async () => {
    const { id, name } = await aLimit();

    const taken = await post('/increment', { names: [name, name, 'nobody', ''], slots: 2, mode: null });
    const full = await read(name);
    const given = await post('/decrement', { names: [name, 'nobody'], slots: 1, occupancy_seconds: 2.5 });

    expect(taken).toMatchObject({ status: 200, body: [{ id, name, limit: 2 }] });
    expect(full.active_slots).toBe(2);
    expect(given.body).toEqual([{ id, name, limit: 2 }]);
    expect((await read(name)).active_slots).toBe(1);
  });

  it('of names without a limit hold nobody back', async () => {
    expect((await post('/increment', { names: ['nobody'], slots: 1 })).body).toEqual([]);
    expect((await post('/increment', { names: [], slots: 1 })).body).toEqual([]);
    expect((await post('/decrement', { names: ['nobody'], slots: 1 })).body).toEqual([]);
    expect(await take(['nobody'])).toMatchObject({ status: 200, body: { limits: [] } });
  });

  it('that are not there are answered 423 with Retry-After in seconds', async () => {
    const { name } = await aLimit({ active_slots: 2 });

    for (const answer of [await post('/increment', { names: [name], slots: 1 }), await take([name])]) {
      expect(answer).toMatchObject({ status: 423, body: { detail: 'Locked' } });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0.5);
      expect(Number(answer.headers['retry-after'])).toBeLessThan(5);
    }
  });

  it('beyond the limit are refused at once, and so is a rate without decay', async () => {
    const { name } = await aLimit();

    const many = await post('/increment', { names: [name], slots: 3 });
    const rate = await post('/increment', { names: [name], slots: 1, mode: 'rate_limit' });

    expect(many).toMatchObject({ status: 422, body: { detail: 'Slots requested is greater than the limit' } });
    expect(rate.status).toBe(422);
    expect(rate.body.detail).toMatch(`do not have a decay configured: '${name}'`);
    expect((await read(name)).active_slots).toBe(0);
  });

  it('of an inactive limit are free, and the limit is named all the same', async () => {
    const { name } = await aLimit({ active: false, limit: 0 });

    const answer = await take([name]);

    expect(answer).toMatchObject({ status: 200, body: { limits: [{ name, limit: 0 }] } });
    expect((await renew(answer.body.lease_id)).status).toBe(204);
  });

  it('of a rate come back with time', async () => {
    const { name } = await aLimit({ slot_decay_per_second: 1 });
    await post('/increment', { names: [name], slots: 2, mode: 'rate_limit' });

    const refused = await post('/increment', { names: [name], slots: 1, mode: 'rate_limit' });
    api.clock.now += 1_000;
    const granted = await post('/increment', { names: [name], slots: 1, mode: 'rate_limit' });

    expect([refused.status, granted.status]).toEqual([423, 200]);
    expect((await read(name)).active_slots).toBe(2);
  });
});

describe('leases', () => {
  it('are renewed until they are given back', async () => {
    const { id, name } = await aLimit();
    const { lease_id: leaseId, limits } = (await take([name], { slots: 2, lease_duration: 60 })).body;

    api.clock.now += 45_000;
    const kept = await renew(leaseId, { lease_duration: 60 });
    api.clock.now += 45_000;
    const held = await read(name);
    const given = await post('/decrement-with-lease', { lease_id: leaseId });
    const again = await post('/decrement-with-lease', { lease_id: leaseId });

    expect(limits).toEqual([{ id, name, limit: 2 }]);
    expect([kept.status, given.status, again.status]).toEqual([204, 204, 204]);
    expect(held.active_slots).toBe(2);
    expect((await read(name)).active_slots).toBe(0);
    expect(await renew(leaseId)).toMatchObject({
      status: 410,
      body: { detail: 'Lease not found - it may have expired or been revoked' },
    });
  });

  it('that run out make room for others', async () => {
    const { name } = await aLimit({ limit: 1 });
    await take([name], { lease_duration: 60 });

    const early = await take([name]);
    api.clock.now += 60_000;
    const late = await take([name]);

    expect([early.status, late.status]).toEqual([423, 200]);
  });

  it('of a task run on its tags are one, of anybody else as many as were asked for', async () => {
    const { name } = await aLimit({ name: `tag:${randomUUID()}`, limit: 5 });
    const holder = { type: 'task_run', id: randomUUID() };

    const repeated = [await take([name], { holder }), await take([name], { holder })];
    const others = [await take([name]), await take([name])];

    expect(repeated[1]?.body.lease_id).toBe(repeated[0]?.body.lease_id);
    expect(others[1]?.body.lease_id).not.toBe(others[0]?.body.lease_id);
    expect((await read(name)).active_slots).toBe(3);
  });

  it('asked for twice with one Idempotency-Key are one', async () => {
    const { name } = await aLimit();
    const ask = () => post('/increment-with-lease', { names: [name], slots: 1 }, { 'idempotency-key': `k-${name}` });

    const [one, other] = [await ask(), await ask()];

    expect(other.body).toEqual(one.body);
    expect((await read(name)).active_slots).toBe(1);
  });

  it('show who holds the slots of a limit, oldest first', async () => {
    const { name } = await aLimit({ limit: 5 });
    const holder = { type: 'flow_run', id: randomUUID() };
    const { lease_id: leaseId } = (await take([name], { holder, slots: 2, lease_duration: 60 })).body;
    api.clock.now += 1;
    await post('/increment', { names: [name], slots: 1 });

    const holders = await api.call('GET', `/api/slipway/concurrency_limits/${name}/holders`);

    expect(api.clock.now).toBeGreaterThan(start);
    expect(holders).toMatchObject({
      status: 200,
      body: [
        { ...holder, slots: 2, lease_id: leaseId, expires: expect.stringMatching(/Z$/) },
        { type: null, id: null, slots: 1, lease_id: null, expires: null },
      ],
    });
    expect((await api.call('GET', '/api/slipway/concurrency_limits/nobody/holders')).status).toBe(404);
  });
});
