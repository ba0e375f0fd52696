// Counters on the real local database: each record of the stream counts once, however often its batch comes.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters, isAfter } from '../../shared/adapters/dynamodb/counters.ts';
import type { StateType } from '../../shared/domain/run/state.ts';
import type { Counters, HeadChange, OutgoingEvent } from '../../shared/ports/publishing.ts';
import { publishChanges } from '../../shared/use-cases/publish-changes.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import { aRun, aState, deploymentId, queueId } from '../support/run-builders.ts';
import { loseNextReply } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let counters: Counters;
let tables = 0;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  tables += 1;
  const names = { controlTable: `counters-${tables}`, bulkTable: `counters-${tables}-bulk` };
  await createTables(database.endpoint, names);
  client = createDocumentClient();
  counters = createCounters({ client, table: names.controlTable });
});
afterEach(() => client.destroy());
afterAll(() => database.close());

const place = { flowId: 'flow', deploymentId, workPoolName: 'production', workQueueId: queueId };
const inState = (type: StateType, id = type.toLowerCase()) => aRun({ ...place, state: aState(type, { id }) });
/** The life of one run as the stream tells it, a record a state. */
const life: readonly HeadChange[] = (['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED'] as const).map(
  (type, at, types) => {
    const former = types[at - 1];
    return {
      sequence: `${98 + at}`,
      after: inState(type),
      ...(former === undefined ? {} : { before: inState(former) }),
    };
  },
);

function publisher() {
  const sent: OutgoingEvent[] = [];
  const outbox = { send: async (events: readonly OutgoingEvent[]) => void sent.push(...events) };
  const publish = (changes: readonly HeadChange[], shard = 'shard') =>
    publishChanges({ counters, outbox, eventSink: { send: async () => {} }, runEvents: async () => [] }, shard, {
      last: changes.at(-1)?.sequence ?? '0',
      changes,
    });
  return { sent, publish };
}

const counts = async () => (await counters.read()).map((row) => row.counts);

describe('counting', () => {
  it('moves a run from state to state, and out when it is deleted', async () => {
    const { publish } = publisher();

    await publish(life.slice(0, 2));
    expect(await counters.read()).toEqual([{ key: place, counts: { PENDING: 1 } }]);
    await publish(life.slice(2));
    expect(await counts()).toEqual([{ PENDING: 0, COMPLETED: 1 }]);
    await publish([{ sequence: '102', before: inState('COMPLETED') }]);

    expect(await counts()).toEqual([{ PENDING: 0, COMPLETED: 0 }]);
  });

  it('happens once although batches come twice, overlap or come late', async () => {
    const { publish } = publisher();

    await publish(life.slice(0, 2));
    await publish(life.slice(0, 2));
    await publish(life.slice(0, 3));
    await publish(life.slice(1, 4));
    await publish(life.slice(0, 1));

    expect(await counts()).toEqual([{ PENDING: 0, RUNNING: 0, COMPLETED: 1 }]);
    expect(await counters.checkpoint('shard')).toBe('101');
  });

  it('happens once although two invocations have the same batch at once', async () => {
    const [one, other] = [publisher(), publisher()];

    await Promise.all([one.publish(life), other.publish(life)]);

    expect(await counts()).toEqual([{ COMPLETED: 1 }]);
  });

  it('happens once although the reply of the table is lost', async () => {
    const moves = [{ key: place, type: 'RUNNING', by: 1 }] as const;
    loseNextReply(client);

    expect(await counters.apply('shard', { before: undefined, last: '5' }, moves)).toBe('written');
    expect(await counts()).toEqual([{ RUNNING: 1 }]);
  });

  it('keeps a checkpoint for each shard', async () => {
    const { publish } = publisher();

    await publish(life.slice(0, 1), 'one');
    await publish([{ sequence: '7', after: inState('RUNNING') }], 'other');

    expect(await counts()).toEqual([{ SCHEDULED: 1, RUNNING: 1 }]);
    expect([await counters.checkpoint('one'), await counters.checkpoint('other')]).toEqual(['98', '7']);
  });

  it('of nothing still moves the checkpoint', async () => {
    const { publish } = publisher();

    await publish([{ sequence: '9', before: inState('RUNNING'), after: inState('RUNNING', 'other') }]);

    expect(await counts()).toEqual([]);
    expect(await counters.checkpoint('shard')).toBe('9');
  });

  it('of heads whose state stayed writes nothing: that write would come back as a record', async () => {
    const { publish, sent } = publisher();

    await publish([{ sequence: '9', before: inState('RUNNING'), after: { ...inState('RUNNING'), name: 'renamed' } }]);

    expect(await counters.checkpoint('shard')).toBeUndefined();
    expect(sent).toEqual([]);
  });

  it('keeps rows apart, for flows, deployments, pools and queues', async () => {
    const { publish } = publisher();
    const { deploymentId: _none, ...alone } = aRun({ state: 'RUNNING' });

    await publish([
      { sequence: '1', after: inState('RUNNING') },
      { sequence: '2', after: alone },
      { sequence: '3', after: { ...alone, workPoolName: 'p' } },
    ]);

    const keys = (await counters.read()).map(({ key }) => key);
    expect(keys).toHaveLength(3);
    expect(keys).toEqual(expect.arrayContaining([place, { flowId: 'flow' }, { flowId: 'flow', workPoolName: 'p' }]));
  });

  it('refuses more rows than a transaction takes', async () => {
    const moves = Array.from(
      { length: 100 },
      (_, at) => ({ key: { flowId: `f${at}` }, type: 'RUNNING', by: 1 }) as const,
    );

    await expect(counters.apply('shard', { before: undefined, last: '1' }, moves)).rejects.toThrow(
      'a batch may move 99 counter rows, got 100',
    );
    expect(await counters.apply('shard', { before: undefined, last: '1' }, moves.slice(1))).toBe('written');
  });

  it('orders sequence numbers as numbers, however long', () => {
    expect(isAfter('100', '99')).toBe(true);
    expect(isAfter('99', '100')).toBe(false);
    expect(isAfter('99', '99')).toBe(false);
    expect(isAfter('1', undefined)).toBe(true);
    expect(isAfter('49590338271490256608559692538361571095921575989136588802', '9')).toBe(true);
  });
});

describe('the events of a batch', () => {
  it('tell of both states where one write entered two, and count the run once', async () => {
    const { publish, sent } = publisher();
    const [first, between, last] = [inState('CRASHED'), aState('SCHEDULED'), aState('PENDING', { id: 'pending' })];

    await publish([
      { sequence: '1', after: first },
      { sequence: '2', before: first, after: { ...first, state: last, recentStates: [between, first.state] } },
    ]);

    expect(sent.map(({ id }) => id)).toEqual(['crashed', between.id, 'pending']);
    expect(sent[1]).toMatchObject({ detail: { initial_state: { type: 'CRASHED' }, state: { type: 'SCHEDULED' } } });
    expect(await counts()).toEqual([{ PENDING: 1 }]);
  });

  it('tell of each new state once, with the state before it', async () => {
    const { publish, sent } = publisher();

    await publish([...life, { sequence: '102', before: inState('COMPLETED'), after: inState('COMPLETED') }]);
    await publish(life);

    expect(sent.map(({ id }) => id)).toEqual(['scheduled', 'pending', 'running', 'completed']);
    expect(sent[1]).toMatchObject({
      detailType: 'Slipway Run State Changed',
      detail: {
        event: 'prefect.flow-run.Pending',
        deployment_id: deploymentId,
        work_pool_name: 'production',
        work_queue_name: null,
        state: { type: 'PENDING', name: 'Pending', message: null },
        initial_state: { type: 'SCHEDULED', name: 'Scheduled' },
      },
    });
    expect(sent[0]?.detail['initial_state']).toBeNull();
  });

  it('of a deleted run tell nothing', async () => {
    const { publish, sent } = publisher();

    await publish([{ sequence: '1', before: inState('COMPLETED') }]);

    expect(sent).toEqual([]);
  });

  it('of a run without a place name none', async () => {
    const { publish, sent } = publisher();
    const { deploymentId: _none, ...alone } = aRun({ state: aState('FAILED', { message: 'boom' }) });

    await publish([{ sequence: '1', after: { ...alone, workQueueName: 'default' } }]);

    expect(sent[0]?.detail).toMatchObject({
      deployment_id: null,
      work_pool_name: null,
      work_queue_name: 'default',
      state: { message: 'boom' },
    });
  });
});
