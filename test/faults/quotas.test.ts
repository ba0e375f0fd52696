// A thousand runs at once under AWS's default quotas: surplus waits for its turn, and nothing fails for it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isTerminal } from '../../shared/domain/run/state.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { defaultQuotas } from '../support/stage/quotas.ts';
import { exits } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

const second = 1_000;
const count = 1_000;

/** Runs of one deployment that are all due at one time; recorded by 50 callers at once. */
async function recordRuns({ deps, place }: Stage, dueAt: number): Promise<string[]> {
  const state = { type: 'SCHEDULED', name: 'Scheduled', details: { scheduledTime: dueAt } } as const;
  const record = async (key: number): Promise<string> => {
    const answer = await triggerRun(deps, { deploymentId: place.deploymentId, idempotencyKey: `run ${key}`, state });
    if (answer.kind === 'refused') throw new Error(answer.reason);
    return answer.run.id;
  };
  const ids: string[] = [];
  for (let from = 0; from < count; from += 50) {
    ids.push(...(await Promise.all(Array.from({ length: 50 }, (_, at) => record(from + at)))));
  }
  return ids;
}

it('starts 1,000 runs that are due in the same second within 60 s, each once, none fails', {
  timeout: 120_000,
}, async () => {
  const stage = await startStage({ database, script: exits(0, 3), quotas: defaultQuotas });
  try {
    const dueAt = stage.clock.now() + 30 * second;
    const ids = await recordRuns(stage, dueAt);

    await stage.drive(async () => stage.ecs.tasks.length >= count, 1);
    const accepted = stage.ecs.tasks.map(({ createdAt }) => createdAt - dueAt);
    const areOver = () =>
      stage.deps.runs.readMany(ids).then((runs) => runs.every(({ state }) => isTerminal(state.type)));
    const settledAt = stage.clock.now() + 30 * second;
    await stage.drive(async () => stage.clock.now() >= settledAt && (await areOver()), 1);

    expect(Math.min(...accepted)).toBeGreaterThanOrEqual(0);
    // 100 at once and 20 a second: nobody can do it in less than 45 s.
    expect(Math.max(...accepted)).toBeLessThanOrEqual(60 * second);
    expect(Math.max(...accepted)).toBeGreaterThanOrEqual(45 * second);
    expect(stage.ecs.tasks).toHaveLength(count);
    expect(new Set(stage.ecs.tasks.map(({ startedBy }) => startedBy)).size).toBe(count);
    const runs = await stage.deps.runs.readMany(ids);
    expect(runs.filter(({ state, attempt }) => state.type !== 'COMPLETED' || attempt !== 1)).toEqual([]);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
});
