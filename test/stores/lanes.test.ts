// Lanes on the real local database: found by one query a pool, and never removed while somebody puts them again.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { LaneRecord, Lanes, Runs } from '../../shared/ports/runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { minute, queueId, start } from '../support/run-builders.ts';

let database: TestDatabase;
let client: DocumentClient;
let lanes: Lanes;
let runs: Runs;
let pool: string;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  const table = database.controlTable;
  lanes = createLanes({ client, table });
  runs = createRuns({ client, table, newId: world.newId, now: world.now, largeBodies: keptBodies() });
});
beforeEach(() => {
  pool = `pool ${world.newId()}`;
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const lane = (deploymentId?: string) => ({
  workPoolName: pool,
  workQueueId: queueId,
  ...(deploymentId === undefined ? {} : { deploymentId }),
});
async function only(): Promise<LaneRecord> {
  const [record, ...others] = await lanes.ofPool(pool);
  if (record === undefined || others.length > 0) throw new Error('wanted one lane');
  return record;
}

describe('the lanes of a pool', () => {
  it('are found by the pool, with and without a deployment', async () => {
    await lanes.touch(lane(), start);
    await lanes.touch(lane('d1'), start + 1);
    await lanes.touch({ ...lane('d1'), workPoolName: `${pool} too` }, start);

    const found = await lanes.ofPool(pool);

    expect(found).toHaveLength(2);
    expect(found).toContainEqual({ lane: lane(), version: 1, dueAt: start });
    expect(found).toContainEqual({ lane: lane('d1'), version: 1, dueAt: start + 1 });
    expect(await lanes.ofPool('nobody')).toEqual([]);
  });

  it('have deadlines that the clock reads', async () => {
    await lanes.touch(lane('d2'), start + minute);

    const due = await runs.due('lane', { until: start + minute, limit: 1_000 });

    expect(due).toContainEqual({ kind: 'lane', lane: lane('d2'), dueAt: start + minute });
  });

  it('get a higher version and a new deadline each time they are put', async () => {
    await lanes.touch(lane(), start);
    await lanes.touch(lane(), start + minute);

    expect(await only()).toEqual({ lane: lane(), version: 2, dueAt: start + minute });
  });
});

describe('an empty lane', () => {
  it('says since when, and is removed', async () => {
    await lanes.touch(lane(), start);
    const seen = await only();

    expect(await lanes.markEmpty({ ...seen, dueAt: start + 5 * minute }, start)).toBe('written');
    const empty = await only();
    expect(empty).toEqual({ lane: lane(), version: 2, dueAt: start + 5 * minute, emptySince: start });

    expect(await lanes.remove(empty)).toBe('written');
    expect(await lanes.ofPool(pool)).toEqual([]);
  });

  it('that is put again is neither marked nor removed by who saw it before', async () => {
    await lanes.touch(lane(), start);
    const seen = await only();
    await lanes.touch(lane(), start + minute);

    expect(await lanes.markEmpty(seen, start)).toBe('lost');
    expect(await lanes.remove(seen)).toBe('lost');
    expect(await only()).toMatchObject({ version: 2, dueAt: start + minute });
  });

  it('that is put again is not empty any more', async () => {
    await lanes.touch(lane(), start);
    await lanes.markEmpty(await only(), start);
    await lanes.touch(lane(), start + minute);

    expect((await only()).emptySince).toBeUndefined();
  });

  it('that is gone is not marked back into being', async () => {
    await lanes.touch(lane(), start);
    const seen = await only();
    await lanes.remove(seen);

    expect(await lanes.markEmpty(seen, start)).toBe('lost');
    expect(await lanes.ofPool(pool)).toEqual([]);
  });
});
