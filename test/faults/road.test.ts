// The road without faults, then with what ECS does on ordinary days: refusals, lost events and lost infrastructure.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import {
  callerOf,
  cancelling,
  completed,
  crashed,
  engine,
  exits,
  failed,
  isOver,
  lostOnce,
  propose,
  running,
  runsOn,
  triggerOnce,
} from '../support/stage/scenarios.ts';
import { type Stage, type StageOptions, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

async function onStage(options: Omit<StageOptions, 'database'>, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage({ ...options, database });
  try {
    await play(stage);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

/** Plays an engine's words; the script needs the stage that it plays on. */
async function withEngine(
  words: Parameters<typeof engine>[1],
  exitCode: number,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  let stage: Stage | undefined;
  const here = () => {
    if (stage === undefined) throw new Error('no stage yet');
    return stage;
  };
  const options = { script: engine(here, words, exitCode), jobVariables: { command: 'prefect flow-run execute' } };
  await onStage(options, async (given) => {
    stage = given;
    await play(given);
  });
}

const over = (stage: Stage, id: string) => async () => isOver(await stage.readRun(id));
const inState = (stage: Stage, id: string, type: string) => async () => (await stage.readRun(id)).state.type === type;
const names = async (stage: Stage, id: string) => (await stage.deps.runs.readStates(id)).map(({ name }) => name);

describe('a container without Prefect', () => {
  it('goes from a trigger to Completed by one ECS task', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(await names(stage, id)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed']);
      expect(stage.ecs.tasks).toHaveLength(1);
      expect(await stage.readRun(id)).toMatchObject({ runCount: 1, attempt: 1, infrastructureRestarts: 0 });
    }));

  it('fails when it exits with another code than 0', () =>
    onStage({ script: exits(3) }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      const { state } = await stage.readRun(id);
      expect(state).toMatchObject({ type: 'FAILED', message: expect.stringContaining('code 3') });
    }));

  it('keeps stop code, reason, exit code and timings on the attempt', () =>
    onStage({ script: exits(3) }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      const attempt = await stage.deps.runs.readAttempt(id, 1);
      expect(attempt?.task).toMatchObject({
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
        containers: [{ name: 'prefect', exitCode: 3 }],
        createdAt: expect.any(Number),
        startedAt: expect.any(Number),
        stoppedAt: expect.any(Number),
      });
      expect(attempt?.closed).toMatchObject({ end: 'stopped' });
    }));

  it('ends truly although every ECS event is lost', () =>
    onStage({ script: exits(0, 90), losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);

      expect(await stage.drive(over(stage, id), 1)).toBe(true);

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(stage.ecs.tasks).toHaveLength(1);
    }));

  it('starts no second run for a repeated key, and one task for it', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const [one, other] = await Promise.all([triggerOnce(stage, 'k'), triggerOnce(stage, 'k')]);

      await stage.drive(over(stage, one));

      expect(other).toBe(one);
      expect(stage.ecs.tasks).toHaveLength(1);
    }));

  it.each([
    ['a minute', [60_000]],
    ['119 s and 1 s in turn', [119_000, 1_000]],
    ['two minutes, since every other one is lost', [120_000]],
  ] as const)('starts within a second of its scheduled time, with ticks every %s', (_name, tickGaps) =>
    onStage({ script: exits(0), tickGaps }, async (stage) => {
      const due = stage.clock.now() + 2 * 3_600_000 + 7_000;
      const state = { type: 'SCHEDULED', name: 'Scheduled', details: { scheduledTime: due } } as const;
      const answer = await triggerRun(stage.deps, { deploymentId: stage.place.deploymentId, state });
      if (answer.kind === 'refused') throw new Error(answer.reason);

      await stage.drive(over(stage, answer.run.id));

      const openedAt = (await stage.deps.runs.readAttempt(answer.run.id, 1))?.openedAt ?? 0;
      expect(openedAt - due).toBeGreaterThanOrEqual(0);
      expect(openedAt - due).toBeLessThanOrEqual(1_000);
    }),
  );
});

describe('hints that are lost', () => {
  it('delay a run by two minutes at most', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const start = stage.clock.now();
      const id = await triggerOnce(stage);
      stage.queues.submit.clear();

      await stage.drive(over(stage, id));

      const attempt = await stage.deps.runs.readAttempt(id, 1);
      expect((attempt?.openedAt ?? 0) - start).toBeLessThanOrEqual(120_000);
    }));
});

describe('a launch that ECS refuses', () => {
  const noRoom = { failures: [{ arn: 'x', reason: 'RESOURCE:MEMORY' }] };

  it('is tried again with a new token until there is room', () =>
    onStage({ script: exits(0), refuse: (_input, call) => (call <= 3 ? noRoom : undefined) }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      const tokens = stage.ecs.runTaskCalls.map((call) => call['clientToken']);
      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(tokens).toEqual([`${id}-1-1`, `${id}-1-2`, `${id}-1-3`, `${id}-1-4`]);
    }));

  it('ends the run at once with the cure when no repeat can help', () =>
    onStage(
      {
        script: exits(0),
        refuse: () => {
          throw new AwsError('AccessDeniedException', 'not authorized to perform iam:PassRole');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id), 1);

        const { state } = await stage.readRun(id);
        expect(state).toMatchObject({ type: 'CRASHED', message: expect.stringContaining('iam:PassRole') });
        expect(stage.ecs.runTaskCalls).toHaveLength(1);
      },
    ));

  it('halves the rate when it is a throttle in disguise', () =>
    onStage(
      {
        script: exits(0),
        refuse: (_input, call) => {
          if (call > 1) return undefined;
          throw new AwsError('InvalidParameterException', 'Error retrieving subnet information: Rate exceeded');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);
        let share = 1;

        await stage.drive(async () => {
          share = Math.min(share, (await stage.deps.admission.read())?.share ?? 1);
          return isOver(await stage.readRun(id));
        });

        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        expect(share).toBe(0.5);
      },
    ));

  it('gives up at the start deadline and says so', () =>
    onStage({ script: exits(0), refuse: () => noRoom }, async (stage) => {
      const id = await triggerOnce(stage);

      expect(await stage.drive(over(stage, id), 3)).toBe(true);

      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: expect.stringContaining('no task could be started within 900 s'),
      });
      expect(stage.ecs.tasks).toHaveLength(0);
    }));
});

describe('lost infrastructure', () => {
  it('costs a new attempt and no run count', () =>
    onStage({ script: lostOnce }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(await names(stage, id)).toEqual([
        'Scheduled',
        'Pending',
        'Running',
        'AwaitingRetry',
        'Pending',
        'Running',
        'Completed',
      ]);
      expect(await stage.readRun(id)).toMatchObject({ attempt: 2, runCount: 1, infrastructureRestarts: 1 });
      expect(stage.ecs.tasks).toHaveLength(2);
    }));

  it('ends Crashed once its budget is spent', () =>
    onStage(
      {
        script: (task, ecs) =>
          ecs.at(stageSecond(task.startedAt), () =>
            ecs.end(task, { stopCode: 'InfrastructureHealth', reason: 'host lost' }),
          ),
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        expect((await stage.readRun(id)).state).toMatchObject({
          type: 'CRASHED',
          message: expect.stringContaining('host lost'),
        });
        expect(stage.ecs.tasks).toHaveLength(4);
      },
    ));
});

const stageSecond = (time: number | undefined) => (time ?? 0) + 1_000;

describe('cancelling', () => {
  it('is Cancelled only once ECS says STOPPED', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(inState(stage, id, 'RUNNING'));

      await propose(stage, id, { state: cancelling });
      await stage.drive(over(stage, id));

      const run = await stage.readRun(id);
      expect(run.state.type).toBe('CANCELLED');
      expect(stage.ecs.tasks[0]).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      expect(stage.ecs.tasks[0]?.stoppedAt).toBeLessThanOrEqual(run.state.timestamp);
    }));

  it('of a run that waits needs no task', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);

      const answer = await propose(stage, id, { state: cancelling });

      expect(answer).toMatchObject({ status: 'REJECT', state: { type: 'CANCELLED' } });
      await stage.drive(async () => stage.queues.submit.size === 0, 1);
      expect(stage.ecs.tasks).toHaveLength(0);
    }));

  it('leaves an engine a minute for its hooks', () =>
    withEngine([running], 0, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(inState(stage, id, 'RUNNING'));

      const asked = stage.clock.now();
      await propose(stage, id, { state: cancelling });
      await stage.drive(over(stage, id));

      // The engine's process ended by itself within its grace: no StopTask.
      expect(stage.ecs.tasks[0]?.stopCode).toBe('EssentialContainerExited');
      expect((await stage.readRun(id)).state.type).toBe('CANCELLED');
      expect(stage.clock.now() - asked).toBeLessThan(60_000);
    }));

  it('by deletion stops the task of the run', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(inState(stage, id, 'RUNNING'));

      await deleteRun(stage.deps, id);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'STOPPED', 1);

      expect(stage.ecs.tasks[0]?.lastStatus).toBe('STOPPED');
      expect(await stage.deps.runs.read(id)).toBeUndefined();
    }));
});

describe('a flow engine in the task', () => {
  it('has the word about its run', () =>
    withEngine([completed], 0, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(await names(stage, id)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed']);
    }));

  it('that exits with 0 and no final state is Crashed after a short grace', () =>
    withEngine([], 0, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: expect.stringContaining('without a final state'),
      });
    }));

  it('that dies with a code is Crashed with that code', () =>
    withEngine([], 137, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: expect.stringContaining('code 137'),
      });
    }));

  it('keeps its failure', () =>
    withEngine([failed], 1, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state.type).toBe('FAILED');
    }));

  it('has its own Crashed held until ECS says that the task stopped', () =>
    withEngine([crashed], 1, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.deps.runs.readAttempt(id, 1))?.heldCrash !== undefined);
      const held = await stage.readRun(id);

      await stage.drive(over(stage, id));

      expect(held.state.type).toBe('RUNNING');
      expect((await stage.readRun(id)).state.type).toBe('CRASHED');
    }));

  it('of an attempt that is over is not believed', () =>
    onStage({ script: lostOnce, jobVariables: { command: 'prefect flow-run execute' } }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks.length === 2);
      const [first] = stage.ecs.tasks;
      if (first === undefined) throw new Error('no first task');

      const answer = await propose(stage, id, { state: completed, caller: callerOf(first), force: true });

      expect(answer).toMatchObject({ status: 'ABORT' });
      expect((await stage.readRun(id)).state.type).toBe('PENDING');
      expect((await stage.deps.runs.readAttempt(id, 1))?.fenced).toMatchObject([{ type: 'COMPLETED' }]);
    }));

  it('that is silent and alive is not killed before its maximum duration', () =>
    onStage({ script: runsOn, jobVariables: { command: 'prefect flow-run execute' } }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
      const [task] = stage.ecs.tasks;
      if (task === undefined) throw new Error('no task');
      await propose(stage, id, { state: running, caller: callerOf(task) });

      const wasOver = await stage.drive(over(stage, id), 23);
      await stage.drive(over(stage, id), 2);

      expect(wasOver).toBe(false);
      expect((await stage.readRun(id)).state).toMatchObject({ type: 'FAILED', name: 'TimedOut' });
    }));
});

describe('300 runs that wait at once', () => {
  it('are launched at the rate that is set, each once', () =>
    onStage({ script: exits(0, 1), launchRate: { perSecond: 20, burst: 100 } }, async (stage) => {
      const start = stage.clock.now();
      const ids: string[] = [];
      for (let at = 0; at < 300; at += 1) ids.push(await triggerOnce(stage, `run ${at}`));

      await stage.drive(async () => stage.ecs.runTaskCalls.length >= 300, 1);

      const seconds = (stage.clock.now() - start) / 1000;
      expect(new Set(stage.ecs.tasks.map(({ startedBy }) => startedBy)).size).toBe(300);
      expect(seconds).toBeGreaterThanOrEqual(10);
      expect(seconds).toBeLessThanOrEqual(30);
    }));
});

describe('a paused work pool', () => {
  it('holds its runs back and lets them go as soon as it is resumed', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const { workPools } = stage.deps.catalogue;
      const pool = await workPools.read('production');
      if (pool === undefined) throw new Error('no pool');
      const paused = { ...pool, isPaused: true };
      await workPools.change(pool, paused);
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.queues.submit.size === 0 && stage.ecs.tasks.length > 0, 0.1);
      const heldBack = await stage.readRun(id);
      await workPools.change({ ...paused, version: pool.version + 1 }, pool);

      const resumedAt = stage.clock.now();
      await wakeLanes(stage.deps, { workPoolName: 'production' });
      await stage.drive(over(stage, id));

      expect(heldBack.state.type).toBe('SCHEDULED');
      const openedAt = (await stage.deps.runs.readAttempt(id, 1))?.openedAt ?? 0;
      expect(openedAt - resumedAt).toBeLessThanOrEqual(1_000);
    }));
});
