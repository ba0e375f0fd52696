// Answers that cross each other: an event overtakes a refusal, a listing finds what no reply told, and everybody else
// is always faster.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import type { Tasks } from '../../shared/ports/tasks.ts';
import { ContentionError } from '../../shared/use-cases/change-run.ts';
import { closeAttempt } from '../../shared/use-cases/close-attempt.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { observeTask } from '../../shared/use-cases/observe-task.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { takeObserveHint, takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { visitRun } from '../../shared/use-cases/visit-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { aTask } from '../support/run-builders.ts';
import { modelCluster } from '../support/stage/model-ecs.ts';
import { exits, failed, isOver, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, type StageDeps, type StageOptions, startStage } from '../support/stage/stage.ts';

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

const lost = { kind: 'unknown', code: 'x', reason: 'the answer was lost' } as const;
const withTasks = (deps: StageDeps, over: Partial<Tasks>) => ({ ...deps, tasks: { ...deps.tasks, ...over } });
const withRuns = (deps: StageDeps, over: Partial<Runs>) => ({ ...deps, runs: { ...deps.runs, ...over } });

/** Claims the run of a fresh trigger; its RunTask is answered as given. */
async function claimed(stage: Stage, run: Tasks['run']): Promise<string> {
  const id = await triggerOnce(stage);
  const [hint] = stage.queues.submit.receive(1).map(({ body }) => JSON.parse(body));
  stage.queues.submit.clear();
  await takeSubmitHints(withTasks(stage.deps, { run }), [hint]);
  return id;
}
const launchHint = (runId: string) => ({ kind: 'attempt', runId, attempt: 1 }) as const;
const attemptOf = async (stage: Stage, id: string) => {
  const attempt = await stage.deps.runs.readAttempt(id, 1);
  if (attempt === undefined) throw new Error('no attempt');
  return attempt;
};

describe('a refusal that an event of the task overtook', () => {
  it.each([
    ['AccessDeniedException', 'not authorized'],
    ['RESOURCE:CPU', 'RESOURCE:CPU'],
  ])('changes nothing: %s', (code, reason) =>
    onStage({ script: exits(0) }, async (stage) => {
      const id = await claimed(stage, async (request, token) => {
        const started = await stage.deps.tasks.run(request, token);
        if (started.kind !== 'launched') throw new Error('not launched');
        const { startedBy } = stage.ecs.tasks[0] ?? {};
        if (startedBy === undefined) throw new Error('no owner');
        await observeTask(stage.deps, { ...started, cluster: modelCluster, startedBy });
        return { kind: 'refused', code, reason, isAnswer: true };
      });

      await stage.drive(async () => isOver(await stage.readRun(id)));

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(stage.ecs.tasks).toHaveLength(1);
      expect((await attemptOf(stage, id)).currentTry.number).toBe(1);
    }),
  );
});

describe('a refused launch', () => {
  const noRoom = { kind: 'refused', code: 'RESOURCE:CPU', reason: 'RESOURCE:CPU', isAnswer: true } as const;

  it('is given up when its run ended meanwhile, which stays as it ended', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const id = await claimed(stage, async () => noRoom);
      await propose(stage, id, { state: failed });

      await stage.drive(async () => isOver(await stage.readRun(id)), 1);

      expect((await stage.readRun(id)).state.type).toBe('FAILED');
      expect((await attemptOf(stage, id)).closed).toMatchObject({ end: 'never-launched' });
      expect(stage.ecs.runTaskCalls).toHaveLength(0);
    }));

  it('for a definition that cannot be registered again is tried again until it can', () =>
    onStage(
      {
        script: exits(0),
        turnAway: (operation, call) => {
          if (operation === 'RegisterTaskDefinition' && call === 2) throw new AwsError('ClientException', 'busy');
          if (operation === 'RunTask' && call <= 2) throw new AwsError('ClientException', 'TaskDefinition is inactive');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(async () => isOver(await stage.readRun(id)), 1);

        expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
        expect(stage.ecs.runTaskCalls.map((call) => call['clientToken'])).toEqual([`${id}-1-3`]);
      },
    ));
});

describe('a launch whose token is dead', () => {
  it('is settled by the listing that shows its task', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await claimed(stage, async (request, token) => {
        await stage.deps.tasks.run(request, token);
        return lost;
      });
      stage.clock.advanceTo(stage.clock.now() + 51 * 60_000);

      await takeSubmitHints(stage.deps, [launchHint(id)]);

      expect((await attemptOf(stage, id)).taskArn).toBe(stage.ecs.tasks[0]?.arn);
      expect(stage.ecs.runTaskCalls).toHaveLength(1);
    }));

  it('is looked for only five minutes after its last send, and again five minutes later', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await claimed(stage, async () => lost);
      const start = stage.clock.now();
      const minutes = (count: number) => start + count * 60_000;
      const visitAt = async (time: number) => {
        stage.clock.advanceTo(time);
        await takeSubmitHints(stage.deps, [launchHint(id)]);
        const { dueAt, absences, closed } = await attemptOf(stage, id);
        return { dueAt, absences, closed };
      };
      const attempt = await attemptOf(stage, id);
      const lastSentAt = minutes(44);
      await stage.deps.runs.changeAttempt(attempt, { ...attempt, currentTry: { ...attempt.currentTry, lastSentAt } });

      expect(await visitAt(minutes(46))).toEqual({ dueAt: minutes(49), absences: undefined, closed: undefined });
      const firstRunningAt = minutes(49);
      expect(await visitAt(firstRunningAt)).toMatchObject({
        dueAt: minutes(54),
        absences: { firstRunningAt, stoppedAt: firstRunningAt },
      });
      expect(await visitAt(minutes(50))).toMatchObject({ dueAt: minutes(54), absences: { firstRunningAt } });
      expect((await visitAt(minutes(54))).closed).toMatchObject({ end: 'never-launched' });
      expect(stage.ecs.runTaskCalls).toHaveLength(0);
    }));
});

describe('a task of which ECS knows nothing any more', () => {
  it('is not given up when something was learnt of it just now', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      const attempt = await attemptOf(stage, id);
      const now = stage.clock.now();
      await stage.deps.runs.changeAttempt(attempt, { ...attempt, missingSince: now, dueAt: now });
      stage.clock.advanceTo(now + 3_600_000);
      const [task] = stage.ecs.tasks;
      if (task === undefined) throw new Error('no task');
      const describe_: Tasks['describe'] = async () => {
        const seen = { taskArn: task.arn, cluster: modelCluster, startedBy: task.startedBy };
        await observeTask(stage.deps, { ...seen, task: aTask('RUNNING', { version: 99 }) });
        return { tasks: [], missing: [task.arn] };
      };

      const tasks = [{ taskArn: task.arn, runId: id, attempt: 1 }];
      const hint = { kind: 'tasks', cluster: modelCluster, tasks } as const;
      await takeObserveHint(withTasks(stage.deps, { describe: describe_ }), hint);

      expect((await attemptOf(stage, id)).closed).toBeUndefined();
      expect((await stage.readRun(id)).state.type).toBe('RUNNING');
    }));
});

describe('who is never fast enough', () => {
  const always = async () => 'lost' as const;

  it('is told to come back, and has changed nothing', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      const before = [await stage.readRun(id), await attemptOf(stage, id)];
      const slow = withRuns(stage.deps, {
        change: always,
        remove: always,
        closeAttempt: always,
        changeAttempt: always,
      });
      const attempt = await attemptOf(stage, id);
      const seen = { taskArn: attempt.taskArn ?? '', cluster: modelCluster, startedBy: `slipway/stage/${id}/1` };
      const end = { end: 'stopped', ending: { kind: 'keep' } } as const;

      const tries = [
        recordState(slow, { runId: id, proposed: failed, force: false }),
        patchRun(slow, id, { name: 'x' }),
        deleteRun(slow, id),
        closeAttempt(slow, { runId: id, number: 1 }, () => end),
        observeTask(slow, { ...seen, task: aTask('RUNNING', { version: 99 }) }),
      ];

      for (const tried of await Promise.allSettled(tries)) {
        expect(tried).toMatchObject({ status: 'rejected', reason: expect.any(ContentionError) });
      }
      expect([await stage.readRun(id), await attemptOf(stage, id)]).toEqual(before);
    }));

  it('marks nobody Late who has just been taken', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      stage.queues.submit.clear();
      stage.clock.advanceTo(stage.clock.now() + 60_000);

      await visitRun(withRuns(stage.deps, { change: always }), id);

      expect((await stage.readRun(id)).state.name).toBe('Scheduled');
      expect(stage.queues.submit.size).toBe(0);
    }));

  it('finds an attempt closed, and leaves it so', () =>
    onStage({ script: exits(0) }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => isOver(await stage.readRun(id)));
      const before = await attemptOf(stage, id);
      const never = () => {
        throw new Error('nothing is to be decided');
      };

      await closeAttempt(stage.deps, { runId: id, number: 1 }, never);
      await closeAttempt(stage.deps, { runId: id, number: 2 }, never);

      expect(await attemptOf(stage, id)).toEqual(before);
    }));
});

describe('a run without an attempt', () => {
  it('is deleted without a word to anybody', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);

      expect(await deleteRun(stage.deps, id)).toBe(true);

      expect(await stage.deps.runs.read(id)).toBeUndefined();
      expect(stage.queues.observe.size).toBe(0);
      expect(await propose(stage, id, { state: running })).toBeUndefined();
    }));
});
