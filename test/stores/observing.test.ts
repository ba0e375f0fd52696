// What ECS says of tasks, on the real local database: ours, nobody's, second ones, older versions.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { observeTask } from '../../shared/use-cases/observe-task.ts';
import { takeObserveHint, takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
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

    await takeObserveHint(stage.deps, { kind: 'tasks', cluster: modelCluster, tasks: [{ taskArn: task?.arn ?? '' }] });

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
