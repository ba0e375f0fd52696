// What is said of a run late, twice or by the wrong one: no state that nothing ends, no word of a living engine lost.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import type { ModelTask } from '../support/stage/model-ecs.ts';
import {
  callerOf,
  cancelling,
  completed,
  crashed,
  failed,
  isOver,
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

const engineJob = { script: runsOn, jobVariables: { command: 'prefect flow-run execute' } } as const;

/** An engine's run whose task runs and does only what the test says. */
async function withTask(
  play: (stage: Stage, run: { id: string; task: ModelTask }) => Promise<void>,
  options: Omit<StageOptions, 'database'> = engineJob,
): Promise<void> {
  const stage = await startStage({ ...options, database });
  try {
    const id = await triggerOnce(stage);
    await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING' && stage.queues.observe.size === 0);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');
    await play(stage, { id, task });
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

const over = (stage: Stage, id: string) => async () => isOver(await stage.readRun(id));
const closed = (stage: Stage, id: string) => async () =>
  (await stage.deps.runs.readAttempt(id, 1))?.closed !== undefined;
const newAttempt = (stage: Stage) => async () => stage.ecs.tasks.length === 2;
const says = (stage: Stage, task: ModelTask, state: typeof running) =>
  propose(stage, callerOf(task).runId, { state, caller: callerOf(task) });
const retries = (stage: Stage, id: string) =>
  patchRun(stage.deps, id, { empiricalPolicy: { retries: 1, pauseKeys: [], resuming: false } });

describe('while the last words of an engine are awaited', () => {
  it('a cancellation ends the run', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      await propose(stage, id, { state: cancelling });
      await stage.drive(over(stage, id), 1);

      expect((await stage.readRun(id)).state).toMatchObject({ type: 'CANCELLED' });
    }));

  it('RUNNING comes too late, and the run does not wait for ever', () =>
    withTask(async (stage, { id, task }) => {
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      const answer = await says(stage, task, running);
      await stage.drive(over(stage, id), 1);

      expect(answer).toMatchObject({ status: 'ABORT', state: { type: 'PENDING' } });
      expect((await stage.deps.runs.readAttempt(id, 1))?.fenced).toMatchObject([{ type: 'RUNNING' }]);
      expect((await stage.readRun(id)).state.type).toBe('CRASHED');
    }));

  it('COMPLETED is still heard', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      await says(stage, task, completed);

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
    }));

  it('FAILED with a retry left gets a new attempt: the engine that would retry is gone', () =>
    withTask(async (stage, { id, task }) => {
      await retries(stage, id);
      await says(stage, task, running);
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      await says(stage, task, failed);

      expect(await stage.drive(newAttempt(stage), 1)).toBe(true);
    }));
});

describe('a retry', () => {
  it('is kept although the answer to the failure was lost and the engine says it again', () =>
    withTask(async (stage, { id, task }) => {
      await retries(stage, id);
      await says(stage, task, running);
      const details = { transitionId: stage.deps.world.newId() };
      const request = { runId: id, proposed: { ...failed, details }, force: false, caller: callerOf(task) };

      const first = await recordState(stage.deps, request);
      const again = await recordState(stage.deps, request);

      expect(first).toMatchObject({ status: 'REJECT', isNewState: true, state: { name: 'AwaitingRetry' } });
      expect(again).toMatchObject({ status: 'REJECT', isNewState: false, state: { id: first?.state?.id } });
      expect((await stage.readRun(id)).state.name).toBe('AwaitingRetry');
    }));

  it('by a person is launched although an earlier one was the engine’s own', () =>
    withTask(async (stage, { id, task }) => {
      await retries(stage, id);
      await says(stage, task, running);
      await says(stage, task, failed);
      await says(stage, task, { ...running, name: 'Retrying' });
      await says(stage, task, completed);
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(over(stage, id));

      await propose(stage, id, { state: { type: 'SCHEDULED', name: 'Scheduled', details: {} }, force: true });

      expect(await stage.drive(newAttempt(stage), 1)).toBe(true);
    }));

  it('that waited in an engine whose task ended can be cancelled while it waits for a new one', () =>
    withTask(async (stage, { id, task }) => {
      await patchRun(stage.deps, id, {
        empiricalPolicy: { retries: 1, retryDelaySeconds: 7_200, pauseKeys: [], resuming: false },
      });
      await says(stage, task, running);
      await says(stage, task, failed);
      stage.ecs.end(task, { exitCode: 1 });
      await stage.drive(closed(stage, id));
      const waiting = await stage.readRun(id);

      await propose(stage, id, { state: cancelling });

      expect(waiting).toMatchObject({ state: { name: 'AwaitingRetry' }, empiricalPolicy: { retryType: 'reschedule' } });
      expect(waiting.infrastructurePid).toBeUndefined();
      expect((await stage.readRun(id)).state.type).toBe('CANCELLED');
    }));

  it('that comes while the old task still ends is launched after it, without a pid meanwhile', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      await says(stage, task, failed);
      await propose(stage, id, { state: { type: 'SCHEDULED', name: 'Scheduled', details: {} } });
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      expect((await stage.readRun(id)).infrastructurePid).toBeUndefined();
      expect(await stage.drive(newAttempt(stage), 1)).toBe(true);
    }));
});

describe('a suspended run that failed once before', () => {
  it('is launched when it is resumed', () =>
    withTask(async (stage, { id, task }) => {
      await retries(stage, id);
      await says(stage, task, running);
      await says(stage, task, failed);
      await says(stage, task, { ...running, name: 'Retrying' });
      await says(stage, task, { type: 'PAUSED', name: 'Suspended', details: { pauseReschedule: true } });
      stage.ecs.end(task, { exitCode: 0 });
      await stage.drive(closed(stage, id));

      await propose(stage, id, { state: { type: 'SCHEDULED', name: 'Resuming', details: {} } });

      expect(await stage.drive(newAttempt(stage), 1)).toBe(true);
      expect((await stage.readRun(id)).runCount).toBe(2);
    }));
});

describe('a crash that is held', () => {
  it('costs a new attempt when Spot took the task, although the clock asks ECS meanwhile', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      task.desiredStatus = 'STOPPED';
      await says(stage, task, crashed);
      stage.ecs.at(stage.clock.now() + 119_000, () =>
        stage.ecs.end(task, { exitCode: 1, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' }),
      );

      await stage.drive(newAttempt(stage), 1);

      const states = (await stage.deps.runs.readStates(id)).map(({ name }) => name);
      expect(states).toEqual(['Scheduled', 'Pending', 'Running', 'AwaitingRetry', 'Pending']);
    }));

  it('becomes the state that the engine was told, under its id', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      const told = await says(stage, task, crashed);
      stage.ecs.end(task, { exitCode: 1 });

      await stage.drive(over(stage, id));

      expect((await stage.readRun(id)).state).toMatchObject({ id: told?.state?.id, type: 'CRASHED' });
    }));

  it('is accepted after 150 s although the container lives, which is then stopped', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      const saidAt = stage.clock.now();
      const told = await says(stage, task, crashed);
      const again = await propose(stage, id, { state: crashed, caller: callerOf(task) });

      await stage.drive(over(stage, id));

      const { state } = await stage.readRun(id);
      expect(state).toMatchObject({ id: told?.state?.id, type: 'CRASHED' });
      expect(again?.state?.id).toBe(told?.state?.id);
      expect(state.timestamp - saidAt).toBeGreaterThanOrEqual(150_000);
      expect(task).toMatchObject({ stopCode: 'UserInitiated' });
    }));

  it('keeps no task alive whose run somebody else ended', () =>
    withTask(async (stage, { id, task }) => {
      await says(stage, task, running);
      await says(stage, task, crashed);
      await propose(stage, id, { state: failed, force: true });

      expect(await stage.drive(over(stage, id), 1)).toBe(true);

      expect(task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      expect((await stage.readRun(id)).state.type).toBe('FAILED');
    }));
});
