// Two pumps at once under random limits, with runs that end in every way: no limit is ever exceeded, nothing is left
// waiting, and no slot is held when all is over.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import {
  addDeployment,
  excessOf,
  holdersOf,
  limitDeployment,
  limitPool,
  limitQueue,
  shareLimit,
  triggerMany,
} from '../support/stage/limits.ts';
import type { ModelEcs, ModelTask, TaskScript } from '../support/stage/model-ecs.ts';
import { callerOf, cancelling, exits, isOver, propose } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

const ways = ['succeeds', 'fails', 'is lost', 'is cancelled', 'is deleted', 'never starts'] as const;
type Way = (typeof ways)[number];

const plays = fc.record({
  ways: fc.array(fc.constantFrom(...ways), { minLength: 4, maxLength: 10 }),
  pool: fc.option(fc.integer({ min: 1, max: 4 })),
  queue: fc.option(fc.integer({ min: 1, max: 3 })),
  deployment: fc.option(fc.integer({ min: 1, max: 3 })),
  isShared: fc.boolean(),
});
type Play = typeof plays extends fc.Arbitrary<infer P> ? P : never;

const second = 1000;
const lostTask = { exitCode: 143, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' } as const;

/** The first task of each run ends as the play says, whatever follows succeeds. */
const scriptOf =
  (wayOf: ReadonlyMap<string, Way>): TaskScript =>
  (task: ModelTask, ecs: ModelEcs) => {
    const { runId, attempt } = callerOf(task);
    switch (attempt === 1 ? wayOf.get(runId) : 'succeeds') {
      case 'fails':
        return exits(1, 2)(task, ecs);
      case 'is lost':
        return ecs.at((task.startedAt ?? 0) + second, () => ecs.end(task, lostTask));
      case 'is cancelled':
      case 'is deleted':
        return;
      default:
        return exits(0, 3)(task, ecs);
    }
  };

async function prepared(stage: Stage, play: Play) {
  const gates: { gateId: string; limit: number }[] = [];
  if (play.pool !== null) gates.push({ gateId: await limitPool(stage, play.pool), limit: play.pool });
  if (play.queue !== null) gates.push({ gateId: await limitQueue(stage, play.queue), limit: play.queue });
  const other = await addDeployment(stage, 'other');
  if (play.deployment !== null) {
    const limitId = await limitDeployment(stage, { limit: play.deployment });
    if (play.isShared) await shareLimit(stage, { deploymentId: other, limitId });
    gates.push({ gateId: limitId, limit: play.deployment });
  }
  return { gates, other };
}

/** What somebody does to a run once its task runs. */
async function meddle(stage: Stage, way: Way | undefined, runId: string): Promise<void> {
  if (way === 'is cancelled') await propose(stage, runId, { state: cancelling });
  if (way === 'is deleted') await deleteRun(stage.deps, runId);
}

async function perform(play: Play): Promise<void> {
  const wayOf = new Map<string, Way>();
  const stage = await startStage({
    database,
    script: scriptOf(wayOf),
    refuse: (_input, call) =>
      play.ways[call % play.ways.length] === 'never starts'
        ? { failures: [{ arn: 'x', reason: 'RESOURCE:CPU' }] }
        : undefined,
  });
  try {
    const { gates, other } = await prepared(stage, play);
    const one = { ...stage.deps, notedGates: new Map(), rateHints: new Map() };
    const pumps = [one, stage.another()];
    const half = Math.ceil(play.ways.length / 2);
    const ids = [...(await triggerMany(stage, half)), ...(await triggerMany(stage, play.ways.length - half, other))];
    for (const [at, id] of ids.entries()) wayOf.set(id, play.ways[at] ?? 'succeeds');
    const touched = new Set<string>();
    let pumpings = 6;
    const step = async () => {
      if (pumpings > 0) await Promise.all(pumps.map((deps) => submitRuns(deps)));
      pumpings -= 1;
      expect(await excessOf(stage, gates)).toEqual([]);
      expect(aliveBeyond(stage, play)).toBe(0);
      for (const id of ids) {
        const run = touched.has(id) ? undefined : await stage.deps.runs.read(id);
        if (run?.state.type !== 'RUNNING') continue;
        touched.add(id);
        await meddle(stage, wayOf.get(id), id);
      }
      const runs = await Promise.all(ids.map((id) => stage.deps.runs.read(id)));
      return (
        runs.every((run) => run === undefined || isOver(run)) &&
        stage.ecs.tasks.every(({ lastStatus }) => lastStatus === 'STOPPED')
      );
    };

    expect(await stage.drive(step, 2)).toBe(true);
    await stage.drive(async () => (await excessHeld(stage, gates)).length === 0, 0.2);

    expect(await excessHeld(stage, gates)).toEqual([]);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

/** Tasks that are alive beyond what the pool lets in. */
function aliveBeyond(stage: Stage, { pool }: Play): number {
  const alive = stage.ecs.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
  return pool === null ? 0 : Math.max(0, alive - pool);
}

const excessHeld = (stage: Stage, gates: readonly { gateId: string }[]) =>
  Promise.all(gates.map(({ gateId }) => holdersOf(stage, gateId))).then((held) => held.flat());

describe('two pumps under random limits', () => {
  it('exceed none, strand nobody and leave no slot behind, however runs end', { timeout: 240_000 }, () =>
    fc.assert(fc.asyncProperty(plays, perform), { numRuns: 5, endOnFailure: true }),
  );
});
