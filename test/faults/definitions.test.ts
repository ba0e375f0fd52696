// Task definitions of ours that are registered by several at once, or are gone; and whoever first learns of a task.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import {
  callerOf,
  cancelling,
  exits,
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

async function onStage(options: Omit<StageOptions, 'database'>, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage({ ...options, database });
  try {
    await play(stage);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

const over = (stage: Stage, ids: readonly string[]) => async () =>
  (await Promise.all(ids.map((id) => stage.readRun(id)))).every(isOver);
const lost = () => {
  throw new AwsError('ServerException', 'the answer was lost', 500);
};

describe('a family that two pumps register at once', () => {
  it('fails no run, although ECS refuses all but one', () => {
    let registrations = 0;
    const turnAway: StageOptions['turnAway'] = (operation) => {
      if (operation !== 'RegisterTaskDefinition') return;
      registrations += 1;
      if (registrations % 2 === 1) return;
      const reason = 'Too many concurrent attempts to create a new revision of the specified family.';
      throw new AwsError('ClientException', reason);
    };
    return onStage({ script: exits(0), turnAway }, async (stage) => {
      const ids: string[] = [];
      for (const key of ['one', 'other', 'third']) ids.push(await triggerOnce(stage, key));
      await stage.deps.lanes.touch(stage.place.lane, stage.clock.now() + 60_000);
      const other = stage.another();
      const read = other.families.read;
      // Both look before either has registered.
      await Promise.all([
        submitRuns(stage.deps),
        submitRuns({
          ...other,
          families: { ...other.families, read: async (family) => withoutArn(await read(family)) },
        }),
      ]);

      await stage.drive(over(stage, ids));

      const runs = await Promise.all(ids.map((id) => stage.readRun(id)));
      expect(runs.map(({ state, attempt }) => [state.type, attempt])).toEqual(ids.map(() => ['COMPLETED', 1]));
      expect(registrations).toBeLessThanOrEqual(3);
    });
  });

  const withoutArn = <Known extends { readonly arn?: string }>(known: Known | undefined) => {
    if (known === undefined) return undefined;
    const { arn: _other, ...rest } = known;
    return rest;
  };
});

describe('a task definition that is not active any more', () => {
  const inactive = (_input: unknown, call: number) => {
    if (call > 1) return undefined;
    throw new AwsError('ClientException', 'TaskDefinition is inactive');
  };

  it('is registered again where it is ours, and the run goes on with a new try', () => {
    let registrations = 0;
    const turnAway: StageOptions['turnAway'] = (operation) => {
      if (operation === 'RegisterTaskDefinition') registrations += 1;
    };
    return onStage({ script: exits(0), refuse: inactive, turnAway }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, [id]));

      expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
      expect(stage.ecs.runTaskCalls.map((call) => call['clientToken'])).toEqual([`${id}-1-1`, `${id}-1-2`]);
      expect(registrations).toBe(2);
    });
  });

  it('of the user’s own ends the run at once', () =>
    onStage(
      {
        script: exits(0),
        refuse: inactive,
        jobVariables: {
          command: 'true',
          task_definition_arn: 'arn:aws:ecs:us-east-1:000000000000:task-definition/etl:3',
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, [id]), 1);

        expect((await stage.readRun(id)).state).toMatchObject({
          type: 'CRASHED',
          message: expect.stringContaining('TaskDefinition is inactive'),
        });
        expect(stage.ecs.runTaskCalls).toHaveLength(1);
      },
    ));
});

describe('infrastructure_pid', () => {
  it.each<[string, Partial<StageOptions>]>([
    ['the reply', { losesEvents: true }],
    ['an event', { loseAnswer: (operation) => (operation === 'RunTask' ? lost() : undefined) }],
    ['a listing', { losesEvents: true, loseAnswer: (operation) => (operation === 'RunTask' ? lost() : undefined) }],
  ])('is cluster and task ARN, written by whoever first learns it: %s', (_who, options) =>
    onStage({ script: runsOn, ...options }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(async () => (await stage.readRun(id)).infrastructurePid !== undefined);

      const [task] = stage.ecs.tasks;
      expect((await stage.readRun(id)).infrastructurePid).toBe(`${task?.cluster}::${task?.arn}`);
      expect((await stage.deps.runs.readAttempt(id, 1))?.taskArn).toBe(task?.arn);
      expect(stage.ecs.tasks).toHaveLength(1);
    }),
  );
});

describe('infrastructure_pid of a retry', () => {
  it('stays while the engine that retries lives', () =>
    onStage({ script: runsOn, jobVariables: { command: 'prefect flow-run execute' } }, async (stage) => {
      const id = await triggerOnce(stage);
      await patchRun(stage.deps, id, { empiricalPolicy: { retries: 1, pauseKeys: [], resuming: false } });
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
      const [task] = stage.ecs.tasks;
      if (task === undefined) throw new Error('no task');
      const caller = callerOf(task);
      await propose(stage, id, { state: running, caller });
      await propose(stage, id, { state: failed, caller });

      expect(await stage.readRun(id)).toMatchObject({
        state: { name: 'AwaitingRetry' },
        infrastructurePid: `${task.cluster}::${task.arn}`,
      });
    }));
});

describe('StopTask', () => {
  it('of many runs cancelled at once keeps to its own rate, and launches go on meanwhile', () =>
    onStage({ script: runsOn, stopRate: { perSecond: 1, burst: 2 } }, async (stage) => {
      const ids: string[] = [];
      for (let at = 0; at < 12; at += 1) ids.push(await triggerOnce(stage, `run ${at}`));
      await stage.drive(async () => stage.ecs.tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length === 12);
      const start = stage.clock.now();
      for (const id of ids) await propose(stage, id, { state: cancelling });
      const late = await triggerOnce(stage, 'late');

      await stage.drive(async () => stage.ecs.tasks.length === 13);
      const launched = stage.clock.now();
      await stage.drive(over(stage, ids));

      const stopped = stage.ecs.tasks.flatMap(({ stoppedAt }) => (stoppedAt === undefined ? [] : [stoppedAt - start]));
      expect(launched - start).toBeLessThanOrEqual(2_000);
      expect(stopped).toHaveLength(12);
      // Two at once, then one a second; a task takes a second to stop and a hint whole seconds.
      stopped
        .toSorted((one, other) => one - other)
        .forEach((time, at) => {
          expect(time).toBeGreaterThanOrEqual(Math.max(0, at - 2) * 1_000);
        });
      expect(Math.max(...stopped)).toBeLessThanOrEqual(30_000);
      expect((await stage.readRun(late)).state.type).not.toBe('CANCELLED');
    }));

  it('that AWS throttles halves its rate and is sent again', () =>
    onStage(
      {
        script: runsOn,
        turnAway: (operation, call) => {
          if (operation === 'StopTask' && call <= 3) throw new AwsError('ThrottlingException', 'Rate exceeded');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);
        await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
        await propose(stage, id, { state: cancelling });

        await stage.drive(over(stage, [id]));

        expect((await stage.readRun(id)).state.type).toBe('CANCELLED');
        expect((await stage.deps.stopPaces.read())?.share).toBe(0.5);
      },
    ));
});

describe('launch time', () => {
  it('of Spot and on-demand is apart: a backlog of one holds up no run of the other', () =>
    onStage(
      {
        script: runsOn,
        launchRate: { perSecond: 1, burst: 2, calls: { perSecond: 100, burst: 100 } },
        jobVariables: { command: 'true', launch_type: 'FARGATE_SPOT' },
      },
      async (stage) => {
        const deployment = await stage.deps.catalogue.deployments.read(stage.place.deploymentId);
        if (deployment === undefined) throw new Error('no deployment');
        const onDemand = {
          ...deployment,
          id: stage.deps.world.newId(),
          name: 'on-demand',
          jobVariables: { command: 'true' },
        };
        await stage.deps.catalogue.deployments.create(onDemand);
        for (let at = 0; at < 60; at += 1) await triggerOnce(stage, `spot ${at}`);
        const start = stage.clock.now();
        await triggerRun(stage.deps, { deploymentId: onDemand.id });

        const types = () => stage.ecs.tasks.map(({ request }) => request['launchType'] ?? 'FARGATE_SPOT');
        await stage.drive(async () => types().includes('FARGATE'), 1);

        expect(stage.clock.now() - start).toBeLessThanOrEqual(5_000);
        expect(types().filter((type) => type === 'FARGATE_SPOT').length).toBeLessThanOrEqual(7);
      },
    ));
});
