// Bounds of waiting runs on the real local database: one more is refused or takes the place of the oldest, and what is
// too late is not started.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import { createRun } from '../../shared/use-cases/create-run.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { addDeployment, limitPool, pausePool, triggerMany } from '../support/stage/limits.ts';
import { exits, runsOn } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(() => stage.close());
afterAll(() => database.close());

/** A pool that is paused, so that what comes waits; its template has these defaults. */
async function open(defaults: JsonObject, jobVariables: JsonObject = {}, script = exits(0, 1)): Promise<void> {
  stage = await startStage({ database, script, jobVariables: { command: 'true', ...jobVariables } });
  const pool = await stage.deps.catalogue.workPools.read('production');
  if (pool === undefined) throw new Error('no pool');
  const variables = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { default: value }]));
  const { properties } = pool.baseJobTemplate['variables'] as { properties: JsonObject };
  const baseJobTemplate = {
    ...pool.baseJobTemplate,
    variables: { type: 'object', properties: { ...properties, ...variables } },
  };
  await stage.deps.catalogue.workPools.change(pool, { ...pool, baseJobTemplate, isPaused: true });
}

/** So many runs wait, a second apart, and their lanes are known. */
async function wait(count: number, deploymentId = stage.place.deploymentId): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    ids.push(...(await triggerMany(stage, 1, deploymentId)));
    await stage.deps.lanes.touch({ ...stage.place.lane, deploymentId }, stage.clock.now() + 60_000);
    stage.clock.advanceTo(stage.clock.now() + 1_000);
  }
  return ids;
}

const oneMore = (over: object = {}) => triggerRun(stage.deps, { deploymentId: stage.place.deploymentId, ...over });
const scheduled = { type: 'SCHEDULED', name: 'Scheduled', details: {} } as const;
const nameOf = async (id: string) => (await stage.readRun(id)).state.name;
const refused = (what: string, most: number) => ({
  kind: 'refused',
  code: 'throttled',
  reason: `${what} has ${most} waiting runs, and no more may wait`,
  retryAfterSeconds: 10,
});

describe('one more than may wait', () => {
  it('in a pool is refused, whatever deployment it is of', async () => {
    await open({ max_waiting_runs: 3 });
    const other = await addDeployment(stage, 'other');
    await wait(2);
    await wait(1, other);

    expect(await oneMore()).toEqual(refused('work pool production', 3));
    expect(await oneMore({ deploymentId: other })).toEqual(refused('work pool production', 3));
  });

  it('in a queue is refused there alone', async () => {
    await open({ max_waiting_runs_of_queues: { default: 1 } });
    await wait(1);

    expect(await oneMore()).toEqual(refused('work queue default', 1));
  });

  it('is refused as well that is recorded by itself, with a deployment or only with its pool', async () => {
    await open({ max_waiting_runs_of_queues: { default: 2 } }, { max_waiting_runs: 1 });
    const { flowId, deploymentId } = stage.place;
    const asked = { flowId, workPoolName: 'production', state: scheduled };
    await wait(1);

    expect(await createRun(stage.deps, { ...asked, deploymentId })).toEqual(refused('deployment nightly', 1));
    expect(await createRun(stage.deps, asked)).toMatchObject({ kind: 'created' });
    const { deploymentId: _none, ...ofNoDeployment } = stage.place.lane;
    await stage.deps.lanes.touch(ofNoDeployment, stage.clock.now() + 60_000);
    expect(await createRun(stage.deps, asked)).toEqual(refused('work queue default', 2));
    // What waits for nobody to start it is not held back.
    expect(await createRun(stage.deps, { flowId, workPoolName: 'production' })).toMatchObject({ kind: 'created' });
  });

  it('of a deployment is refused, and others come in', async () => {
    await open({}, { max_waiting_runs: 1 });
    const other = await addDeployment(stage, 'other', { jobVariables: { command: 'true' } });
    await wait(1);

    expect(await oneMore()).toEqual(refused('deployment nightly', 1));
    expect(await oneMore({ deploymentId: other })).toMatchObject({ kind: 'created' });
  });

  it('finds its run where it is only asked for again', async () => {
    await open({ max_waiting_runs: 1 });
    const first = await oneMore({ idempotencyKey: 'once' });
    await stage.deps.lanes.touch(stage.place.lane, stage.clock.now());

    const again = await oneMore({ idempotencyKey: 'once' });

    if (first.kind === 'refused' || again.kind === 'refused') throw new Error('refused');
    expect([again.kind, again.run.id]).toEqual(['existing', first.run.id]);
  });

  it('comes in and the oldest goes, where the pool wants it so', async () => {
    await open({ max_waiting_runs: 2, waiting_overflow: 'drop_oldest' });
    const [oldest = '', second = ''] = await wait(2);

    const answer = await oneMore();

    if (answer.kind === 'refused') throw new Error(answer.reason);
    expect(await Promise.all([oldest, second, answer.run.id].map(nameOf))).toEqual([
      'Cancelled',
      'Scheduled',
      'Scheduled',
    ]);
    expect((await stage.readRun(oldest)).state.message).toBe('Dropped: newer runs came, and no more may wait.');
  });

  it('is welcome when it is due later', async () => {
    await open({ max_waiting_runs: 1 });
    await wait(1);
    const details = { scheduledTime: stage.clock.now() + 60_000 };

    expect(await oneMore({ state: { type: 'SCHEDULED', name: 'Scheduled', details } })).toMatchObject({
      kind: 'created',
    });
  });
});

describe('without bounds', () => {
  it('nothing is counted', async () => {
    await open({ max_waiting_runs: null });
    await wait(1);
    const nobody = () => Promise.reject(new Error('counted'));
    const deps = { ...stage.deps, lanes: { ...stage.deps.lanes, ofPool: nobody } };

    expect(await triggerRun(deps, { deploymentId: stage.place.deploymentId })).toMatchObject({ kind: 'created' });
  });
});

describe('a run that is too late', () => {
  it('is cancelled when its pool is resumed, and those in time start', async () => {
    await open({ skip_after_seconds: 60 });
    const late = await wait(50);
    stage.clock.advanceTo(stage.clock.now() + 60_000);
    const [fresh = ''] = await wait(1);

    await pausePool(stage, false);
    await wakeLanes(stage.deps, { workPoolName: 'production' });
    await stage.drive(async () => stage.ecs.tasks.length > 0 && (await nameOf(fresh)) === 'Completed', 0.1);

    expect(stage.ecs.tasks).toHaveLength(1);
    expect(new Set(await Promise.all(late.map(nameOf)))).toEqual(new Set(['Cancelled']));
    expect((await stage.readRun(late[0] ?? '')).state.message).toMatch(/^Skipped/);
  });

  it('for its deployment alone is cancelled although its limit is full', async () => {
    await open({}, { skip_after_seconds: 5 }, runsOn);
    await pausePool(stage, false);
    await limitPool(stage, 1);
    const other = await addDeployment(stage, 'other', { jobVariables: { command: 'true' } });
    const [first = ''] = await triggerMany(stage, 1, other);
    await stage.drive(async () => stage.ecs.tasks.length === 1, 0.01);
    const [late = ''] = await triggerMany(stage, 1);

    await stage.drive(async () => (await nameOf(late)) === 'Cancelled', 0.1);

    expect([await nameOf(late), await nameOf(first)]).toEqual(['Cancelled', 'Running']);
  });
});
