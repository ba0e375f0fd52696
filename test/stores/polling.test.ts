// What hybrid workers and served flows are shown, on the real local database: who waits, in the pump's order.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../shared/domain/run/run.ts';
import { pollDeployments, pollRuns } from '../../shared/use-cases/poll-runs.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { propose, runsOn } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  stage = await startStage({ database, script: runsOn });
  await declarePool();
});
afterEach(() => stage.close());
afterAll(() => database.close());

const pool = 'development';
const queueIds = { urgent: 'q-urgent', default: 'q-default' } as const;
type QueueName = keyof typeof queueIds;

/** A hybrid pool with two queues. */
async function declarePool(): Promise<void> {
  const { catalogue, world } = stage.deps;
  const kept = { created: world.now(), updated: world.now(), version: 1 };
  const queue = (name: QueueName, priority: number) => ({
    ...kept,
    id: queueIds[name],
    workPoolName: pool,
    name,
    isPaused: false,
    priority,
  });
  await catalogue.workPools.create(
    {
      ...kept,
      id: 'pool',
      name: pool,
      type: 'process',
      baseJobTemplate: {},
      isPaused: false,
      storageConfiguration: {},
      defaultQueueId: queueIds.default,
    },
    queue('default', 2),
  );
  await catalogue.workQueues.create(queue('urgent', 1));
}

async function waits(queue: QueueName, seconds = 0): Promise<Run> {
  const details = { scheduledTime: stage.clock.now() + seconds * 1000 };
  const answer = await recordRun(stage.deps, {
    flowId: stage.place.flowId,
    workPoolName: pool,
    workPoolType: 'process',
    workQueueId: queueIds[queue],
    workQueueName: queue,
    state: { type: 'SCHEDULED', name: 'Scheduled', details },
  });
  await stage.deps.lanes.touch({ workPoolName: pool, workQueueId: queueIds[queue] }, stage.clock.now() + 60_000);
  return answer.run;
}

const shown = async (over: Partial<Parameters<typeof pollRuns>[1]> = {}) =>
  (await pollRuns(stage.deps, { workPoolName: pool, limit: 10, ...over })).map(({ run }) => run.id);

describe('a worker', () => {
  it('is shown who waits, the urgent queue first, then by time', async () => {
    const [late, early, urgent] = [await waits('default', 9), await waits('default', 1), await waits('urgent', 20)];

    expect(await shown()).toEqual([urgent.id, early.id, late.id]);
    expect(await shown({ limit: 2 })).toEqual([urgent.id, early.id]);
    expect(await shown({ scheduledBefore: stage.clock.now() + 5_000 })).toEqual([early.id]);
    expect(await shown({ workQueueNames: ['default'] })).toEqual([early.id, late.id]);
    expect(await shown({ workQueueNames: ['none'] })).toEqual([]);
    expect(await shown({ workPoolName: 'none' })).toEqual([]);
    expect((await pollRuns(stage.deps, { workPoolName: pool, limit: 1 }))[0]).toMatchObject({
      workPoolId: 'pool',
      workQueueId: queueIds.urgent,
    });
  });

  it('is not shown who has been taken, though an index may still know him', async () => {
    const [one, other] = [await waits('default'), await waits('default', 1)];
    const waiting = stage.deps.runs.waiting;
    await propose(stage, one.id, { state: { type: 'PENDING', name: 'Pending', details: {} } });
    const lagging: typeof waiting = async (lane, request) => [
      { runId: one.id, scheduledTime: 0 },
      { runId: 'deleted', scheduledTime: 0 },
      ...(await waiting(lane, request)),
    ];

    const found = await pollRuns(
      { ...stage.deps, runs: { ...stage.deps.runs, waiting: lagging } },
      { workPoolName: pool, limit: 10, workQueueNames: ['default'] },
    );

    expect(found.map(({ run }) => run.id)).toEqual([other.id]);
  });

  it('is not shown runs that were put off since', async () => {
    const run = await waits('default');
    const details = { scheduledTime: stage.clock.now() + 60_000 };
    await propose(stage, run.id, { state: { type: 'SCHEDULED', name: 'Scheduled', details } });
    const stale = async () => [{ runId: run.id, scheduledTime: stage.clock.now() }];

    const deps = { ...stage.deps, runs: { ...stage.deps.runs, waiting: stale } };

    expect(await pollRuns(deps, { workPoolName: pool, limit: 9, scheduledBefore: stage.clock.now() })).toEqual([]);
  });

  it('is shown nothing of a paused pool or queue', async () => {
    const { workPools, workQueues } = stage.deps.catalogue;
    const [one] = [await waits('default'), await waits('urgent')];
    const urgent = await workQueues.read(queueIds.urgent);
    const development = await workPools.read(pool);
    if (urgent === undefined || development === undefined) throw new Error('not declared');

    await workQueues.change(urgent, { ...urgent, isPaused: true });
    expect(await shown()).toEqual([one.id]);

    await workPools.change(development, { ...development, isPaused: true });
    expect(await shown()).toEqual([]);
  });
});

describe('a worker of a pool with limits', () => {
  const limitQueueOf = async (name: QueueName, concurrencyLimit: number) => {
    const queue = await stage.deps.catalogue.workQueues.read(queueIds[name]);
    if (queue === undefined) throw new Error('no queue');
    await stage.deps.catalogue.workQueues.change(queue, { ...queue, concurrencyLimit });
  };
  const limitPoolTo = async (concurrencyLimit: number) => {
    const found = await stage.deps.catalogue.workPools.read(pool);
    if (found === undefined) throw new Error('no pool');
    await stage.deps.catalogue.workPools.change(found, { ...found, concurrencyLimit });
  };
  const pending = (run: Run) => propose(stage, run.id, { state: { type: 'PENDING', name: 'Pending', details: {} } });

  it('is shown as many as there is room for, and a full queue does not fill his page', async () => {
    await limitQueueOf('urgent', 1);
    const [first, second] = [await waits('urgent', 1), await waits('urgent', 2)];
    const others = [await waits('default', 3), await waits('default', 4)];

    const before = await shown({ limit: 3 });
    await pending(first);
    const after = await shown({ limit: 3 });
    await limitPoolTo(1);

    expect(before).toEqual([first.id, ...others.map(({ id }) => id)]);
    expect(before).not.toContain(second.id);
    expect(after).toEqual(others.map(({ id }) => id));
    expect(await shown()).toEqual([others[0]?.id]);
  });

  it('has one winner among ten that all saw the one run that may go', async () => {
    await limitPoolTo(1);
    const runs = [];
    for (let at = 0; at < 10; at += 1) runs.push(await waits('default', at));
    const seen = await Promise.all(runs.map(() => shown()));

    const answers = await Promise.all(runs.map(pending));

    expect(new Set(seen.flat())).toEqual(new Set([runs[0]?.id]));
    expect(answers.filter((answer) => answer?.status === 'ACCEPT')).toHaveLength(1);
    expect(await shown()).toEqual([]);
  });

  it('wins the one run that all ten ask for, or not at all', async () => {
    await limitPoolTo(1);
    const run = await waits('default');

    const answers = await Promise.all(Array.from({ length: 10 }, () => pending(run)));

    expect(answers.filter((answer) => answer?.status === 'ACCEPT')).toHaveLength(1);
  });
});

describe('lanes', () => {
  const lanes = () => stage.deps.lanes.ofPool(pool);
  const wake = () =>
    takeSubmitHints(stage.deps, [{ kind: 'wake', lane: { workPoolName: pool, workQueueId: queueIds.default } }]);

  it('of hybrid pools are put by hints, kept while somebody waits, and go when empty for five minutes', async () => {
    const run = await waits('default');
    const [hint] = stage.queues.submit.receive(1).map(({ body }) => JSON.parse(body));
    await takeSubmitHints(stage.deps, [hint]);
    stage.clock.advanceTo(stage.clock.now() + 60_000);
    await wake();
    expect(await lanes()).toMatchObject([{ dueAt: stage.clock.now() + 60_000 }]);

    await propose(stage, run.id, { state: { type: 'PENDING', name: 'Pending', details: {} } });
    stage.clock.advanceTo(stage.clock.now() + 60_000);
    await wake();
    expect(await lanes()).toMatchObject([{ emptySince: stage.clock.now(), dueAt: stage.clock.now() + 300_000 }]);

    stage.clock.advanceTo(stage.clock.now() + 300_000);
    await wake();
    expect(await lanes()).toEqual([]);
    expect(stage.ecs.tasks).toEqual([]);
  });

  it('of a pool that is gone go with it', async () => {
    await waits('default');
    await stage.deps.catalogue.workPools.remove(pool);

    await wake();

    expect(await lanes()).toEqual([]);
  });

  it('are woken when their pool or queue takes runs again, and wake the pump', async () => {
    await waits('default');
    await waits('urgent');
    const at = stage.clock.now() + 30_000;
    stage.clock.advanceTo(at);
    stage.queues.submit.clear();

    await wakeLanes(stage.deps, { workPoolName: pool, workQueueId: queueIds.urgent });
    const ofQueue = (await lanes()).map(({ lane, dueAt }) => [lane.workQueueId, dueAt - at]);
    await wakeLanes(stage.deps, { workPoolName: pool });

    expect(ofQueue).toEqual([
      [queueIds.default, 30_000],
      [queueIds.urgent, 60_000],
    ]);
    expect((await lanes()).map(({ dueAt }) => dueAt - at)).toEqual([60_000, 60_000]);
    // At once, and again when the pump has forgotten what it remembered.
    expect(stage.queues.submit.size).toBe(4);
  });
});

describe('a hint', () => {
  const lane = { workPoolName: pool, workQueueId: queueIds.default };

  it('that comes early by more than 2 s goes back for the rest of the time', async () => {
    const dueAt = stage.clock.now() + 2_001;

    await takeSubmitHints(stage.deps, [{ kind: 'work', lane, dueAt }]);

    expect(stage.queues.submit.nextAt()).toBe(stage.clock.now() + 3_000);
    expect(await stage.deps.lanes.ofPool(pool)).toEqual([]);
  });

  it('that comes early by less is waited for', async () => {
    const dueAt = stage.clock.now() + 2_000;

    await takeSubmitHints(stage.deps, [{ kind: 'work', lane, dueAt }]);

    expect(stage.clock.now()).toBe(dueAt);
    expect(stage.queues.submit.size).toBe(0);
  });
});

describe('a served flow', () => {
  const trigger = async (seconds: number) => {
    const details = { scheduledTime: stage.clock.now() + seconds * 1000 };
    const answer = await recordRun(stage.deps, {
      flowId: stage.place.flowId,
      deploymentId: 'served',
      state: { type: 'SCHEDULED', name: 'Scheduled', details },
    });
    return answer.run.id;
  };
  const serve = async (over: object = {}) => {
    const { catalogue } = stage.deps;
    const nightly = await catalogue.deployments.read(stage.place.deploymentId);
    if (nightly === undefined) throw new Error('no deployment');
    const { workPoolName: _pool, workQueueId: _queue, ...own } = nightly;
    await catalogue.deployments.create({ ...own, id: 'served', name: 'served', ...over });
  };
  const poll = async (over: object = {}) =>
    (await pollDeployments(stage.deps, { deploymentIds: ['served', 'unknown'], limit: 10, ...over })).map(
      ({ id }) => id,
    );

  it('is shown the runs of its deployments, by time', async () => {
    await serve();
    const [late, early] = [await trigger(9), await trigger(1)];

    expect(await poll()).toEqual([early, late]);
    expect(await poll({ limit: 1 })).toEqual([early]);
    expect(await poll({ scheduledBefore: stage.clock.now() + 1_000 })).toEqual([early]);
  });

  it('is shown the runs that somebody asked for while its deployment is paused', async () => {
    await serve({ paused: true });
    const asked = await trigger(0);

    expect(await poll()).toEqual([asked]);
  });
});
