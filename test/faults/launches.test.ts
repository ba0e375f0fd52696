// Launches whose answers get lost, late or contradict each other: at most one task an attempt, and no end that is
// taken back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import {
  cancelling,
  completed,
  exits,
  failed,
  isOver,
  propose,
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

const over = (stage: Stage, id: string) => async () => isOver(await stage.readRun(id));
const names = async (stage: Stage, id: string) => (await stage.deps.runs.readStates(id)).map(({ name }) => name);
const lost = () => {
  throw new AwsError('ServerException', 'the answer was lost', 500);
};
/** RunTask takes effect and nobody hears of it; its events are lost as well. */
const unheard = {
  losesEvents: true,
  loseAnswer: (operation: string) => (operation === 'RunTask' ? lost() : undefined),
};
/** RunTask never reaches ECS. */
const unsent = { turnAway: (operation: string) => (operation === 'RunTask' ? lost() : undefined) };

describe('a launch whose answer was lost', () => {
  it.each([
    ['ThrottlingException', 'Rate exceeded'],
    ['AccessDeniedException', 'not authorized to perform iam:PassRole'],
    ['ClientException', 'TaskDefinition is inactive'],
    ['InvalidParameterException', 'Capacity is unavailable at this time'],
  ])('is not started again although its repeat is turned away with %s', (code, reason) =>
    onStage(
      {
        script: exits(0, 30),
        losesEvents: true,
        loseAnswer: (operation, call) => (operation === 'RunTask' && call === 1 ? lost() : undefined),
        turnAway: (operation, call) => {
          if (operation === 'RunTask' && call === 2) throw new AwsError(code, reason);
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        expect(stage.ecs.tasks).toHaveLength(1);
        expect(new Set(stage.ecs.runTaskCalls.map((call) => call['clientToken'])).size).toBe(1);
      },
    ),
  );

  it('is answered for good by a refusal that its token replays', () =>
    onStage(
      {
        script: exits(0),
        refuse: (_input, call) => (call === 1 ? { failures: [{ arn: 'x', reason: 'RESOURCE:CPU' }] } : undefined),
        loseAnswer: (operation, call) => (operation === 'RunTask' && call === 1 ? lost() : undefined),
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id), 1);

        const tokens = stage.ecs.runTaskCalls.map((call) => call['clientToken']);
        expect(tokens).toEqual([`${id}-1-1`, `${id}-1-1`, `${id}-1-2`]);
        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      },
    ));

  it('is found by the listings of ECS', () =>
    onStage({ script: exits(0, 600), ...unheard }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(stage.ecs.tasks).toHaveLength(1);
    }));

  it('is made again only when two kinds of listings prove that there never was a task', () =>
    onStage({ script: exits(0), ...unsent }, async (stage) => {
      const id = await triggerOnce(stage);
      const start = stage.clock.now();

      await stage.drive(async () => (await stage.readRun(id)).infrastructureRestarts === 1, 3);

      expect((stage.clock.now() - start) / 60_000).toBeGreaterThanOrEqual(50);
      const attempt = await stage.deps.runs.readAttempt(id, 1);
      expect(attempt?.closed).toMatchObject({ end: 'never-launched' });
      expect(attempt?.absences).toMatchObject({ firstRunningAt: expect.any(Number), stoppedAt: expect.any(Number) });
    }));

  it('ends Crashed when the proof comes too late, and its task is stopped if it appears', () =>
    onStage({ script: runsOn, ...unsent }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.deps.runs.readAttempt(id, 1))?.currentTry.sends === 2);
      // Everything was away for an hour.
      stage.clock.advanceTo(stage.clock.now() + 3_600_000);

      await stage.drive(over(stage, id), 3);

      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: expect.stringContaining('can no longer tell whether a task was started'),
      });
      expect((await stage.deps.runs.readAttempt(id, 1))?.closed).toMatchObject({ end: 'lost' });
    }));

  it.each([
    ['COMPLETED', completed],
    ['FAILED', failed],
  ] as const)('does not take back an end that somebody gave the run meanwhile: %s', (type, state) =>
    onStage({ script: exits(0), ...unsent }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).isAttemptOpen);
      await propose(stage, id, { state, force: true });

      await stage.drive(over(stage, id), 3);

      expect((await stage.readRun(id)).state.type).toBe(type);
      expect((await stage.deps.runs.readAttempt(id, 1))?.closed?.end).toBe('never-launched');
      expect((await names(stage, id)).at(-1)).toBe(state.name);
    }),
  );

  it('cancels the run that somebody cancelled meanwhile, once there can be no task', () =>
    onStage({ script: exits(0), ...unsent }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).isAttemptOpen);
      await propose(stage, id, { state: cancelling });

      await stage.drive(over(stage, id), 3);

      expect((await stage.readRun(id)).state).toMatchObject({ type: 'CANCELLED', message: 'No task was started.' });
    }));
});

describe('a task that ECS forgot', () => {
  it('does not take back the end of its run', () =>
    onStage(
      { script: runsOn, losesEvents: true, jobVariables: { command: 'prefect flow-run execute' } },
      async (stage) => {
        const id = await triggerOnce(stage);
        await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
        await propose(stage, id, { state: completed });
        const [task] = stage.ecs.tasks;
        if (task === undefined) throw new Error('no task');
        stage.ecs.end(task, { exitCode: 0 });
        stage.ecs.forget(task);
        stage.clock.advanceTo(stage.clock.now() + 3_600_000);

        await stage.drive(over(stage, id));

        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        expect((await stage.deps.runs.readAttempt(id, 1))?.closed?.end).toBe('lost');
      },
    ));

  it('ends a run that nobody ended, Crashed, since nobody can tell how', () =>
    onStage({ script: runsOn, losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
      const [task] = stage.ecs.tasks;
      if (task === undefined) throw new Error('no task');
      stage.ecs.forget(task);
      stage.clock.advanceTo(stage.clock.now() + 3_600_000);

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: expect.stringContaining('ECS no longer knows the task'),
      });
    }));

  it('and that shows up after all is stopped', () =>
    onStage({ script: runsOn, losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
      const hidden = stage.ecs.tasks[0];
      if (hidden === undefined) throw new Error('no task');
      stage.ecs.forget(hidden);
      stage.clock.advanceTo(stage.clock.now() + 3_600_000);
      await stage.drive(over(stage, id));

      stage.ecs.recall(hidden);
      await stage.drive(async () => hidden.lastStatus === 'STOPPED', 1);

      expect(hidden).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      expect((await stage.readRun(id)).state.type).toBe('CRASHED');
    }));

  it('only because it is so young is not given up: it is stopped a minute later', () =>
    onStage(
      {
        script: runsOn,
        turnAway: (operation, call) => {
          if (operation !== 'StopTask' || call > 1) return;
          throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);
        await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
        await propose(stage, id, { state: cancelling });

        await stage.drive(over(stage, id));

        expect((await stage.readRun(id)).state.type).toBe('CANCELLED');
        expect(stage.ecs.tasks[0]).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
        expect((await stage.deps.runs.readAttempt(id, 1))?.closed?.end).toBe('stopped');
      },
    ));
});

describe('a run that is deleted and triggered again with the same key', () => {
  it('starts its task only when the former one is known STOPPED', () =>
    onStage({ script: (task, ecs) => (ecs.tasks.length > 1 ? exits(0)(task, ecs) : undefined) }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      await deleteRun(stage.deps, id);
      stage.queues.observe.clear();

      const again = await triggerOnce(stage);
      await stage.drive(over(stage, id));

      expect(again).toBe(id);
      const [former, next] = stage.ecs.tasks;
      expect(stage.ecs.tasks).toHaveLength(2);
      expect(former?.stoppedAt).toBeLessThanOrEqual(next?.createdAt ?? 0);
      expect(await stage.readRun(id)).toMatchObject({ state: { type: 'COMPLETED' }, attempt: 2, runCount: 1 });
      expect((await names(stage, id))[0]).toBe('Scheduled');
    }));
});
