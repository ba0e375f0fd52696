// Slots of push runs on the real local database: taken with the claim, given back with the end of task or state, and
// whoever gives back wakes who waits.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { acquireSlots } from '../../shared/use-cases/acquire-slots.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { hintIfAwaited } from '../../shared/use-cases/hint-room.ts';
import { releaseLease } from '../../shared/use-cases/release-slots.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import {
  addDeployment,
  addQueue,
  holdersOf,
  limitDeployment,
  limitPool,
  limitQueue,
  pausePool,
  raiseLimit,
  shareLimit,
  triggerMany,
} from '../support/stage/limits.ts';
import { callerOf, completed, exits, isOver, propose, running, runsOn } from '../support/stage/scenarios.ts';
import { type Stage, type StageOptions, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(() => stage.close());
afterAll(() => database.close());

const open = async (over: Partial<StageOptions> = {}) => {
  stage = await startStage({ database, script: runsOn, ...over });
};
const typeOf = async (id: string) => (await stage.readRun(id)).state.type;
const typesOf = (ids: readonly string[]) => Promise.all(ids.map(typeOf));
const started = () => stage.ecs.tasks.length;
/** All messages that are there are taken, until nothing is left to do at this time. */
const settle = async (until: () => Promise<boolean>, hours = 0.01) => {
  expect(await stage.drive(until, hours)).toBe(true);
};
const tasksStarted = (count: number) => async () => started() >= count;
/** As the route does it. */
const give = async (leaseId: string) => {
  const limits = await releaseLease(stage.deps, leaseId);
  await hintIfAwaited(
    stage.deps,
    limits.map(({ id }) => id),
  );
};
const engineJob = { jobVariables: { command: 'prefect flow-run execute' } };

describe('a claim', () => {
  it('takes a slot of pool, queue and deployment, and lists them where they belong', async () => {
    await open();
    const [pool, queue] = [await limitPool(stage, 3), await limitQueue(stage, 2)];
    const deployment = await limitDeployment(stage, { limit: 1 });
    const [id = '', other = ''] = await triggerMany(stage, 2);

    await settle(tasksStarted(1));

    const run = await stage.readRun(id);
    expect(await stage.deps.runs.readAttempt(id, 1)).toMatchObject({ placeGateIds: [pool, queue] });
    expect(run.slot).toMatchObject({ limitId: deployment });
    expect(run.state.details.leaseId).toBe(run.slot?.leaseId);
    for (const gate of [pool, queue, deployment]) expect(await holdersOf(stage, gate)).toEqual([id]);
    expect(await typeOf(other)).toBe('SCHEDULED');
  });

  it('of a run without limits reads no gate and writes no slot', async () => {
    await open();
    const [id = ''] = await triggerMany(stage, 1);
    const nobody = () => Promise.reject(new Error('asked for slots'));
    const { limits } = stage.deps;

    await submitRuns({ ...stage.deps, limits: { ...limits, gates: nobody, read: nobody, take: nobody } });
    await stage.deps.lanes.touch(stage.place.lane, stage.clock.now());
    await submitRuns({ ...stage.deps, limits: { ...limits, gates: nobody, read: nobody, take: nobody } });

    expect(started()).toBe(1);
    expect(await stage.deps.runs.readAttempt(id, 1)).not.toHaveProperty('placeGateIds');
    expect(await stage.readRun(id)).not.toHaveProperty('slot');
  });

  it('takes many slots of one gate at once, as many as there are', { timeout: 100_000 }, async () => {
    await open({ launchRate: { perSecond: 1_000, burst: 1_000 } });
    const pool = await limitPool(stage, 35);
    await triggerMany(stage, 50);

    await settle(tasksStarted(35));
    await stage.drive(async () => false, 0.005);

    expect(started()).toBe(35);
    expect(await holdersOf(stage, pool)).toHaveLength(35);
  });

  it('takes none for a run whose job cannot be rendered, and the next one goes', async () => {
    await open({ jobVariables: { command: 'true', cpu: 3, memory: 1 } });
    const pool = await limitPool(stage, 1);
    const good = await addDeployment(stage, 'good', { jobVariables: { command: 'true' } });
    const [bad = ''] = await triggerMany(stage, 1);
    const [id = ''] = await triggerMany(stage, 1, good);

    await settle(tasksStarted(1));

    expect(await typeOf(bad)).toBe('CRASHED');
    expect(await holdersOf(stage, pool)).toEqual([id]);
  });
});

describe('a slot of pool and queue', () => {
  it('stays with the task after the engine said its last word, until the task has stopped', async () => {
    await open(engineJob);
    const pool = await limitPool(stage, 1);
    const deployment = await limitDeployment(stage, { limit: 1 });
    const [id = '', next = ''] = await triggerMany(stage, 2);
    await settle(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');
    await propose(stage, id, { state: running, caller: callerOf(task) });
    await propose(stage, id, { state: completed, caller: callerOf(task) });

    expect([await holdersOf(stage, deployment), await holdersOf(stage, pool)]).toEqual([[], [id]]);
    stage.ecs.end(task, { exitCode: 0 });
    await settle(tasksStarted(2));

    expect(await holdersOf(stage, pool)).toEqual([next]);
  });

  it('outlives its run when that is deleted, and goes when the task has stopped; the deployment’s goes at once', async () => {
    await open();
    const pool = await limitPool(stage, 1);
    const deployment = await limitDeployment(stage, { limit: 1 });
    const [id = ''] = await triggerMany(stage, 1);
    await settle(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');

    await deleteRun(stage.deps, id);
    const held = [await holdersOf(stage, deployment), await holdersOf(stage, pool)];
    await settle(async () => stage.ecs.tasks[0]?.lastStatus === 'STOPPED', 0.1);
    await settle(async () => (await holdersOf(stage, pool)).length === 0, 0.1);

    expect(held).toEqual([[], [id]]);
  });
});

describe('a full lane', () => {
  it('holds up nobody but itself, however many wait in it and however urgent it is', { timeout: 100_000 }, async () => {
    await open();
    const urgent = await addQueue(stage, 'urgent', 1);
    await limitQueue(stage, 1, urgent);
    const queue = await stage.deps.catalogue.workQueues.read(stage.place.queueId);
    if (queue === undefined) throw new Error('no queue');
    await stage.deps.catalogue.workQueues.change(queue, { ...queue, priority: 2 });
    const crowded = await addDeployment(stage, 'crowded', { workQueueId: urgent, workQueueName: 'urgent' });
    const crowd = await triggerMany(stage, 60, crowded);
    const [free = ''] = await triggerMany(stage, 1);

    await settle(tasksStarted(2));

    expect((await typesOf(crowd)).filter((type) => type !== 'SCHEDULED')).toHaveLength(1);
    expect(await typeOf(free)).not.toBe('SCHEDULED');
  });

  it('of one deployment leaves the others of its queue alone', async () => {
    await open();
    await limitDeployment(stage, { limit: 1 });
    const other = await addDeployment(stage, 'other');
    await triggerMany(stage, 5);
    await triggerMany(stage, 5, other);

    await settle(tasksStarted(6));
    await stage.drive(async () => false, 0.01);

    expect(started()).toBe(6);
  });

  it('shows its runs as Scheduled, then Late, and writes nothing more while they wait', async () => {
    await open();
    await limitDeployment(stage, { limit: 1 });
    const [, waiting = ''] = await triggerMany(stage, 2);
    await settle(tasksStarted(1));
    await stage.drive(async () => (await stage.readRun(waiting)).state.name === 'Late', 0.1);
    const before = await stage.readRun(waiting);

    await stage.drive(async () => false, 0.1);

    expect(before.state).toMatchObject({ type: 'SCHEDULED', name: 'Late' });
    expect(await stage.readRun(waiting)).toEqual(before);
  });
});

describe('whoever gives back a slot', () => {
  it.each(['pool', 'deployment'] as const)('of a %s lets the next run start at once', async (kind) => {
    await open({ script: exits(0, 5) });
    if (kind === 'pool') await limitPool(stage, 1);
    else await limitDeployment(stage, { limit: 1 });
    const ids = await triggerMany(stage, 4);

    await settle(async () => (await typesOf(ids)).every((type) => type === 'COMPLETED'), 0.1);

    const waits = stage.ecs.tasks
      .slice(1)
      .map(({ createdAt }, at) => createdAt - (stage.ecs.tasks[at]?.stoppedAt ?? 0));
    // The clock is virtual: whatever goes by hints alone takes no time.
    expect(waits.every((ms) => ms <= 1_000)).toBe(true);
  });

  it('by deleting a run, by cancelling it and by a state set by hand lets the next one start', async () => {
    await open();
    await limitDeployment(stage, { limit: 1 });
    const [first = '', second = ''] = await triggerMany(stage, 3);
    await settle(tasksStarted(1));
    await deleteRun(stage.deps, first);
    await settle(tasksStarted(2));
    await propose(stage, second, { state: { type: 'FAILED', name: 'Failed', details: {} }, force: true });
    await settle(tasksStarted(3));
  });

  it('that others share wakes the pump, where runs of its own wait for it', async () => {
    await open();
    const limitId = await limitDeployment(stage, { limit: 1 });
    const { limits } = stage.deps;
    const name = `deployment:${stage.place.deploymentId}`;
    const taken = await acquireSlots(stage.deps, {
      names: [name],
      slots: 1,
      mode: 'concurrency',
      lease: { seconds: 900 },
    });
    if (taken.kind !== 'granted') throw new Error(taken.kind);
    await triggerMany(stage, 1);
    await stage.drive(async () => limits.isAwaited(limitId, stage.clock.now()), 0.01);
    const early = started();
    const at = stage.clock.now();

    await give(taken.leaseId);
    await settle(tasksStarted(1));

    expect([early, stage.clock.now() - at]).toEqual([0, 0]);
  });

  it('wakes nobody where nobody waits', async () => {
    await open();
    const other = await limitDeployment(stage, { limit: 2 });
    const name = `deployment:${stage.place.deploymentId}`;
    const taken = await acquireSlots(stage.deps, {
      names: [name],
      slots: 1,
      mode: 'concurrency',
      lease: { seconds: 900 },
    });
    if (taken.kind !== 'granted') throw new Error(taken.kind);

    await give(taken.leaseId);

    expect(stage.queues.submit.size).toBe(0);
    expect(await holdersOf(stage, other)).toEqual([]);
  });
});

describe('a slot whose lease ran out', () => {
  it('goes to a run of the pump that needs it', async () => {
    await open();
    const limitId = await limitDeployment(stage, { limit: 1 });
    const name = `deployment:${stage.place.deploymentId}`;
    await acquireSlots(stage.deps, { names: [name], slots: 1, mode: 'concurrency', lease: { seconds: 30 } });
    const [id = ''] = await triggerMany(stage, 1);

    await settle(tasksStarted(1), 0.1);

    expect(await holdersOf(stage, limitId)).toEqual([id]);
    expect((await stage.deps.runs.readAttempt(id, 1))?.openedAt).toBeGreaterThanOrEqual(30_000);
  });
});

describe('a rate', () => {
  it('lets its runs go one by one, each as soon as a slot has decayed', async () => {
    await open();
    await limitDeployment(stage, { limit: 2, slotDecayPerSecond: 0.2 });
    await triggerMany(stage, 5);

    await settle(tasksStarted(5), 0.01);

    const starts = stage.ecs.tasks.map(({ createdAt }) => createdAt);
    const after = starts.map((at) => Math.round((at - (starts[0] ?? 0)) / 1000));
    expect(after).toEqual([0, 0, 5, 10, 15]);
  });
});

describe('a raised limit', () => {
  it.each(['pool', 'deployment'] as const)('of a %s wakes as many as fit', async (kind) => {
    await open();
    const id = kind === 'pool' ? await limitPool(stage, 1) : await limitDeployment(stage, { limit: 1 });
    await triggerMany(stage, 9);
    await settle(tasksStarted(1));

    if (kind === 'pool') await limitPool(stage, 6);
    else await raiseLimit(stage, id, 6);
    await stage.deps.hints.submit([{ kind: 'room' }]);
    await settle(tasksStarted(6));
    await stage.drive(async () => false, 0.005);

    expect(started()).toBe(6);
  });
});

describe('a limit of 0', () => {
  it('lets nobody in, and nobody be cancelled before he is Late', async () => {
    await open();
    await limitDeployment(stage, { limit: 0, options: { collision_strategy: 'CANCEL_NEW' } });
    const [id = ''] = await triggerMany(stage, 1);
    await stage.drive(async () => stage.queues.submit.size === 0, 0.001);
    const early = await typeOf(id);

    await settle(async () => isOver(await stage.readRun(id)), 0.1);

    expect([early, await typeOf(id), started()]).toEqual(['SCHEDULED', 'CANCELLED', 0]);
  });
});

describe('a deployment that wants no collision', () => {
  const options = { collision_strategy: 'CANCEL_NEW' };

  it('has the runs cancelled that are due while it is full, and those of others go on', async () => {
    await open();
    await limitDeployment(stage, { limit: 1, options });
    const [first = '', ...others] = await triggerMany(stage, 4);

    await settle(async () => (await typesOf(others)).every((type) => type === 'CANCELLED'));

    expect(await typeOf(first)).not.toBe('CANCELLED');
    expect((await stage.readRun(others[0] ?? '')).state.message).toBe('Deployment concurrency limit reached.');
    expect(started()).toBe(1);
  });

  it('does not cancel a run for one that is only about to be claimed', async () => {
    await open({ jobVariables: { command: 'true', cpu: 3, memory: 1 } });
    const limitId = await limitDeployment(stage, { limit: 1, options });
    const [bad = ''] = await triggerMany(stage, 1);
    const good = await addDeployment(stage, 'good', { jobVariables: { command: 'true' } });
    await shareLimit(stage, { deploymentId: good, limitId, options });
    const [id = ''] = await triggerMany(stage, 1, good);

    await settle(tasksStarted(1));

    expect([await typeOf(bad), await typeOf(id)]).toEqual(['CRASHED', 'PENDING']);
  });

  it('has a run that waits for its pool cancelled once it is Late and its deployment full', async () => {
    await open();
    await limitDeployment(stage, { limit: 1, options });
    await triggerMany(stage, 1);
    await settle(tasksStarted(1));
    await pausePool(stage, true);
    const [late = ''] = await triggerMany(stage, 1);

    await settle(async () => isOver(await stage.readRun(late)), 0.1);

    expect((await stage.readRun(late)).state).toMatchObject({
      type: 'CANCELLED',
      message: 'Deployment concurrency limit reached.',
    });
  });
});

describe('priority', () => {
  it('decides who gets the slot that comes free, then time', async () => {
    await open({ script: exits(0, 2) });
    const low = await addQueue(stage, 'low', 9);
    await limitPool(stage, 1);
    const slow = await addDeployment(stage, 'slow', { workQueueId: low, workQueueName: 'low' });
    const [running = ''] = await triggerMany(stage, 1);
    await settle(tasksStarted(1));
    const later = await triggerMany(stage, 2, slow);
    const urgent = await triggerMany(stage, 2);

    await settle(tasksStarted(5), 0.1);

    const order = stage.ecs.tasks.map((task) => callerOf(task).runId);
    expect(order).toEqual([running, ...urgent, ...later]);
  });
});

describe('a paused pool', () => {
  it('does not have its lanes wake the pump each minute, and goes on at once when it is resumed', async () => {
    await open();
    await triggerMany(stage, 1);
    await pausePool(stage, true);
    await stage.drive(async () => false, 0.05);
    const [lane] = await stage.deps.lanes.ofPool('production');
    const asleep = (lane?.dueAt ?? 0) - stage.clock.now();
    const early = started();
    const at = stage.clock.now();

    await pausePool(stage, false);
    await wakeLanes(stage.deps, { workPoolName: 'production' });
    await settle(tasksStarted(1));

    expect(early).toBe(0);
    expect(asleep).toBeGreaterThan(5 * 60_000);
    expect(stage.clock.now()).toBe(at);
    expect((await stage.deps.lanes.ofPool('production'))[0]?.dueAt).toBe(at + 60_000);
  });
});
