// The sweep: what events missed is found by comparing ECS's listing with the open attempts, at half of AWS's quota.
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { attemptItem } from '../../shared/adapters/dynamodb/run-items.ts';
import { lambdas } from '../../shared/config/resources.ts';
import type { ObserveHint } from '../../shared/ports/hints.ts';
import { findDifferences } from '../../shared/use-cases/sweep-tasks.ts';
import { takeObserveHint } from '../../shared/use-cases/take-hints.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { anAttempt } from '../support/run-builders.ts';
import { type ModelEcs, type ModelTask, modelCluster } from '../support/stage/model-ecs.ts';
import { defaultQuotas } from '../support/stage/quotas.ts';
import { exits, isOver, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
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

const crowd = 10_000;
const runIdOf = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
const arnOf = (at: number) => `${modelCluster.replace(':cluster/', ':task/')}/${String(at).padStart(32, '0')}`;

/** Open attempts of tasks that ECS started an hour ago and that run on. */
async function fillTable(stage: Stage): Promise<void> {
  const client = createDocumentClient();
  const openedAt = stage.clock.now() - 3_600_000;
  const puts = Array.from({ length: crowd }, (_, at) => {
    const known = { runId: runIdOf(at), openedAt, taskArn: arnOf(at), cluster: modelCluster };
    return { PutRequest: { Item: attemptItem(anAttempt({ ...known, dueAt: openedAt + 86_400_000 })) } };
  });
  for (let at = 0; at < puts.length; at += 25) {
    const RequestItems = { [stage.controlTable]: puts.slice(at, at + 25) };
    expect((await client.send(new BatchWriteCommand({ RequestItems }))).UnprocessedItems ?? {}).toEqual({});
  }
  client.destroy();
}

function fillCluster(stage: Stage): void {
  const createdAt = stage.clock.now() - 3_600_000;
  for (let at = 0; at < crowd; at += 1) {
    const task: ModelTask = {
      arn: arnOf(at),
      cluster: modelCluster,
      family: 'family',
      startedBy: `slipway/stage/${runIdOf(at)}/1`,
      container: 'prefect',
      request: {},
      version: 3,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      createdAt,
      startedAt: createdAt,
    };
    stage.ecs.recall(task);
  }
}

describe('10,000 live tasks', () => {
  it('are swept in 30 s at half of AWS’s quota, within the tick’s time and memory', { timeout: 120_000 }, () =>
    onStage({ script: runsOn, quotas: defaultQuotas }, async (stage) => {
      await fillTable(stage);
      fillCluster(stage);
      const begun = { virtual: stage.clock.now(), real: performance.now(), heap: process.memoryUsage().heapUsed };

      const { count } = await findDifferences(stage.deps);

      expect(count).toBe(0);
      expect(stage.plan.calls.filter((name) => name === 'ListTasksCommand')).toHaveLength(100);
      expect((stage.clock.now() - begun.virtual) / 1000).toBeLessThanOrEqual(10);
      const worked = (performance.now() - begun.real) / 1000 + (stage.clock.now() - begun.virtual) / 1000;
      expect(worked).toBeLessThan(Math.min(30, lambdas.clock.timeoutSeconds));
      const heapMb = (process.memoryUsage().heapUsed - begun.heap) / 2 ** 20;
      expect(heapMb).toBeLessThan(lambdas.clock.memoryMb / 4);
    }),
  );

  it('that are all unknown or all gone are described within 30 s too, a hundred a call', { timeout: 120_000 }, () =>
    onStage({ script: runsOn, quotas: defaultQuotas }, async (stage) => {
      fillCluster(stage);
      const unknown = await findDifferences(stage.deps);
      for (const task of [...stage.ecs.tasks]) stage.ecs.forget(task);
      await fillTable(stage);
      const begun = stage.clock.now();

      const gone = await findDifferences(stage.deps);

      expect([unknown.count, gone.count]).toEqual([crowd, crowd]);
      for (const { hints } of [unknown, gone]) {
        expect([...hints.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for (const some of hints.values()) expect(some).toHaveLength(10);
        expect(new Set([...hints.values()].flat().map((hint) => tasksOf(hint).length))).toEqual(new Set([100]));
      }
      for (const [second, some] of gone.hints) {
        stage.clock.advanceTo(begun + second * 1000);
        for (const hint of some) {
          const arns = tasksOf(hint).map(({ taskArn }) => taskArn);
          expect((await stage.deps.tasks.describe(modelCluster, arns)).missing).toHaveLength(100);
        }
      }
      expect(stage.plan.calls.filter((name) => name === 'DescribeTasksCommand')).toHaveLength(100);
      expect(stage.clock.now() - begun).toBeLessThan(20_000);
    }),
  );
});

function tasksOf(hint: ObserveHint) {
  return hint.kind === 'tasks' ? hint.tasks : [];
}

describe('a sweep that ECS answers too slowly', () => {
  it('is cut short, and judges nobody by the pages that it did not see', () =>
    onStage({ script: runsOn }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      const page = Array.from({ length: 100 }, (_, at) => arnOf(at));
      let pages = 0;
      const runningPages = async function* () {
        for (;;) {
          pages += 1;
          stage.clock.advanceTo(stage.clock.now() + 5_000);
          yield page;
        }
      };

      const { hints } = await findDifferences({ ...stage.deps, tasks: { runningPages } });

      expect(pages).toBe(8);
      expect([...hints.values()].flat().flatMap(tasksOf)).not.toContainEqual(expect.objectContaining({ runId: id }));
    }));
});

describe('a task that ECS does not know', () => {
  const look = async (stage: Stage, id: string, minutes: number) => {
    stage.clock.advanceTo(stage.clock.now() + minutes * 60_000);
    const { hints } = await findDifferences(stage.deps);
    for (const hint of [...hints.values()].flat()) await takeObserveHint(stage.deps, hint);
    return (await stage.deps.runs.readAttempt(id, 1))?.closed?.end;
  };
  const started = async (stage: Stage) => {
    const id = await triggerOnce(stage);
    await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');
    return { id, task };
  };

  it('is missed only after five minutes, and then only the second time', () =>
    onStage({ script: runsOn }, async (stage) => {
      const { id, task } = await started(stage);
      stage.ecs.forget(task);

      expect(await look(stage, id, 1)).toBeUndefined();
      expect(await look(stage, id, 2)).toBeUndefined();
      expect(await look(stage, id, 3)).toBe('lost');
    }));

  it('is missed twice although it is old', () =>
    onStage({ script: runsOn }, async (stage) => {
      const { id, task } = await started(stage);
      stage.clock.advanceTo(stage.clock.now() + 3_600_000);
      stage.ecs.forget(task);

      expect(await look(stage, id, 1)).toBeUndefined();
      expect(await look(stage, id, 0)).toBeUndefined();
      expect(await look(stage, id, 1)).toBe('lost');
    }));

  it('that was sent long after its claim is as old as the send, not as the claim', () =>
    onStage({ script: runsOn }, async (stage) => {
      const { id, task } = await started(stage);
      const attempt = await stage.deps.runs.readAttempt(id, 1);
      if (attempt === undefined) throw new Error('no attempt');
      const openedAt = attempt.openedAt - 4 * 60_000;
      await stage.deps.runs.changeAttempt(attempt, { ...attempt, openedAt });
      stage.ecs.forget(task);

      expect(await look(stage, id, 2)).toBeUndefined();
      expect(await look(stage, id, 2)).toBeUndefined();
      expect(await look(stage, id, 2)).toBe('lost');
    }));

  it('counts from anew when it was seen in between', () =>
    onStage({ script: runsOn }, async (stage) => {
      const { id, task } = await started(stage);
      stage.clock.advanceTo(stage.clock.now() + 3_600_000);
      stage.ecs.forget(task);
      await look(stage, id, 1);
      stage.ecs.recall(task);
      await takeObserveHint(stage.deps, { kind: 'tasks', cluster: modelCluster, tasks: [{ taskArn: task.arn }] });
      stage.ecs.forget(task);

      expect(await look(stage, id, 1)).toBeUndefined();
      expect(await look(stage, id, 1)).toBe('lost');
    }));
});

describe('a batch of differences', () => {
  it('is taken although one of them cannot be', () =>
    onStage({ script: exits(0), losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'STOPPED');
      const readAttempt = failsFor(runIdOf(1), stage.deps.runs.readAttempt);
      const runs = { ...stage.deps.runs, readAttempt };
      const tasks = [{ taskArn: arnOf(1), runId: runIdOf(1), attempt: 1 }, { taskArn: stage.ecs.tasks[0]?.arn ?? '' }];

      const taken = takeObserveHint({ ...stage.deps, runs }, { kind: 'tasks', cluster: modelCluster, tasks });

      await expect(taken).rejects.toThrow('no answer');
      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
    }));
});

function failsFor<Answer>(broken: string, answer: (id: string, number: number) => Promise<Answer>) {
  return (id: string, number: number) => (id === broken ? Promise.reject(new Error('no answer')) : answer(id, number));
}

describe('with every event suppressed', () => {
  // Scheduler fires at any second of its minute, so ticks lie up to 119 s apart.
  it.each([
    ['a minute apart', [60_000]],
    ['as far apart as AWS may put them', [119_000, 1_000]],
  ])('each run ends within 120 s of its task, ticks %s', (_, tickGaps) =>
    onStage({ script: endsSometime, losesEvents: true, tickGaps }, async (stage) => {
      const ids: string[] = [];
      for (let at = 0; at < 20; at += 1) ids.push(await triggerOnce(stage, `key-${at}`));

      await stage.drive(async () => (await Promise.all(ids.map(stage.readRun))).every(isOver));

      for (const id of ids) {
        const run = await stage.readRun(id);
        const task = stage.ecs.tasks.find(({ startedBy }) => startedBy.includes(id));
        expect(['COMPLETED', 'FAILED']).toContain(run.state.type);
        expect(run.state.timestamp - (task?.stoppedAt ?? 0)).toBeLessThanOrEqual(120_000);
      }
    }),
  );
});

/** After 1 to 140 seconds, every other one with an error. */
function endsSometime(task: ModelTask, ecs: ModelEcs): void {
  const at = Number(task.arn.slice(-6));
  exits(at % 2, 1 + ((at * 37) % 140))(task, ecs);
}
