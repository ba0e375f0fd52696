import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventStore } from '../../shared/ports/events.ts';
import { anEvent } from '../support/event-builders.ts';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
let shop: string;
beforeAll(async () => {
  api = await startApi();
});
beforeEach(() => {
  shop = `shop.${randomUUID()}`;
});
afterAll(() => api.close());

const iso = (minutesAgo: number) => new Date(start - minutesAgo * 60_000).toISOString();

const sent = (over: object = {}) => ({
  id: randomUUID(),
  occurred: iso(5),
  event: 'shop.opened',
  resource: { 'prefect.resource.id': shop, 'prefect.resource.name': 'corner' },
  ...over,
});

/** Posts events and lets the store have them, as the queue's consumer does. */
async function post(events: readonly object[]) {
  const answer = await api.call('POST', '/api/events', { body: events });
  await api.eventStore.keep(api.sentEvents.splice(0));
  return answer;
}

const filter = (over: object = {}) => ({ resource: { id: [shop] }, ...over });
const find = async (over: object = {}, extra: object = {}) =>
  await api.call('POST', '/api/events/filter', { body: { filter: filter(over), ...extra } });
const count = (by: string, body: object = {}) =>
  api.call('POST', `/api/events/count-by/${by}`, { body: { filter: filter(), ...body } });
const names = (answer: { body: { events: { event: string }[] } }) => answer.body.events.map(({ event }) => event);

/** The query of a link. */
const queryOf = (link: string) => ({ query: new URL(link).search.slice(1) });

/** So many events, the newest first, in pages of a hundred. */
function aStoreOf(count: number): Pick<EventStore, 'list'> {
  const events = Array.from({ length: count }, (_, at) => anEvent({ id: `e${at}`, occurred: start - at }));
  return {
    async *list({ after }) {
      const from = after === undefined ? 0 : events.findIndex(({ id }) => id === after.id) + 1;
      for (let at = from; at < count; at += 100) yield events.slice(at, at + 100);
    },
  };
}

describe('events', () => {
  it('are taken, and listed with what was left out filled in', async () => {
    const event = sent({ occurred: '2026-11-23T11:00:00.123456+00:00' });

    const answer = await post([event]);
    const listed = await find();

    expect(answer.status).toBe(204);
    expect(listed.body).toEqual({
      events: [
        {
          ...event,
          occurred: '2026-11-23T11:00:00.123456Z',
          related: [],
          payload: {},
          follows: null,
          received: new Date(start).toISOString(),
        },
      ],
      total: 1,
      next_page: null,
    });
  });

  it('are listed once though they were sent twice', async () => {
    const event = sent();

    await post([event, event]);
    await post([event]);

    expect((await find()).body.total).toBe(1);
  });

  it('come newest first unless asked otherwise', async () => {
    await post([sent({ event: 'old', occurred: iso(9) }), sent({ event: 'new', occurred: iso(1) })]);

    expect(names(await find())).toEqual(['new', 'old']);
    expect(names(await find({ order: 'ASC' }))).toEqual(['old', 'new']);
  });

  it('are found by every part of the filter', async () => {
    const id = randomUUID();
    const related = [{ 'prefect.resource.id': 'town.1', 'prefect.resource.role': 'town', size: 'small' }];
    await post([sent({ id, event: 'shop.closed', related, payload: { why: 'holiday' } }), sent({ occurred: iso(60) })]);
    const found = async (over: object) => names(await find(over));

    expect(await found({ occurred: { since: iso(10) } })).toEqual(['shop.closed']);
    expect(await found({ occurred: { until: iso(10) } })).toEqual(['shop.opened']);
    expect(await found({ event: { prefix: ['shop.'], exclude_name: ['shop.closed'] } })).toEqual(['shop.opened']);
    expect(await found({ resource: { id_prefix: [shop], labels: { 'prefect.resource.name': 'corn*' } } })).toHaveLength(
      2,
    );
    expect(await found({ related: { role: ['town'], labels: { size: ['small'] } } })).toEqual(['shop.closed']);
    expect(await found({ any_resource: [{ id: [shop] }, { id_prefix: ['town.'] }] })).toEqual(['shop.closed']);
    expect(await found({ id: { id: [id] } })).toEqual(['shop.closed']);
    expect(await found({ text: { query: 'HOLIDAY' } })).toEqual(['shop.closed']);
    expect(await found({ text: { query: 'tuesday' } })).toEqual([]);
  });

  it('are paged: each page leads to the next, none repeats and none is left out', async () => {
    const events = Array.from({ length: 7 }, (_, at) => sent({ event: `e${at}`, occurred: iso(at % 3) }));
    await post(events);

    const first = await find({}, { limit: 3 });
    const second = await api.call('GET', '/api/events/filter/next', queryOf(first.body.next_page));
    const third = await api.call('GET', '/api/events/filter/next', queryOf(second.body.next_page));

    expect([first, second, third].map(({ body }) => body.total)).toEqual([7, 7, 7]);
    expect(third.body.next_page).toBeNull();
    expect([first, second, third].flatMap(names).sort()).toEqual(events.map(({ event }) => event).sort());
  });

  it('are counted no further than a bound, and paged beyond it all the same', async () => {
    const busy = api.with({ eventStore: aStoreOf(5_000) });

    const first = await busy.call('POST', '/api/events/filter', { body: {} });
    let last = first;
    const seen = new Set<string>();
    for (;;) {
      for (const { id } of last.body.events) seen.add(id);
      if (last.body.next_page === null) break;
      last = await busy.call('GET', '/api/events/filter/next', queryOf(last.body.next_page));
    }

    expect(first.body.total).toBe(2_000);
    expect(last.body.total).toBe(5_000);
    expect(seen.size).toBe(5_000);
  });

  it('are not looked for among more than a request may read', async () => {
    const busy = api.with({ eventStore: aStoreOf(60_000) });

    const answers = [
      await busy.call('POST', '/api/events/filter', { body: { filter: { event: { name: ['rare'] } } } }),
      await busy.call('POST', '/api/events/count-by/event', { body: { filter: {} } }),
    ];

    for (const answer of answers) {
      expect(answer.status).toBe(422);
      expect(answer.body.detail).toContain('narrow filter.occurred.since');
    }
  });

  it('that come while somebody pages do not move his pages', async () => {
    await post([sent({ event: 'a', occurred: iso(3) }), sent({ event: 'b', occurred: iso(2) })]);
    const first = await find({}, { limit: 1 });

    await post([sent({ event: 'c', occurred: iso(1) })]);
    const second = await api.call('GET', '/api/events/filter/next', queryOf(first.body.next_page));

    expect([first, second].flatMap(names)).toEqual(['b', 'a']);
  });

  it('that come in late, behind the place where a page ended, are on the next one', async () => {
    await post([1, 3].map((at) => sent({ occurred: iso(at), event: `e${at}` })));
    const first = await find({}, { limit: 1 });
    const next = queryOf(first.body.next_page);

    const before = await api.call('GET', '/api/events/filter/next', next);
    await post([sent({ occurred: iso(2), event: 'e2' })]);
    const after = await api.call('GET', '/api/events/filter/next', next);

    expect([before, after].map(names)).toEqual([['e3'], ['e2']]);
  });

  it('are all meant by a filter that is null', async () => {
    await post([sent()]);

    const answer = await api.call('POST', '/api/events/filter', { body: { filter: null } });

    expect(answer.status).toBe(200);
    expect(names(answer)).toContain('shop.opened');
  });

  it('lead to the next page at the address by which the caller came', async () => {
    await post([sent(), sent()]);
    const headers = { host: 'api.example.com', 'x-forwarded-proto': 'https' };

    const answer = await api.call('POST', '/api/events/filter', { body: { filter: filter(), limit: 1 }, headers });

    expect(answer.body.next_page).toMatch(/^https:\/\/api\.example\.com\/api\/events\/filter\/next\?page-token=./);
  });

  it('of distinct resources are the newest of each, over pages too', async () => {
    const of = (resource: string, event: string, minutes: number) =>
      sent({ event, occurred: iso(minutes), resource: { 'prefect.resource.id': `${shop}.${resource}` } });
    await post([of('a', 'a1', 5), of('a', 'a2', 1), of('b', 'b1', 2), of('c', 'c1', 4), of('c', 'c2', 3)]);
    const distinct = { resource: { id_prefix: [shop], distinct: true } };

    const first = await find(distinct, { limit: 2 });
    const second = await api.call('GET', '/api/events/filter/next', queryOf(first.body.next_page));

    expect(first.body.total).toBe(3);
    expect([first, second].flatMap(names)).toEqual(['a2', 'b1', 'c2']);
  });

  it('are counted by name, resource and time', async () => {
    await post([sent({ event: 'x' }), sent({ event: 'y' }), sent({ event: 'x', occurred: iso(24 * 60) })]);
    const since = { occurred: { since: iso(48 * 60) } };

    const byName = await count('event');
    const byResource = await count('resource');
    const byDay = await count('day', { filter: filter(since) });
    const byHour = await count('time', { filter: filter(since), time_unit: 'hour', time_interval: 12 });

    expect(byName.body.map(({ value, count }: { value: string; count: number }) => [value, count])).toEqual([
      ['x', 2],
      ['y', 1],
    ]);
    expect(byResource.body).toMatchObject([{ value: shop, label: 'corner', count: 3, start_time: iso(24 * 60) }]);
    expect(byDay.body.map((day: { count: number }) => day.count)).toEqual([0, 1, 2]);
    expect(byDay.body[1]).toEqual({
      value: '1',
      label: '2026-11-22T00:00:00+00:00',
      count: 1,
      start_time: '2026-11-22T00:00:00.000Z',
      end_time: '2026-11-22T23:59:59.999999Z',
    });
    expect(byHour.body.map((span: { count: number }) => span.count)).toEqual([0, 0, 1, 2]);
  });

  it('are counted all, also where a list would show one of each resource', async () => {
    await post([sent({ event: 'x' }), sent({ event: 'x', occurred: iso(60) })]);

    const counts = await count('event', { filter: filter({ resource: { id: [shop], distinct: true } }) });

    expect(counts.body).toMatchObject([{ value: 'x', count: 2 }]);
  });

  it('that are larger than Prefect takes are dropped, the others of the request kept', async () => {
    const answer = await post([sent({ event: 'large', payload: { text: 'x'.repeat(1_500_000) } }), sent()]);

    expect(answer.status).toBe(204);
    expect(names(await find())).toEqual(['shop.opened']);
    expect(api.logged.map(({ message }) => message)).toContain('event too large, dropped');
  });

  it('of 1.4 MB are kept and listed', async () => {
    await post([sent({ payload: { text: 'x'.repeat(1_400_000) } })]);

    const answer = await find();

    expect(answer.body.events[0].payload.text).toHaveLength(1_400_000);
  });
});

describe('events that cannot be taken', () => {
  it.each([
    [{ id: undefined }, ['body', 1, 'id'], 'missing'],
    [{ occurred: 'yesterday' }, ['body', 1, 'occurred'], 'value_error'],
    [{ event: 'x'.repeat(1025) }, ['body', 1, 'event'], 'value_error'],
    [{ resource: { name: 'nobody' } }, ['body', 1, 'resource'], 'value_error'],
    [{ resource: { 'prefect.resource.id': '' } }, ['body', 1, 'resource'], 'value_error'],
    [{ related: [{ 'prefect.resource.id': 'x' }] }, ['body', 1, 'related', 0], 'value_error'],
    [
      { related: Array.from({ length: 101 }, () => ({ 'prefect.resource.id': 'x', 'prefect.resource.role': 'y' })) },
      ['body', 1, 'related'],
      'value_error',
    ],
    [{ follows: 'x' }, ['body', 1, 'follows'], undefined],
    [{ payload: [] }, ['body', 1, 'payload'], undefined],
  ])('answer 422 and keep nothing of their batch', async (over, loc, type) => {
    const answer = await api.call('POST', '/api/events', { body: [sent(), sent(over)] });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0]).toMatchObject(type === undefined ? { loc } : { loc, type });
    expect(api.sentEvents).toEqual([]);
  });

  it.each([
    ['filter', { limit: 51 }],
    ['filter', { limit: -1 }],
    ['filter', { filter: { colour: 'red' } }],
    ['filter', { filter: { occurred: null } }],
    ['filter', { filter: { resource: { ids: [] } } }],
    ['filter', { filter: { id: { id: ['x'] } } }],
    ['filter', { filter: { text: { query: 'x'.repeat(201) } } }],
    ['filter', { filter: { order: 'UP' } }],
    ['count-by/event', {}],
    ['count-by/time', { filter: {}, time_unit: 'month' }],
    ['count-by/time', { filter: {}, time_interval: 0.001 }],
    ['count-by/time', { filter: {}, time_unit: 'minute' }],
    ['count-by/nothing', { filter: {} }],
  ])('answer 422 to POST /events/%s with %j', async (path, body) => {
    const answer = await api.call('POST', `/api/events/${path}`, { body });

    expect(answer.status).toBe(422);
  });

  it.each(['', 'zzz', Buffer.from('{"filter":{}}').toString('base64url')])(
    'answer 403 to the page token %j',
    async (token) => {
      const answer = await api.call('GET', '/api/events/filter/next', { query: `page-token=${token}` });

      expect(answer).toMatchObject({ status: 403, body: { detail: 'Forbidden' } });
    },
  );

  it('answer 422 to a missing page token', async () => {
    const answer = await api.call('GET', '/api/events/filter/next');

    expect(answer).toMatchObject({ status: 422, body: { exception_detail: [{ loc: ['query', 'page-token'] }] } });
  });
});
