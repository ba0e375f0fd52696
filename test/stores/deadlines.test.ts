// Every open obligation has a deadline in one sparse index that the clock reads; what is over is not in it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attemptKey } from '../../shared/adapters/dynamodb/table.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { exits, isOver, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';
import { rawTable } from '../support/stores.ts';

const runs = 24;
const daysMs = 3 * 24 * 3_600_000;

let database: TestDatabase;
let stage: Stage;
let ids: string[];
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  stage = await startStage({ database, script: exits(0, 600) });
  ids = [];
  for (let at = 0; at < runs; at += 1) ids.push(await triggerOnce(stage, `run ${at}`));
});
afterEach(() => stage.close());
afterAll(() => database.close());

async function due(kind: 'run' | 'attempt' | 'lane') {
  return stage.deps.runs.due(kind, { until: stage.clock.now() + daysMs, limit: 1_000 });
}

const runIds = (items: Awaited<ReturnType<typeof due>>) =>
  items.flatMap((item) => ('runId' in item ? [item.runId] : [])).sort();

describe('deadlines', () => {
  it('stand in the index for every open obligation, over all its partitions', async () => {
    const waiting = await due('run');
    await stage.drive(async () => stage.ecs.tasks.length === runs);
    const underWay = await due('attempt');
    const lanes = await due('lane');

    expect(runIds(waiting)).toEqual([...ids].sort());
    expect(runIds(underWay)).toEqual([...ids].sort());
    expect(lanes).toMatchObject([{ lane: stage.place.lane }]);
    const raw = rawTable(database.endpoint, stage.controlTable);
    const items = await Promise.all(ids.map((id) => raw.item(attemptKey(id, 1))));
    raw.close();
    expect(new Set(items.map((item) => item?.['due_key']?.S)).size).toBeGreaterThan(3);
  });

  it('leave it when nothing is open any more', async () => {
    const areOver = async () => (await Promise.all(ids.map(stage.readRun))).every(isOver);

    const isDone = await stage.drive(areOver);
    await stage.drive(async () => (await due('lane')).length === 0, 1);

    expect(isDone).toBe(true);
    expect(await due('run')).toEqual([]);
    expect(await due('attempt')).toEqual([]);
    expect(await due('lane')).toEqual([]);
  });
});
