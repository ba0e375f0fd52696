// Runs without a task of ours, on the real local database under the clock: judged by signs of life, retried, launched
// late, and given back their slots.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { ProposedState } from '../../shared/domain/run/state.ts';
import { noteHeartbeats } from '../../shared/use-cases/note-heartbeats.ts';
import { type NewRun, recordRun } from '../../shared/use-cases/record-run.ts';
import { visitRun } from '../../shared/use-cases/visit-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { minute, second } from '../support/run-builders.ts';
import {
  cancelling,
  completed,
  failed,
  isOver,
  propose,
  running,
  runsOn,
  triggerOnce,
} from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  stage = await startStage({ database, script: runsOn });
});
afterEach(() => stage.close());
afterAll(() => database.close());

const plain: ProposedState = { type: 'PENDING', name: 'Pending', details: {} };

async function recorded(over: Partial<NewRun> = {}): Promise<string> {
  const answer = await recordRun(stage.deps, { flowId: stage.place.flowId, state: plain, ...over });
  return answer.run.id;
}

async function isRunning(id: string): Promise<string> {
  await propose(stage, id, { state: running });
  return id;
}

const sign = (id: string, at: number): PrefectEvent => ({
  id: stage.deps.world.newId(),
  occurred: at,
  received: at,
  event: 'prefect.flow-run.heartbeat',
  resource: { 'prefect.resource.id': `prefect.flow-run.${id}` },
  related: [],
  payload: {},
});

/** Signs of life each minute, as the clock goes. */
async function livesFor(id: string, minutes: number): Promise<void> {
  for (let at = 0; at < minutes; at += 1) {
    await noteHeartbeats(stage.deps, [sign(id, stage.clock.now())]);
    const next = stage.clock.now() + minute;
    await stage.drive(async () => stage.clock.now() >= next);
  }
}

const hasState = (id: string, type: string) => async () => (await stage.readRun(id)).state.type === type;
const passes = (ms: number) => {
  const until = stage.clock.now() + ms;
  return stage.drive(async () => stage.clock.now() >= until);
};

describe('a run that others execute', () => {
  it('is left alone while it gives signs of life, and Crashed once they stay away', async () => {
    const id = await isRunning(await recorded());
    await livesFor(id, 12);
    const alive = (await stage.readRun(id)).state.type;
    const last = stage.clock.now() - minute;

    await stage.drive(hasState(id, 'CRASHED'));

    expect(alive).toBe('RUNNING');
    expect(stage.clock.now() - last).toBeGreaterThanOrEqual(3 * minute);
    expect(stage.clock.now() - last).toBeLessThan(6 * minute);
    expect((await stage.readRun(id)).state.message).toContain('no sign of life');
  });

  it('is judged by the next visit where the first one lost its write to somebody else', async () => {
    const id = await isRunning(await recorded());
    await livesFor(id, 5);
    const now = stage.clock.now() + 60 * minute;
    const deps = { ...stage.deps, world: { ...stage.deps.world, now: () => now } };

    await visitRun({ ...deps, runs: { ...deps.runs, change: async () => 'lost' as const } }, id);
    await visitRun(deps, id);

    expect((await stage.readRun(id)).state.type).toBe('CRASHED');
  });

  it('is never judged where no sign ever came', async () => {
    const id = await isRunning(await recorded());

    await passes(45 * minute);

    expect((await stage.readRun(id)).state.type).toBe('RUNNING');
  });

  it('is forgotten by the clock once it is over', async () => {
    const id = await isRunning(await recorded());
    await livesFor(id, 5);
    await propose(stage, id, { state: completed });

    await passes(20 * minute);

    expect(await stage.deps.heartbeats.read(id)).toBeUndefined();
    expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
  });

  it('is Cancelled five minutes after it was asked to stop and said nothing', async () => {
    const id = await isRunning(await recorded());
    await propose(stage, id, { state: cancelling });
    const asked = stage.clock.now();

    await stage.drive(hasState(id, 'CANCELLED'));

    expect(stage.clock.now() - asked).toBeGreaterThanOrEqual(5 * minute);
    expect(stage.clock.now() - asked).toBeLessThan(8 * minute);
  });
});

describe('signs of life', () => {
  it('may come twice, in any order, and from the future', async () => {
    const now = stage.clock.now();
    const times = [now, now - 2 * minute, now, now - minute];

    for (const at of times) await noteHeartbeats(stage.deps, [sign('run', at)]);
    await noteHeartbeats(stage.deps, [{ ...sign('run', now + 60 * minute), received: now + minute }]);

    expect(await stage.deps.heartbeats.read('run')).toEqual({ lastAt: now + minute, gapsMs: [minute] });
    await stage.deps.heartbeats.forget('run', { lastAt: now, gapsMs: [] });
    expect(await stage.deps.heartbeats.read('run')).toEqual({ lastAt: now + minute, gapsMs: [minute] });
  });
});

describe('a retry in an engine elsewhere', () => {
  const empiricalPolicy = { retries: 2, retryDelaySeconds: 60 };

  it('whose engine is silent goes to whoever submits the run, and not back to that engine', async () => {
    const id = await isRunning(await recorded({ deploymentId: stage.place.deploymentId, empiricalPolicy }));
    await propose(stage, id, { state: failed });
    const failedAt = stage.clock.now();

    await stage.drive(async () => (await stage.readRun(id)).isLeftBehind === true);

    expect(stage.clock.now() - failedAt).toBeGreaterThanOrEqual(11 * minute);
    const run = await stage.readRun(id);
    expect(run).toMatchObject({ state: { name: 'AwaitingRetry' }, empiricalPolicy: { retryType: 'reschedule' } });
    expect(await propose(stage, id, { state: running })).toMatchObject({ status: 'ABORT' });
    expect(await propose(stage, id, { state: plain })).toMatchObject({ status: 'ACCEPT' });
    expect(await propose(stage, id, { state: running })).toMatchObject({ status: 'ACCEPT' });
  });

  it('that nobody else could execute is Crashed', async () => {
    const id = await isRunning(await recorded({ empiricalPolicy }));
    await propose(stage, id, { state: failed });

    await stage.drive(hasState(id, 'CRASHED'));

    expect((await stage.readRun(id)).runCount).toBe(1);
  });

  it('goes on in time where its engine lives', async () => {
    const id = await isRunning(await recorded({ empiricalPolicy }));
    await propose(stage, id, { state: failed });
    await passes(61 * second);

    expect(await propose(stage, id, { state: running })).toMatchObject({ status: 'ACCEPT' });
  });
});

describe('a run of a push pool', () => {
  it('that was recorded PENDING is launched once it is SCHEDULED', async () => {
    const { workPoolName, workQueueId } = { workPoolName: 'production', workQueueId: stage.place.queueId };
    const place = { workPoolName, workPoolType: 'ecs:push', workQueueId, workQueueName: 'default' };
    const id = await recorded({ ...place, deploymentId: stage.place.deploymentId });
    await passes(2 * minute);
    const before = stage.ecs.tasks.length;

    await propose(stage, id, { state: { type: 'SCHEDULED', name: 'Scheduled', details: {} } });
    await stage.drive(async () => stage.ecs.tasks.length === 1);

    expect(before).toBe(0);
    expect(await stage.readRun(id)).toMatchObject({ launched: true, attempt: 1 });
  });

  it('that somebody tries again has the whole budget for lost infrastructure again', async () => {
    const id = await triggerOnce(stage);
    const lose = () => {
      const task = stage.ecs.tasks.at(-1);
      if (task?.lastStatus === 'RUNNING') stage.ecs.end(task, { exitCode: 143, stopCode: 'SpotInterruption' });
    };
    const loseAll = () =>
      stage.drive(async () => {
        lose();
        return isOver(await stage.readRun(id));
      });
    await loseAll();
    const first = stage.ecs.tasks.length;

    await propose(stage, id, { state: { type: 'SCHEDULED', name: 'AwaitingRetry', details: {} }, force: true });
    const restarts = (await stage.readRun(id)).infrastructureRestarts;
    await loseAll();

    expect([first, restarts, stage.ecs.tasks.length]).toEqual([4, 0, 8]);
  });
});
