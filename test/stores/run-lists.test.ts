// Lists of runs over the sharded indexes: newest first in pages, lanes by time, obligations by deadline.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { shardOf } from '../../shared/adapters/dynamodb/table.ts';
import { world } from '../../shared/adapters/world.ts';
import { indexShards } from '../../shared/config/resources.ts';
import { enterState } from '../../shared/domain/run/transition.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { aRun, aState, deploymentId, minute, queueId, second, start } from '../support/run-builders.ts';
import { aBody } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let runs: Runs;
let tables = 0;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
beforeEach(async () => {
  tables += 1;
  const names = { controlTable: `lists-${tables}`, bulkTable: `lists-${tables}-bulk` };
  await createTables(database.endpoint, names);
  runs = createRuns({
    client,
    table: names.controlTable,
    newId: world.newId,
    now: world.now,
    largeBodies: keptBodies(),
  });
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const lane = { workPoolName: 'production', workQueueId: queueId, deploymentId };
const at = (seconds: number, over: Parameters<typeof aRun>[0] = {}) => {
  const time = start + seconds * second;
  const state = aState('SCHEDULED', { details: { scheduledTime: time } });
  return aRun({ id: world.newId(), ...lane, state, expectedStartTime: time, dueAt: time, ...over });
};
const create = async (run: ReturnType<typeof aRun>) => (await runs.create(run, aBody(), { mayHaveLived: false })).run;
const createAll = (list: readonly ReturnType<typeof aRun>[]) => Promise.all(list.map(create));

describe('pages of runs', () => {
  async function allPages(limit: number, window: { before?: number; after?: number } = {}): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await runs.list({ limit, ...window, ...(cursor === undefined ? {} : { cursor }) });
      pages.push([...page.items]);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return pages;
  }

  it('come newest first, without gaps or doubles, also where times are equal', async () => {
    // Three runs to each second, in whatever shards their ids fall.
    const created = await createAll(Array.from({ length: 60 }, (_, number) => at(Math.floor(number / 3))));
    const newestFirst = [...created]
      .sort(
        (one, other) => (other.expectedStartTime ?? 0) - (one.expectedStartTime ?? 0) || (one.id < other.id ? 1 : -1),
      )
      .map(({ id }) => id);

    for (const limit of [1, 7, 20, 60, 200]) {
      const pages = await allPages(limit);
      expect(pages.flat()).toEqual(newestFirst);
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    }
    expect(new Set(created.map(({ id }) => shardOf(id))).size).toBe(indexShards);
  });

  it('do not move when newer runs come while somebody turns them', async () => {
    const created = await createAll(Array.from({ length: 10 }, (_, number) => at(number)));
    const first = await runs.list({ limit: 4 });
    await createAll(Array.from({ length: 5 }, (_, number) => at(100 + number)));
    if (first.cursor === undefined) throw new Error('no cursor');

    const second_ = await runs.list({ limit: 10, cursor: first.cursor });

    expect([...first.items, ...second_.items]).toEqual(created.map(({ id }) => id).reverse());
    expect(second_.cursor).toBeUndefined();
  });

  it('keep to a window of time, both ends included', async () => {
    const created = await createAll([1, 2, 3, 4].map((seconds) => at(seconds)));

    const pages = await allPages(1, { after: start + 2 * second, before: start + 3 * second });

    expect(pages.flat()).toEqual([created[2]?.id, created[1]?.id]);
  });

  it('are empty when there is nothing', async () => {
    expect(await runs.list({ limit: 5 })).toEqual({ items: [] });
  });
});

describe('a lane', () => {
  it('shows who waits in it, by time, up to a time and a number', async () => {
    const [third, first, second_, , tomorrow] = await createAll([
      at(30),
      at(10),
      at(20),
      at(5, { deploymentId: world.newId() }),
      at(86_400),
    ]);
    const until = start + minute;

    const waiting = await runs.waiting(lane, { until, limit: 10 });

    expect(waiting).toEqual([
      { runId: first?.id, scheduledTime: start + 10 * second },
      { runId: second_?.id, scheduledTime: start + 20 * second },
      { runId: third?.id, scheduledTime: start + 30 * second },
    ]);
    expect((await runs.waiting(lane, { until, limit: 2 })).map(({ runId }) => runId)).toEqual([first?.id, second_?.id]);
    expect((await runs.waiting(lane, { until: start + 86_400 * second, limit: 10 })).at(-1)?.runId).toBe(tomorrow?.id);
    expect(await runs.waiting(lane, { until: start + 10 * second - 1, limit: 10 })).toEqual([]);
    expect(await runs.waiting(lane, { until: start + 10 * second, limit: 10 })).toHaveLength(1);
  });

  it('shows nobody who no longer waits', async () => {
    const run = await create(at(0));
    await runs.change(run, enterState(run, aState('PENDING', { id: 'p', timestamp: start + 1 })));
    const living = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;
    await create(at(0, { empiricalPolicy: living }));
    await create(at(0, { isAttemptOpen: true }));

    expect(await runs.waiting(lane, { until: start + minute, limit: 10 })).toEqual([]);
  });

  it('of 300 shows the first ones of all, not of one shard', async () => {
    const created = await createAll(Array.from({ length: 300 }, (_, number) => at(number)));

    const waiting = await runs.waiting(lane, { until: start + 3_600 * second, limit: 41 });

    expect(waiting.map(({ runId }) => runId)).toEqual(created.slice(0, 41).map(({ id }) => id));
  });
});

describe('obligations', () => {
  it('come by deadline, with the lane that a hint needs', async () => {
    const waiting = await create(at(20));
    const { workPoolName: _pool, workQueueId: _queue, ...served } = at(10);
    const polled = await create(served);
    const running = await create(at(30, { state: aState('RUNNING') }));
    const { dueAt: _none, ...idle } = at(0);
    await create(idle);

    const due = await runs.due('run', { until: start + 30 * second, limit: 10 });

    expect(due).toEqual([
      { kind: 'run', runId: polled.id, dueAt: start + 10 * second },
      { kind: 'run', runId: waiting.id, dueAt: start + 20 * second, lane },
      { kind: 'run', runId: running.id, dueAt: start + 30 * second },
    ]);
    expect(await runs.due('run', { until: start + 30 * second, limit: 2 })).toEqual(due.slice(0, 2));
    expect(await runs.due('run', { until: start + 10 * second - 1, limit: 10 })).toEqual([]);
    expect(await runs.due('attempt', { until: start + minute, limit: 10 })).toEqual([]);
  });

  it('go when they are met', async () => {
    const run = await create(at(0));
    const { dueAt: _met, ...after } = run;

    await runs.change(run, after);

    expect(await runs.due('run', { until: start + minute, limit: 10 })).toEqual([]);
  });
});
