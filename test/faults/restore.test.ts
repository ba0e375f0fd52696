// The drill: the control table is set back ten minutes while tasks go on. The restored table starts frozen, is matched
// with what ECS knows, and thaws: no run has two live tasks, none is started again that was started, all end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freezeLaunches, thawLaunches } from '../../shared/use-cases/freeze-launches.ts';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { holdersOf, limitDeployment, limitPool, limitQueue, raiseLimit } from '../support/stage/limits.ts';
import type { ModelTask, TaskScript } from '../support/stage/model-ecs.ts';
import {
  callerOf,
  completed,
  engine,
  exits,
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

const second = 1_000;
const minute = 60 * second;

async function onStage(options: Omit<StageOptions, 'database'>, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage({ ...options, database });
  try {
    await play(stage);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

const later = (stage: Stage, ms: number) => {
  const until = stage.clock.now() + ms;
  return stage.drive(async () => stage.clock.now() >= until);
};
const isFrozen = async ({ deps }: Stage) => {
  const state = await deps.admission.read();
  return state?.restored !== undefined || state?.freeze !== undefined;
};
const livesOn = ({ lastStatus }: ModelTask) => lastStatus !== 'STOPPED';
const tasksOf = (stage: Stage, runId: string) => stage.ecs.tasks.filter((task) => callerOf(task).runId === runId);
const attempts = (stage: Stage, runId: string) => tasksOf(stage, runId).map((task) => callerOf(task).attempt);

/** Drives with an eye on what must hold at every moment. */
async function driveWatched(stage: Stage, until: () => Promise<boolean>): Promise<string[]> {
  const doubled = new Set<string>();
  await stage.drive(async () => {
    const alive = Map.groupBy(stage.ecs.tasks.filter(livesOn), (task) => callerOf(task).runId);
    for (const [runId, tasks] of alive) if (tasks.length > 1) doubled.add(runId);
    return until();
  });
  return [...doubled];
}

/** By a job variable each run says how long its task takes, in seconds. */
const takesAsLong: TaskScript = (task, ecs) => {
  const overrides = task.request['overrides'] as { containerOverrides: { command?: string[] }[] };
  const [, taken = '5'] = overrides.containerOverrides[0]?.command ?? [];
  exits(0, Number(taken))(task, ecs);
};

async function trigger(stage: Stage, key: string, over: { taken?: number; inMs?: number } = {}): Promise<string> {
  const scheduledTime = stage.clock.now() + (over.inMs ?? 0);
  const answer = await triggerRun(stage.deps, {
    deploymentId: stage.place.deploymentId,
    idempotencyKey: key,
    jobVariables: { command: `sleep ${over.taken ?? 5}` },
    state: { type: 'SCHEDULED', name: 'Scheduled', details: { scheduledTime } },
  });
  if (answer.kind === 'refused') throw new Error(answer.reason);
  return answer.run.id;
}

describe('a table that was set back ten minutes', () => {
  it(
    'starts frozen, is matched with ECS and thaws: nothing is started twice, and every run ends',
    { timeout: 120_000 },
    () =>
      onStage({ script: takesAsLong }, async (stage) => {
        const done = await trigger(stage, 'done before');
        await stage.drive(async () => isOver(await stage.readRun(done)));
        const known = {
          stillRuns: await trigger(stage, 'runs through it all', { taken: 3600 }),
          endsMeanwhile: await trigger(stage, 'runs, ends meanwhile', { taken: 300 }),
        };
        await stage.drive(async () => stage.ecs.tasks.filter(livesOn).length === 2);
        await later(stage, minute);
        const waiting = {
          started: await trigger(stage, 'waits, is started meanwhile', { taken: 3600, inMs: minute }),
          startedAndEnded: await trigger(stage, 'waits, is over meanwhile', { taken: 30, inMs: minute }),
          later: await trigger(stage, 'waits, is due afterwards', { inMs: 20 * minute }),
        };

        const backup = await stage.backUp();
        await later(stage, 2 * minute);
        const lost = await trigger(stage, 'asked for meanwhile', { taken: 3600 });
        await later(stage, 8 * minute);
        const launched = stage.ecs.tasks.length;
        expect(launched).toBe(6);
        await stage.restore(backup);

        const frozenAtOnce = await isFrozen(stage);
        await submitRuns(stage.deps);
        await later(stage, 3 * minute);
        const frozenStill = await isFrozen(stage);
        await thawLaunches(stage.deps);
        const doubledBefore = await driveWatched(stage, async () => !(await isFrozen(stage)));
        const startedWhileFrozen = stage.ecs.tasks.length - launched;
        // Whoever asked for the lost run asks again, as clients do.
        expect(await trigger(stage, 'asked for meanwhile', { taken: 30 })).toBe(lost);
        const ids = [...Object.values(known), ...Object.values(waiting), lost];
        const doubledAfter = await driveWatched(stage, async () =>
          (await Promise.all(ids.map(stage.readRun))).every(isOver),
        );

        expect([frozenAtOnce, frozenStill, startedWhileFrozen]).toEqual([true, true, 0]);
        expect([...doubledBefore, ...doubledAfter]).toEqual([]);
        for (const id of ids) expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        // Each was started once; the run that the table had lost with its task counts on from that one's number.
        for (const id of [...Object.values(known), ...Object.values(waiting)]) expect(attempts(stage, id)).toEqual([1]);
        expect(attempts(stage, lost)).toEqual([1, 2]);
        expect(tasksOf(stage, lost)[0]?.stopCode).toBe('UserInitiated');
      }),
  );

  it('starts frozen though nothing had been launched before the restored second', { timeout: 60_000 }, () =>
    onStage({ script: takesAsLong }, async (stage) => {
      const backup = await stage.backUp();
      const id = await trigger(stage, 'first of all', { taken: 3600 });
      await stage.drive(async () => stage.ecs.tasks.length === 1);
      await later(stage, minute);
      await stage.restore(backup);

      const frozenAtOnce = await isFrozen(stage);
      // Whoever asked for the run asks again, as clients do.
      expect(await trigger(stage, 'first of all', { taken: 30 })).toBe(id);
      await later(stage, minute);
      const startedWhileFrozen = stage.ecs.tasks.length - 1;
      await thawLaunches(stage.deps);
      const doubled = await driveWatched(stage, async () => isOver(await stage.readRun(id)));

      expect([frozenAtOnce, startedWhileFrozen, doubled]).toEqual([true, 0, []]);
      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
    }),
  );

  it('gives the last of several attempts its task, and takes those before for over', { timeout: 60_000 }, () =>
    onStage(
      {
        script: (task, ecs) =>
          callerOf(task).attempt === 1
            ? ecs.at((task.startedAt ?? 0) + 3 * minute, () =>
                ecs.end(task, {
                  exitCode: 143,
                  stopCode: 'SpotInterruption',
                  reason: 'Your Spot Task was interrupted.',
                }),
              )
            : exits(0, 20 * 60)(task, ecs),
      },
      async (stage) => {
        const id = await triggerOnce(stage);
        await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
        const backup = await stage.backUp();
        await later(stage, 10 * minute);
        expect(attempts(stage, id)).toEqual([1, 2]);
        await stage.restore(backup);

        await thawLaunches(stage.deps);
        const doubled = await driveWatched(stage, async () => isOver(await stage.readRun(id)));

        const run = await stage.readRun(id);
        expect(run.state.type).toBe('COMPLETED');
        expect(run.attempt).toBe(2);
        expect(attempts(stage, id)).toEqual([1, 2]);
        expect(doubled).toEqual([]);
      },
    ),
  );

  it('thaws although the hint to match it was lost', { timeout: 60_000 }, () =>
    onStage({ script: exits(0) }, async (stage) => {
      const first = await triggerOnce(stage, 'before');
      await stage.drive(async () => isOver(await stage.readRun(first)));
      const backup = await stage.backUp();
      await later(stage, minute);
      await stage.restore(backup);
      await thawLaunches({ ...stage.deps, hints: { ...stage.deps.hints, submit: async () => undefined } });

      const id = await trigger(stage, 'afterwards');
      await stage.drive(async () => isOver(await stage.readRun(id)));

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
    }),
  );

  it('gives up no launch before it is matched: it may have been sent since', { timeout: 60_000 }, () =>
    onStage({ script: takesAsLong }, async (stage) => {
      const id = await trigger(stage, 'sent meanwhile', { taken: 30 });
      await stage.drive(async () => stage.ecs.tasks.length === 1);
      const [sent, run] = [await stage.deps.runs.readAttempt(id, 1), await stage.readRun(id)];
      if (sent === undefined) throw new Error('no attempt');
      const { taskArn: _arn, task: _task, taskKnownAt: _known, ...unknown } = sent;
      const { firstSentAt: _first, lastSentAt: _last, ...currentTry } = sent.currentTry;
      const openedAt = stage.clock.now() - 20 * minute;
      const unsent = { ...unknown, openedAt, dueAt: openedAt, currentTry: { ...currentTry, sends: 0 } };
      expect(await stage.deps.runs.changeAttempt(sent, unsent)).toBe('written');
      const backup = await stage.backUp();
      await stage.drive(async () => stage.ecs.tasks.every(({ lastStatus }) => lastStatus === 'STOPPED'));
      await stage.restore(backup);

      await later(stage, 2 * minute);
      const whileFrozen = await stage.readRun(id);
      await thawLaunches(stage.deps);
      await stage.drive(async () => isOver(await stage.readRun(id)));

      expect(whileFrozen).toMatchObject({ attempt: 1, isAttemptOpen: true, state: { id: run.state.id } });
      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(attempts(stage, id)).toEqual([1]);
    }),
  );

  it('puts off what an engine says before its task is found, and hears it afterwards', { timeout: 60_000 }, () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await trigger(stage, 'speaks too early', { taken: 3600, inMs: minute });
      const backup = await stage.backUp();
      await stage.drive(async () => stage.ecs.tasks.some(livesOn));
      await later(stage, minute);
      await stage.restore(backup);
      const word = { runId: id, proposed: completed, force: false, caller: { runId: id, attempt: 1 } };

      const refusal = await recordState(stage.deps, word).catch((error: unknown) => error);
      const before = await stage.readRun(id);
      await stage.drive(async () => (await stage.readRun(id)).attempt === 1);
      const answer = await recordState(stage.deps, word);

      expect(refusal).toMatchObject({ code: 'unavailable', retryAfterSeconds: 20 });
      expect(before).toMatchObject({ attempt: 0, state: { type: 'SCHEDULED' } });
      expect(answer).toMatchObject({ status: 'ACCEPT', state: { type: 'COMPLETED' } });
    }),
  );

  it('counts the tasks that it finds against limits, beyond them if need be', { timeout: 60_000 }, () =>
    onStage({ script: takesAsLong }, async (stage) => {
      const queue = await limitQueue(stage, 2);
      const deployment = await limitDeployment(stage, { limit: 1 });
      const limits = { pool: await limitPool(stage, 1), queue, deployment };
      const held = () => Promise.all(Object.values(limits).map((gateId) => holdersOf(stage, gateId)));
      const found = [];
      for (const key of ['a', 'b', 'c']) found.push(await trigger(stage, key, { taken: 3600, inMs: minute }));
      const last = await trigger(stage, 'd', { inMs: 2 * minute });
      const backup = await stage.backUp();
      await limitPool(stage, 3);
      await limitQueue(stage, 3);
      await raiseLimit(stage, deployment, 3);
      await stage.drive(async () => stage.ecs.tasks.filter(livesOn).length === 3);
      await later(stage, 5 * minute);
      await stage.restore(backup);

      await thawLaunches(stage.deps);
      await stage.drive(async () => !(await isFrozen(stage)));
      const whileAllLive = await held();
      await later(stage, 10 * minute);
      const startedBesides = tasksOf(stage, last).length;
      await stage.drive(async () => isOver(await stage.readRun(last)));
      await later(stage, minute);

      const three = found.toSorted();
      expect(whileAllLive).toEqual([three, three, three]);
      expect(startedBesides).toBe(0);
      expect(await held()).toEqual([[], [], []]);
      for (const id of [...found, last]) {
        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        expect(attempts(stage, id)).toEqual([1]);
      }
    }),
  );

  it('lets a flow engine that goes on say how it ended', { timeout: 60_000 }, () => {
    const playing: { stage?: Stage } = {};
    const stageOf = (): Stage => {
      if (playing.stage === undefined) throw new Error('no stage yet');
      return playing.stage;
    };
    const script: TaskScript = (task, ecs) => {
      engine(stageOf, [])(task, { ...ecs, end: () => undefined });
      ecs.at((task.startedAt ?? 0) + 20 * minute, async () => {
        const { runId, attempt } = callerOf(task);
        await propose(stageOf(), runId, { state: completed, caller: { runId, attempt } });
        ecs.end(task, { exitCode: 0 });
      });
    };
    return onStage({ script, jobVariables: { command: 'prefect flow-run execute' } }, async (stage) => {
      playing.stage = stage;
      const id = await trigger(stage, 'engine', { inMs: minute });
      const backup = await stage.backUp();
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      await later(stage, 9 * minute);
      await stage.restore(backup);

      await thawLaunches(stage.deps);
      await stage.drive(async () => isOver(await stage.readRun(id)));

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(attempts(stage, id)).toEqual([1]);
    });
  });
});

describe('while launches are frozen', () => {
  it('tasks are observed and stopped, and runs go on as soon as it thaws', () =>
    onStage({ script: runsOn }, async (stage) => {
      const running = await triggerOnce(stage, 'running');
      await stage.drive(async () => (await stage.readRun(running)).state.type === 'RUNNING');

      await freezeLaunches(stage.deps, 'a test');
      const waiting = await triggerOnce(stage, 'waiting');
      await propose(stage, running, { state: { type: 'CANCELLING', name: 'Cancelling', details: {} } });
      await stage.drive(async () => isOver(await stage.readRun(running)));
      await later(stage, 5 * minute);
      const launchedWhileFrozen = stage.ecs.tasks.length - 1;
      const thawedAt = stage.clock.now();
      await thawLaunches(stage.deps);
      await stage.drive(async () => stage.ecs.tasks.length === 2);

      expect((await stage.readRun(running)).state.type).toBe('CANCELLED');
      expect(launchedWhileFrozen).toBe(0);
      expect(tasksOf(stage, waiting)).toHaveLength(1);
      expect(stage.clock.now() - thawedAt).toBeLessThan(second);
    }));
});
