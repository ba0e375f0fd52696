import { randomBytes, randomUUID } from 'node:crypto';
import { DeleteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { eventKey } from '../../shared/adapters/dynamodb/table.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { EventRange, EventStore } from '../../shared/ports/events.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import { anEvent, related } from '../support/event-builders.ts';
import { itemBytes, rawTable } from '../support/stores.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const hour = 3_600_000;
const day = 24 * hour;

let database: TestDatabase;
let client: DocumentClient;
let clock: { now: number };
let store: EventStore;
let bulk: string;
let stores = 0;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

/** Each test has a table of its own: a list shows everything there is. */
async function fresh(days = 7): Promise<void> {
  stores += 1;
  bulk = `events-${stores}`;
  await createTables(database.endpoint, { controlTable: `control-${stores}`, bulkTable: bulk });
  clock = { now };
  store = createEventStore({ client, table: bulk, now: () => clock.now, days });
}

async function list(range: Partial<EventRange> = {}): Promise<PrefectEvent[]> {
  const events: PrefectEvent[] = [];
  for await (const page of store.list({ since: 0, until: now, order: 'ASC', ...range })) events.push(...page);
  return events;
}

const idsOf = (events: readonly PrefectEvent[]) => events.map(({ id }) => id);

/** Events an hour apart, back from now, the oldest first. */
const hourly = (count: number) =>
  Array.from({ length: count }, (_, at) => anEvent({ occurred: now - (count - 1 - at) * hour }));

describe('the event store', () => {
  it('gives an event back as it was, microseconds included', async () => {
    await fresh();
    const event = anEvent({
      occurred: now - hour + 0.123,
      related: [related('flow', 'prefect.flow.1')],
      payload: { deep: [{ a: null }, 1.5, 'ü'] },
      follows: randomUUID(),
    });

    await store.keep([event]);

    expect(await list()).toEqual([event]);
  });

  it('keeps what came first under an id, however often it comes', async () => {
    await fresh();
    const event = anEvent({ payload: { take: 1 } });

    await store.keep([event]);
    await Promise.all([1, 2, 3].map((take) => store.keep([{ ...event, received: now + take }])));

    expect(await list()).toEqual([event]);
  });

  it('lists by time over days and partitions, in both orders', async () => {
    await fresh();
    const events = hourly(60);

    await store.keep(events.toReversed());

    expect(idsOf(await list())).toEqual(idsOf(events));
    expect(idsOf(await list({ order: 'DESC' }))).toEqual(idsOf(events.toReversed()));
  });

  it('takes both ends of a range in', async () => {
    await fresh();
    const events = hourly(10);
    await store.keep(events);

    const found = await list({ since: now - 5 * hour, until: now - 3 * hour });

    expect(idsOf(found)).toEqual(idsOf(events.slice(4, 7)));
  });

  it('goes on behind a place, in both orders, also among events of one instant', async () => {
    await fresh();
    const events = Array.from({ length: 40 }, () => anEvent({ occurred: now - hour })).sort((one, other) =>
      one.id < other.id ? -1 : 1,
    );
    await store.keep(events);
    const middle = events[19];
    if (middle === undefined) throw new Error('40 events have a middle');

    const up = await list({ after: middle });
    const down = await list({ after: middle, order: 'DESC' });

    expect(idsOf(up)).toEqual(idsOf(events.slice(20)));
    expect(idsOf(down)).toEqual(idsOf(events.slice(0, 19).toReversed()));
  });

  it('merges partitions of many pages without losing the order', async () => {
    await fresh();
    const events = Array.from({ length: 1000 }, (_, at) => anEvent({ occurred: now - 1000 + at }));

    await store.keep(events);

    expect(idsOf(await list())).toEqual(idsOf(events));
  });

  it('reads no further than its reader', async () => {
    await fresh();
    await store.keep(hourly(48));
    const queried: unknown[] = [];
    client.middlewareStack.add(
      (next) => (args) => {
        queried.push(Reflect.get(args.input, 'ExpressionAttributeValues'));
        return next(args);
      },
      { step: 'initialize', name: 'watch', override: true },
    );
    const pages = store.list({ since: 0, until: now, order: 'DESC' })[Symbol.asyncIterator]();

    const first = await pages.next();

    client.middlewareStack.remove('watch');
    expect(first.done === true ? [] : first.value).toHaveLength(13);
    expect(new Set(queried.map((values) => JSON.stringify(values))).size).toBe(8);
    expect(JSON.stringify(queried)).not.toContain(`events#${Math.floor(now / day) - 1}#`);
  });

  it('shows no event whose time is over, and takes none', async () => {
    await fresh(1);
    const old = anEvent({ occurred: now - 23 * hour });
    await store.keep([old, anEvent({ occurred: now - 25 * hour })]);

    const before = await list();
    clock.now = now + 2 * hour;
    const after = await list();

    expect(idsOf(before)).toEqual([old.id]);
    expect(after).toEqual([]);
  });

  it('marks items for the broom by the time of the event', async () => {
    await fresh(2);
    const event = anEvent({ occurred: now - hour });
    await store.keep([event]);
    const raw = rawTable(database.endpoint, bulk);

    const item = await raw.item(eventKey(event.occurred, event.id));

    raw.close();
    expect(item?.['expires_at']).toEqual({ N: String((now - hour + 2 * day) / 1000) });
  });

  it('finds an event of a clock that is some hours ahead, once its time has come', async () => {
    await fresh();
    const ahead = anEvent({ occurred: now + 5 * hour });
    await store.keep([ahead]);

    expect(await list()).toEqual([]);
    expect(idsOf(await list({ until: now + 365 * day }))).toEqual([ahead.id]);
  });

  it('keeps the largest event that Prefect takes, even where nothing in it can be packed', async () => {
    await fresh();
    const event = anEvent({ payload: { noise: randomBytes(1_050_000).toString('base64') } });

    await store.keep([event, anEvent({ occurred: event.occurred + 1 })]);
    await store.keep([event]);

    const [first, second] = await list();
    expect(first).toEqual(event);
    expect(second).toBeDefined();
  });

  it('leaves an event out that the broom has taken in part', async () => {
    await fresh();
    const event = anEvent({ payload: { noise: randomBytes(500_000).toString('base64') } });
    await store.keep([event]);
    const parts = await client.send(
      new QueryCommand({
        TableName: bulk,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `event-part#${event.id}` },
      }),
    );
    expect(parts.Items?.length).toBeGreaterThan(0);
    await client.send(new DeleteCommand({ TableName: bulk, Key: { pk: `event-part#${event.id}`, sk: '001' } }));

    expect(await list()).toEqual([]);
  });

  it('packs an ordinary event into one write unit', async () => {
    await fresh();
    const event = taskRunEvent();
    await store.keep([event]);
    const raw = rawTable(database.endpoint, bulk);

    const item = await raw.item(eventKey(event.occurred, event.id));

    raw.close();
    expect(JSON.stringify(event).length).toBeGreaterThan(1900);
    expect(item === undefined ? 0 : itemBytes(item)).toBeLessThan(1024);
  });
});

/** As the client's engine sends it. */
function taskRunEvent(): PrefectEvent {
  const state = (type: string, name: string) => ({
    type,
    name,
    message: '',
    state_details: {
      flow_run_id: randomUUID(),
      task_run_id: randomUUID(),
      child_flow_run_id: null,
      scheduled_time: null,
      cache_key: null,
      cache_expiration: null,
      untrackable_result: false,
      pause_timeout: null,
      pause_reschedule: false,
      pause_key: null,
      run_input_keyset: null,
      refresh_cache: null,
      retriable: null,
      transition_id: null,
      task_parameters_id: null,
      traceparent: null,
      deployment_concurrency_lease_id: null,
    },
    data: null,
  });
  return anEvent({
    event: 'prefect.task-run.Running',
    resource: {
      'prefect.resource.id': `prefect.task-run.${randomUUID()}`,
      'prefect.resource.name': 'extract-a1b',
      'prefect.run-count': '1',
      'prefect.state-message': '',
      'prefect.state-name': 'Running',
      'prefect.state-timestamp': '2026-11-23T11:00:00.123456+00:00',
      'prefect.state-type': 'RUNNING',
      'prefect.orchestration': 'client',
    },
    related: [
      related('flow-run', `prefect.flow-run.${randomUUID()}`, { 'prefect.resource.name': 'daft-whale' }),
      related('flow', `prefect.flow.${randomUUID()}`, { 'prefect.resource.name': 'etl' }),
    ],
    payload: {
      intended: { from: 'PENDING', to: 'RUNNING' },
      initial_state: state('PENDING', 'Pending'),
      validated_state: state('RUNNING', 'Running'),
      task_run: {
        empirical_policy: {
          max_retries: 0,
          retry_delay_seconds: 0,
          retries: 0,
          retry_delay: 0,
          retry_jitter_factor: null,
        },
        run_count: 1,
        flow_run_run_count: 1,
        name: 'extract-a1b',
        task_key: 'extract-3f2a',
        dynamic_key: 'a1b2c3',
        tags: [],
        labels: { 'prefect.flow.id': randomUUID(), 'prefect.flow-run.id': randomUUID() },
        task_inputs: {},
        expected_start_time: '2026-11-23T11:00:00.000000+00:00',
        start_time: '2026-11-23T11:00:00.123456+00:00',
        total_run_time: 0,
        estimated_run_time: 0,
      },
    },
  });
}
