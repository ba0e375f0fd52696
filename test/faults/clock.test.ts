// What the clock costs: it reads and lists, and for tasks that run for long it writes nothing.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

it('writes nothing and tells nobody anything while a task runs for an hour', async () => {
  const stage = await startStage({ database, script: runsOn, hasIdleTicks: true });
  try {
    const id = await triggerOnce(stage);
    await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
    const settledAt = stage.clock.now() + 15 * 60_000;
    await stage.drive(async () => stage.clock.now() >= settledAt);
    const before = stage.plan.calls.length;

    await stage.drive(async () => stage.clock.now() >= settledAt + 3_600_000, 2);

    const calls = stage.plan.calls.slice(before);
    expect(calls.length).toBeGreaterThan(60);
    expect(new Set(calls)).toEqual(new Set(['QueryCommand', 'ListTasksCommand']));
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
});
