// What the clock brings about on the real local database: Late, deadlines that are met, ticks that come too late,
// and tasks that are nobody's.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { keepTime } from '../../shared/use-cases/keep-time.ts';
import { observeTask } from '../../shared/use-cases/observe-task.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { takeObserveHint, takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { lookAtAttempt, visitAttempt } from '../../shared/use-cases/visit-attempt.ts';
import { visitRun } from '../../shared/use-cases/visit-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { aTask } from '../support/run-builders.ts';
import { modelCluster } from '../support/stage/model-ecs.ts';
import { callerOf, crashed, exits, isOver, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
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
  if (answer.kind === 'refused') throw new Error(answer.reason);
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

    await visitRun(stage.deps, id);

    expect(await stage.readRun(id)).toMatchObject({ version: 1, dueAt: details.scheduledTime });
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

    await visitRun(stage.deps, nowhere);
    await visitAttempt(stage.deps, { runId: nowhere, attempt: 1 });
    await lookAtAttempt(stage.deps, { runId: nowhere, attempt: 1 });
    await visitRun(stage.deps, id);

    expect((await stage.readRun(id)).version).toBe(1);
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

  it('moves a deadline that came too early to its time', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    await propose(stage, id, { state: { type: 'COMPLETED', name: 'Completed', details: {} } });
    const run = await stage.readRun(id);
    await stage.deps.runs.change(run, { ...run, dueAt: stage.clock.now() });

    await visitRun(stage.deps, id);

    expect((await stage.readRun(id)).dueAt).toBe(run.state.timestamp + 600_000);
  });

  it('cannot look at a task that nobody knows yet', async () => {
    const id = await triggerOnce(stage);
    const [hint] = stage.queues.submit.receive(1).map(({ body }) => JSON.parse(body));
    const lost = { kind: 'unknown', code: 'x', reason: 'lost' } as const;
    await takeSubmitHints({ ...stage.deps, tasks: { ...stage.deps.tasks, run: async () => lost } }, [hint]);

    await lookAtAttempt(stage.deps, { runId: id, attempt: 1 });

    expect(await stage.deps.runs.readAttempt(id, 1)).toMatchObject({ version: 1 });
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

  it('finds tasks in clusters of their own', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const attempt = await stage.deps.runs.readAttempt(id, 1);
    if (attempt === undefined) throw new Error('no attempt');
    await stage.deps.runs.changeAttempt(attempt, { ...attempt, cluster: 'other' });
    const asked: string[] = [];
    const listRunning = (cluster: string) => {
      asked.push(cluster);
      return stage.deps.tasks.listRunning(cluster);
    };

    await keepTime({ ...stage.deps, tasks: { listRunning } }, stage.clock.now());

    expect(asked).toEqual([modelCluster, 'other']);
  });
});

describe('a task', () => {
  const seen = (
    startedBy: string | undefined,
    lastStatus: string,
    taskArn = 'arn:aws:ecs:x:1:task/slipway/unknown',
  ) => ({
    taskArn,
    cluster: modelCluster,
    task: aTask(lastStatus),
    ...(startedBy === undefined ? {} : { startedBy }),
  });
  const stopped: string[] = [];
  const watching = () => ({
    ...stage.deps,
    tasks: {
      ...stage.deps.tasks,
      stop: async (_cluster: string, arn: string) => {
        stopped.push(arn);
        return 'requested' as const;
      },
    },
  });
  beforeEach(() => {
    stopped.length = 0;
  });

  it('of nobody, or of another stack, is none of ours', async () => {
    for (const owner of [undefined, 'ecs-svc/1', `slipway/other/${nowhere}/1`]) {
      expect(await observeTask(watching(), seen(owner, 'RUNNING'))).toBeUndefined();
    }
    expect(stopped).toEqual([]);
  });

  it('of ours that no attempt has is stopped, unless it has stopped', async () => {
    await observeTask(watching(), seen(`slipway/stage/${nowhere}/1`, 'STOPPED'));
    expect(stopped).toEqual([]);

    await observeTask(watching(), seen(`slipway/stage/${nowhere}/1`, 'RUNNING'));
    expect(stopped).toHaveLength(1);
  });

  it('that is a second one of its attempt is stopped', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);

    await observeTask(watching(), seen(`slipway/stage/${id}/1`, 'RUNNING', 'second'));

    expect(stopped).toEqual(['second']);
    expect((await stage.deps.runs.readAttempt(id, 1))?.taskArn).toBe(stage.ecs.tasks[0]?.arn);
  });

  it('tells nothing by an older version of itself', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const before = await stage.deps.runs.readAttempt(id, 1);

    const arn = stage.ecs.tasks[0]?.arn;
    await observeTask(watching(), {
      ...seen(`slipway/stage/${id}/1`, 'STOPPED', arn),
      task: aTask('STOPPED', { version: 1 }),
    });

    expect(await stage.deps.runs.readAttempt(id, 1)).toEqual(before);
  });

  it('that is described although the sweep only lists it is adopted', async () => {
    const id = await triggerOnce(stage);
    const [hint] = stage.queues.submit.receive(1).map(({ body }) => JSON.parse(body));
    const run: Stage['deps']['tasks']['run'] = async (...request) => {
      await stage.deps.tasks.run(...request);
      return { kind: 'unknown', code: 'x', reason: 'lost' };
    };
    await takeSubmitHints({ ...stage.deps, tasks: { ...stage.deps.tasks, run } }, [hint]);
    const [task] = stage.ecs.tasks;

    await takeObserveHint(stage.deps, { kind: 'task', cluster: modelCluster, taskArn: task?.arn ?? '' });

    expect((await stage.deps.runs.readAttempt(id, 1))?.taskArn).toBe(task?.arn);
  });
});

describe('what ECS says while a task is to stop, or a crash is held', () => {
  it('leaves the deadline that counts', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');
    await propose(stage, id, { state: running, caller: callerOf(task) });
    const saidAt = stage.clock.now();
    await propose(stage, id, { state: crashed, caller: callerOf(task) });
    const observe = (version: number) =>
      observeTask(stage.deps, {
        taskArn: task.arn,
        cluster: modelCluster,
        startedBy: task.startedBy,
        task: aTask('RUNNING', { version }),
      });

    await observe(50);
    const held = await stage.deps.runs.readAttempt(id, 1);
    if (held === undefined) throw new Error('no attempt');
    await stage.deps.runs.changeAttempt(held, { ...held, stopRequested: { at: saidAt, cause: 'cancelled', sends: 1 } });
    await observe(51);

    expect((held.dueAt ?? 0) - (held.heldCrash?.timestamp ?? 0)).toBe(150_000);
    expect((await stage.deps.runs.readAttempt(id, 1))?.dueAt).toBe(saidAt + 60_000);
  });

  it('counts a run without a start time from now', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(async () => stage.ecs.tasks.length === 1);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');

    await observeTask(stage.deps, {
      taskArn: task.arn,
      cluster: modelCluster,
      startedBy: task.startedBy,
      task: aTask('RUNNING', { version: 9 }),
    });

    expect((await stage.deps.runs.readAttempt(id, 1))?.dueAt).toBe(stage.clock.now() + 86_400_000);
  });
});

describe('what is said of a run that is not there', () => {
  it('is answered by nothing', async () => {
    const request = { runId: nowhere, proposed: running, force: false };

    expect(await recordState(stage.deps, request)).toBeUndefined();
    expect(await patchRun(stage.deps, nowhere, { name: 'x' })).toBeUndefined();
    expect(await deleteRun(stage.deps, nowhere)).toBe(false);
  });
});

describe('what is said of a run', () => {
  it('too early has to wait', async () => {
    const details = { scheduledTime: stage.clock.now() + 10_000 };
    const id = await recorded({ type: 'SCHEDULED', name: 'Scheduled', details });

    expect(await propose(stage, id, { state: running })).toMatchObject({
      status: 'WAIT',
      delaySeconds: 10,
      isNewState: false,
      state: { type: 'SCHEDULED' },
    });
  });

  it('by an attempt that never was is kept nowhere', async () => {
    const id = await triggerOnce(stage);

    expect(await propose(stage, id, { state: running, caller: { runId: id, attempt: 7 } })).toMatchObject({
      status: 'ABORT',
      state: { type: 'SCHEDULED' },
    });
    expect(await stage.deps.runs.readAttempts(id)).toEqual([]);
  });

  it('against the rules by its own attempt is not kept as a stranger’s', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');

    const pending = { type: 'PENDING', name: 'Pending', details: {} } as const;

    expect(await propose(stage, id, { state: pending, caller: callerOf(task) })).toMatchObject({ status: 'ABORT' });
    expect((await stage.deps.runs.readAttempt(id, 1))?.fenced).toBeUndefined();
    expect(await propose(stage, id, { state: pending })).toMatchObject({ status: 'ABORT' });
  });
});

describe('patching a run', () => {
  it('changes what it says of itself, head and body', async () => {
    const id = await recorded({ type: 'RUNNING', name: 'Running', details: {} }, { labels: { a: 1 } });

    await patchRun(stage.deps, id, { name: 'n', tags: ['t'], infrastructurePid: 'host:1' });
    await patchRun(stage.deps, id, { labels: { b: 2 }, parameters: { x: 1 } });
    const patched = await patchRun(stage.deps, id, { jobVariables: { y: 1 }, flowVersion: '2' });

    const run = await stage.readRun(id);
    expect(run).toEqual(patched);
    expect(run).toMatchObject({ name: 'n', tags: ['t'], infrastructurePid: 'host:1', version: 4 });
    expect(await stage.deps.runs.readBody(run)).toMatchObject({
      labels: { a: 1, b: 2 },
      parameters: { x: 1 },
      jobVariables: { y: 1 },
      flowVersion: '2',
    });
  });

  it('leaves to the rules what only they may say', async () => {
    const id = await triggerOnce(stage);
    const run = await stage.readRun(id);
    const own = { pauseKeys: ['k'], resuming: true, retryType: 'reschedule' } as const;
    await stage.deps.runs.change(run, { ...run, empiricalPolicy: own });

    const patched = await patchRun(stage.deps, id, {
      empiricalPolicy: { retries: 3, pauseKeys: [], resuming: false, retryType: 'in_process' },
      infrastructurePid: 'mine',
    });

    expect(patched?.empiricalPolicy).toEqual({ ...own, retries: 3 });
    expect(patched?.infrastructurePid).toBeUndefined();
  });
});

describe('an exit-code run', () => {
  it('that is cancelled while its launch is under way has its task stopped', async () => {
    await stage.close();
    stage = await startStage({ database, script: exits(0, 600) });
    const id = await triggerOnce(stage);
    const run: Stage['deps']['tasks']['run'] = async (...request) => {
      await propose(stage, id, { state: { type: 'CANCELLING', name: 'Cancelling', details: {} } });
      return stage.deps.tasks.run(...request);
    };
    const [hint] = stage.queues.submit.receive(1).map(({ body }) => JSON.parse(body));

    await takeSubmitHints({ ...stage.deps, tasks: { ...stage.deps.tasks, run } }, [hint]);
    await stage.drive(async () => isOver(await stage.readRun(id)), 1);

    expect((await stage.readRun(id)).state.type).toBe('CANCELLED');
    expect(stage.ecs.tasks[0]?.stopCode).toBe('UserInitiated');
  });
});
