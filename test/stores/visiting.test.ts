// What the clock brings about on the real local database: Late, deadlines that are met, ticks that come too late.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObserveHint, SubmitHint } from '../../shared/ports/hints.ts';
import { keepTime } from '../../shared/use-cases/keep-time.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { takeObserveHint } from '../../shared/use-cases/take-hints.ts';
import { visitAttempt } from '../../shared/use-cases/visit-attempt.ts';
import { visitRun } from '../../shared/use-cases/visit-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { modelCluster } from '../support/stage/model-ecs.ts';
import { callerOf, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  stage = await startStage({ database, script: runsOn, jobVariables: { command: 'prefect flow-run execute' } });
});
afterEach(() => stage.close());
afterAll(() => database.close());

const nowhere = '99999999-9999-4999-8999-999999999999';
const isRunning = async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING' && stage.queues.observe.size === 0;

async function recorded(state: Parameters<typeof recordRun>[1]['state'], over: object = {}): Promise<string> {
  const answer = await recordRun(stage.deps, { flowId: stage.place.flowId, state, ...over });
  return answer.run.id;
}

describe('a run that waits past its time', () => {
  it('is Late after 15 s, and looked at every ten minutes after that', async () => {
    const id = await triggerOnce(stage);
    const start = stage.clock.now();

    await visitRun(stage.deps, id);
    const first = await stage.readRun(id);
    stage.clock.advanceTo(start + 15_000);
    await visitRun(stage.deps, id);
    const late = await stage.readRun(id);
    await visitRun(stage.deps, id);
    stage.clock.advanceTo(start + 615_000);
    await visitRun(stage.deps, id);
    const visited = await stage.readRun(id);

    expect(first).toMatchObject({ state: { name: 'Scheduled' }, dueAt: start + 15_000 });
    expect(late).toMatchObject({ state: { type: 'SCHEDULED', name: 'Late' }, dueAt: start + 615_000 });
    expect(visited).toMatchObject({ state: { id: late.state.id }, dueAt: start + 1_215_000 });
  });

  it('is left alone before its time', async () => {
    const details = { scheduledTime: stage.clock.now() + 60_000 };
    const id = await recorded({ type: 'SCHEDULED', name: 'Scheduled', details }, { deploymentId: 'served' });
    const before = await stage.readRun(id);

    await visitRun(stage.deps, id);

    expect(before.dueAt).toBe(details.scheduledTime);
    expect(await stage.readRun(id)).toEqual(before);
  });
});

describe('a pause', () => {
  it('whose time is over fails the run within a tick', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');
    const paused = { type: 'PAUSED', name: 'Paused', details: { pauseTimeout: stage.clock.now() + 30_000 } } as const;
    await propose(stage, id, { state: running, caller: callerOf(task) });
    await propose(stage, id, { state: paused, caller: callerOf(task) });

    await stage.drive(async () => (await stage.readRun(id)).state.type === 'FAILED', 1);

    expect((await stage.readRun(id)).state.message).toBe('The flow was paused and never resumed.');
    const lateMs = stage.clock.now() - paused.details.pauseTimeout;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThanOrEqual(60_000);
  });
});

describe('a visit', () => {
  it('of what is gone, or has nothing due, changes nothing', async () => {
    const id = await recorded({ type: 'RUNNING', name: 'Running', details: {} });
    const before = await stage.readRun(id);

    await visitRun(stage.deps, nowhere);
    await visitAttempt(stage.deps, { runId: nowhere, attempt: 1 });
    const tasks = [{ taskArn: 'arn', runId: nowhere, attempt: 1 }];
    await takeObserveHint(stage.deps, { kind: 'tasks', cluster: modelCluster, tasks });
    await visitRun(stage.deps, id);

    expect(await stage.readRun(id)).toEqual(before);
  });

  it('takes away a deadline that the attempt carries on', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const run = await stage.readRun(id);
    await stage.deps.runs.change(run, { ...run, dueAt: stage.clock.now() });

    await takeObserveHint(stage.deps, { kind: 'run', runId: id });

    expect((await stage.readRun(id)).dueAt).toBeUndefined();
  });

  it('takes away a deadline that means nothing', async () => {
    const id = await recorded({ type: 'RUNNING', name: 'Running', details: {} });
    const run = await stage.readRun(id);
    await stage.deps.runs.change(run, { ...run, dueAt: stage.clock.now() });

    await visitRun(stage.deps, id);

    expect((await stage.readRun(id)).dueAt).toBeUndefined();
  });

  it('keeps a deadline that comes while the run is looked at', async () => {
    const pauseTimeout = stage.clock.now() + 60_000;
    const id = await recorded({ type: 'PAUSED', name: 'Paused', details: { pauseTimeout } });
    let looks = 0;
    const now = () => {
      looks += 1;
      return looks === 1 ? pauseTimeout - 1 : pauseTimeout + 1;
    };

    await visitRun({ ...stage.deps, world: { ...stage.deps.world, now } }, id);

    expect(await stage.readRun(id)).toMatchObject({ state: { type: 'PAUSED' }, dueAt: pauseTimeout });
  });

  it('moves a deadline that came too early to its time', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    await propose(stage, id, { state: { type: 'COMPLETED', name: 'Completed', details: {} } });
    const run = await stage.readRun(id);
    await stage.deps.runs.change(run, { ...run, dueAt: stage.clock.now() });

    await visitRun(stage.deps, id);

    expect((await stage.readRun(id)).dueAt).toBe(run.state.timestamp + 600_000);
  });
});

describe('a tick', () => {
  it('that comes minutes late is dropped: a newer one is on its way', async () => {
    await triggerOnce(stage);
    stage.queues.submit.clear();

    await keepTime(stage.deps, stage.clock.now() - 150_001);
    const dropped = stage.queues.observe.size;
    await keepTime(stage.deps, stage.clock.now() - 150_000);

    expect([dropped, stage.queues.observe.size]).toEqual([0, 1]);
  });

  it('hints each lane once a second, and other deadlines one by one', async () => {
    const soon = stage.clock.now() + 30_000;
    const state = { type: 'SCHEDULED', name: 'Scheduled', details: { scheduledTime: soon } } as const;
    const place = { workPoolName: 'production', workPoolType: 'ecs:push', workQueueId: stage.place.queueId };
    for (let at = 0; at < 3; at += 1) await recorded(state, place);
    await recorded(state, { deploymentId: 'served' });
    stage.queues.submit.clear();

    await keepTime(stage.deps, stage.clock.now());

    expect([stage.queues.submit.size, stage.queues.submit.nextAt()]).toEqual([1, soon]);
    expect([stage.queues.observe.size, stage.queues.observe.nextAt()]).toEqual([1, soon]);
  });

  it('hints a lane once for all its runs that are overdue, whose visits need not wake the pump any more', async () => {
    for (const key of ['one', 'two', 'three']) await triggerOnce(stage, key);
    stage.clock.advanceTo(stage.clock.now() + 60_000);
    stage.queues.submit.clear();

    await keepTime(stage.deps, stage.clock.now());
    const visits = stage.queues.observe.receive(10).map(({ body }) => JSON.parse(body) as ObserveHint);
    for (const visit of visits) await takeObserveHint(stage.deps, visit);

    expect(visits.map(({ kind }) => kind)).toEqual(['run', 'run', 'run']);
    const hints = stage.queues.submit.receive(10).map(({ body }) => JSON.parse(body) as SubmitHint);
    expect(hints).toEqual([expect.objectContaining({ kind: 'work', lane: stage.place.lane })]);
  });

  it('finds tasks in clusters of their own', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const attempt = await stage.deps.runs.readAttempt(id, 1);
    if (attempt === undefined) throw new Error('no attempt');
    await stage.deps.runs.changeAttempt(attempt, { ...attempt, cluster: 'other' });
    const asked: string[] = [];
    const runningPages = (cluster: string) => {
      asked.push(cluster);
      return stage.deps.tasks.runningPages(cluster);
    };

    await keepTime({ ...stage.deps, tasks: { runningPages } }, stage.clock.now());

    expect(asked).toEqual([modelCluster, 'other']);
  });
});
