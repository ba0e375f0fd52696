// Launches that AWS has no room for, tasks that do not start and tasks that are lost: which way the next try or attempt
// goes, what it costs, and what is remembered of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import type { ModelTask, TaskScript } from '../support/stage/model-ecs.ts';
import {
  callerOf,
  completed,
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

const second = 1000;
const over = (stage: Stage, id: string) => async () => isOver(await stage.readRun(id));
const noRoom = {
  failures: [{ arn: 'x', reason: 'Capacity is unavailable at this time. Please try again later' }],
};
const spotStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
const spot = { command: 'true', launch_type: 'FARGATE_SPOT', capacity_fallback: 'on-demand' };
const capacities = (stage: Stage) =>
  stage.ecs.runTaskCalls.map((call) => call['launchType'] ?? call['capacityProviderStrategy']);
const subnets = (stage: Stage) =>
  stage.ecs.runTaskCalls.map((call) => {
    const { networkConfiguration } = call as { networkConfiguration: { awsvpcConfiguration: { subnets: string[] } } };
    return networkConfiguration.awsvpcConfiguration.subnets;
  });
const tokens = (stage: Stage) => stage.ecs.runTaskCalls.map((call) => call['clientToken']);

describe('Spot, then on-demand', () => {
  it('goes on-demand with the next try when Spot has no room', () =>
    onStage(
      { script: exits(0), jobVariables: spot, refuse: (_input, call) => (call === 1 ? noRoom : undefined) },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        expect(capacities(stage)).toEqual([spotStrategy, 'FARGATE']);
        expect(tokens(stage)).toEqual([`${id}-1-1`, `${id}-1-2`]);
        expect(await stage.readRun(id)).toMatchObject({ state: { type: 'COMPLETED' }, infrastructureRestarts: 0 });
      },
    ));

  it('goes on-demand with the next attempt when Spot took the task back, and stays there', () =>
    onStage({ script: lostOnce, jobVariables: spot }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(capacities(stage)).toEqual([spotStrategy, 'FARGATE']);
      expect(tokens(stage)).toEqual([`${id}-1-1`, `${id}-2-1`]);
      expect(await stage.readRun(id)).toMatchObject({ state: { type: 'COMPLETED' }, runCount: 1 });
    }));

  it('stays on Spot where nobody asked for more', () =>
    onStage({ script: lostOnce, jobVariables: { command: 'true', launch_type: 'FARGATE_SPOT' } }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(capacities(stage)).toEqual([spotStrategy, spotStrategy]);
    }));
});

describe('subnets in turn', () => {
  const network = { network_configuration: { subnets: ['subnet-1', 'subnet-2'] } };

  it('are tried one by one after the capacity of all of them failed', () =>
    onStage(
      {
        script: exits(0),
        jobVariables: { command: 'true', ...network },
        refuse: (_input, call) => (call <= 3 ? noRoom : undefined),
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        const [all, one, other, again] = subnets(stage);
        expect(all?.toSorted()).toEqual(['subnet-1', 'subnet-2']);
        expect([one, other].flat().toSorted()).toEqual(['subnet-1', 'subnet-2']);
        expect(again).toEqual(all);
        expect(new Set(tokens(stage)).size).toBe(4);
      },
    ));

  it('are one a try from the start where the pool asks for it', () =>
    onStage(
      {
        script: exits(0),
        jobVariables: { command: 'true', subnet_rotation: 'always', ...network },
        refuse: (_input, call) => (call === 1 ? noRoom : undefined),
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        expect(subnets(stage).flat().toSorted()).toEqual(['subnet-1', 'subnet-2']);
      },
    ));

  it('stay as they are when the launch was only too fast', () =>
    onStage(
      {
        script: exits(0),
        jobVariables: { command: 'true', ...network },
        refuse: (_input, call) => {
          if (call > 1) return undefined;
          throw new AwsError('ThrottlingException', 'Rate exceeded');
        },
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        const [first, next] = stage.ecs.runTaskCalls;
        expect({ ...next, clientToken: '' }).toEqual({ ...first, clientToken: '' });
      },
    ));
});

describe('alternative sizes', () => {
  const sizes = [
    { cpu: 512, memory: 1024 },
    { cpu: 1024, memory: 2048 },
  ];

  it('are tried in turn, and then the first one again', () =>
    onStage(
      {
        script: exits(0),
        jobVariables: { command: 'true', subnet_rotation: 'never', size_alternatives: sizes },
        refuse: (_input, call) => (call <= 3 ? noRoom : undefined),
      },
      async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(over(stage, id));

        const asked = stage.ecs.runTaskCalls.map((call) => {
          const { cpu, memory } = call['overrides'] as { cpu?: string; memory?: string };
          return [cpu, memory];
        });
        expect(asked).toEqual([
          [undefined, undefined],
          ['512', '1024'],
          ['1024', '2048'],
          [undefined, undefined],
        ]);
      },
    ));
});

describe('an attempt', () => {
  it('remembers what each try asked for and why it ended, and its own end', () =>
    onStage(
      {
        script: lostOnce,
        jobVariables: spot,
        refuse: (_input, call) => (call === 1 ? noRoom : undefined),
      },
      async (stage) => {
        const id = await triggerOnce(stage);
        await stage.drive(over(stage, id));

        const [first, second] = await stage.deps.runs.readAttempts(id);

        expect(first?.pastTries).toEqual([
          {
            number: 1,
            asked: { capacity: 'FARGATE_SPOT', cpu: 256, memory: 512, subnets: ['subnet-1'] },
            sentAt: first?.openedAt,
            sends: 1,
            endedAt: first?.openedAt,
            class: 'capacity',
            code: noRoom.failures[0]?.reason,
            reason: noRoom.failures[0]?.reason,
          },
        ]);
        expect(first?.closed).toMatchObject({ end: 'stopped', reason: 'Your Spot Task was interrupted.' });
        expect(first?.plan).toEqual({ capacity: 'on-demand' });
        expect(second?.pastTries).toBeUndefined();
        expect(second?.closed?.end).toBe('stopped');
      },
    ));

  it('forgets all but its newest tries', () =>
    onStage({ script: exits(0), refuse: () => noRoom }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(async () => ((await stage.deps.runs.readAttempt(id, 1))?.currentTry.number ?? 0) > 25, 1);

      const attempt = await stage.deps.runs.readAttempt(id, 1);
      const last = (attempt?.currentTry.number ?? 0) - 1;
      const numbers = attempt?.pastTries?.map(({ number }) => number);
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, at) => last - 19 + at));
    }));
});

describe('waits between tries', () => {
  it('are anything up to a limit that doubles, and end with the start deadline', () =>
    onStage(
      {
        script: exits(0),
        jobVariables: { command: 'true', start_deadline_seconds: 300, infrastructure_retries: 0 },
        refuse: () => noRoom,
      },
      async (stage) => {
        const ids = [
          await triggerOnce(stage, 'one'),
          await triggerOnce(stage, 'other'),
          await triggerOnce(stage, 'third'),
        ];
        const start = stage.clock.now();

        await stage.drive(async () => (await Promise.all(ids.map((id) => over(stage, id)()))).every(Boolean), 1);

        const waits: number[][] = [];
        for (const id of ids) {
          const tries = (await stage.deps.runs.readAttempt(id, 1))?.pastTries ?? [];
          const times = tries.map(({ endedAt }) => endedAt);
          const apart = times.slice(1).map((time, at) => time - (times[at] ?? 0));
          apart.forEach((wait, at) => {
            // A message waits whole seconds.
            expect(wait).toBeLessThanOrEqual(Math.min(2 ** (at + 1), 60) * second + second);
          });
          waits.push(apart);
          expect((await stage.readRun(id)).state).toMatchObject({
            type: 'CRASHED',
            message: 'no task could be started within 300 s (after 0 new attempts)',
          });
        }
        expect(new Set(waits.map((apart) => apart.join())).size).toBe(3);
        expect(waits.flat().some((wait, at) => at > 3 && wait < 8 * second)).toBe(true);
        expect(stage.clock.now() - start).toBeLessThanOrEqual(420 * second);
      },
    ));
});

describe('the start deadline', () => {
  it.each([
    [{ command: 'true' }, 900],
    [{ command: 'true', launch_type: 'FARGATE_SPOT' }, 1200],
    [{ command: 'true', launch_type: 'EC2' }, 900],
    [{ command: 'true', start_deadline_seconds: 60 }, 60],
  ] as const)(
    'of %j is %i s: the task is stopped, and only once it is STOPPED a new attempt is made',
    (jobVariables, seconds) =>
      onStage({ script: runsOn, startSeconds: 100_000, jobVariables }, async (stage) => {
        const id = await triggerOnce(stage);

        await stage.drive(async () => stage.ecs.tasks.length === 2, 2);

        const [late, next] = stage.ecs.tasks;
        const stopped = late?.stoppedAt ?? 0;
        expect(late).toMatchObject({ lastStatus: 'STOPPED', stoppedReason: 'slipway: start-deadline' });
        expect(stopped - (late?.createdAt ?? 0)).toBeGreaterThanOrEqual(seconds * second);
        expect(stopped - (late?.createdAt ?? 0)).toBeLessThanOrEqual((seconds + 121) * second);
        expect(next?.createdAt).toBeGreaterThanOrEqual(stopped);
        expect(await stage.readRun(id)).toMatchObject({ attempt: 2, infrastructureRestarts: 1 });
      }),
  );
});

describe('the maximum duration', () => {
  it.each([
    [{ command: 'true' }, 86_400],
    [{ command: 'true', maximum_duration_seconds: 7200 }, 7200],
    [{ command: 'prefect flow-run execute', maximum_duration_seconds: 60 }, 60],
  ] as const)('of %j is %i s, then the task is stopped and its run fails', (jobVariables, seconds) =>
    onStage({ script: runsOn, jobVariables }, async (stage) => {
      const id = await triggerOnce(stage);
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
      // A quiet day is not played minute by minute.
      stage.clock.advanceTo(stage.clock.now() + Math.max(0, seconds - 600) * second);

      await stage.drive(over(stage, id), 1);

      const [task] = stage.ecs.tasks;
      const ran = (task?.stoppedAt ?? 0) - (task?.startedAt ?? 0);
      expect(task?.stoppedReason).toBe('slipway: maximum-duration');
      expect(ran).toBeGreaterThanOrEqual(seconds * second);
      expect(ran).toBeLessThanOrEqual((seconds + 121) * second);
      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'FAILED',
        name: 'TimedOut',
        message: `The run exceeded its maximum duration of ${seconds} s.`,
      });
      expect(stage.ecs.tasks).toHaveLength(1);
    }),
  );
});

describe('the budget of the infrastructure', () => {
  const killed: TaskScript = (task, ecs) =>
    ecs.at((task.startedAt ?? 0) + second, () => ecs.end(task, { exitCode: 137 }));
  const rule137 = { infrastructure_rules: [{ exit_code: 137 }] };

  it.each([
    [{ command: 'true', ...rule137 }, 4, { type: 'FAILED' }],
    [{ command: 'true', ...rule137, infrastructure_retries: 1 }, 2, { type: 'FAILED' }],
    [{ command: 'true', ...rule137, infrastructure_retries: 5 }, 6, { type: 'FAILED' }],
    [{ command: 'prefect flow-run execute', ...rule137 }, 4, { type: 'CRASHED' }],
    [{ command: 'true', infrastructure_rules: [{ exit_code: 1 }] }, 1, { type: 'FAILED' }],
  ] as const)('and its rules decide by exit code: %j costs %i tasks', (jobVariables, tasks, state) =>
    onStage({ script: killed, jobVariables: jobVariables as JsonObject }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(stage.ecs.tasks).toHaveLength(tasks);
      expect(await stage.readRun(id)).toMatchObject({ state, infrastructureRestarts: tasks - 1 });
    }),
  );

  it.each([
    [{ infrastructure_rules: [{ stop_code: 'SpotInterruption', action: 'end' }] }, 1, 'CRASHED'],
    [{ infrastructure_rules: [{ reason: 'spot*interrupted', action: 'end' }] }, 1, 'CRASHED'],
    [{ infrastructure_rules: [{ reason: 'no space', action: 'end' }] }, 2, 'COMPLETED'],
    [{ infrastructure_retries: 0 }, 1, 'CRASHED'],
  ] as const)('and its rules decide by stop code and reason: %j costs %i tasks', (values, tasks, type) =>
    onStage({ script: lostOnce, jobVariables: { command: 'true', ...(values as JsonObject) } }, async (stage) => {
      const id = await triggerOnce(stage);

      await stage.drive(over(stage, id));

      expect(stage.ecs.tasks).toHaveLength(tasks);
      expect((await stage.readRun(id)).state.type).toBe(type);
    }),
  );

  it('is none of the flow’s own retries: one Spot stop and one failure with retries=1 end Completed', async () => {
    let stage: Stage | undefined;
    const say = (task: ModelTask, state: typeof running) => {
      const caller = callerOf(task);
      if (stage === undefined) throw new Error('no stage yet');
      return propose(stage, caller.runId, { state, caller });
    };
    const script: TaskScript = (task, ecs) => {
      const start = task.startedAt ?? 0;
      ecs.at(start + second, async () => void (await say(task, running)));
      if (ecs.tasks.length === 1) {
        const interruption = { stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' };
        return ecs.at(start + 5 * second, () => ecs.end(task, { exitCode: 143, ...interruption }));
      }
      // Its own failure is answered with a retry, which the engine waits for and then runs.
      ecs.at(start + 2 * second, async () => {
        expect(await say(task, failed)).toMatchObject({ status: 'REJECT', state: { type: 'SCHEDULED' } });
      });
      ecs.at(start + 4 * second, async () => void (await say(task, running)));
      ecs.at(start + 6 * second, async () => void (await say(task, completed)));
      ecs.at(start + 7 * second, () => ecs.end(task, { exitCode: 0 }));
    };
    await onStage({ script, jobVariables: { command: 'prefect flow-run execute' } }, async (given) => {
      stage = given;
      const id = await triggerOnce(given);
      await patchRun(given.deps, id, { empiricalPolicy: { retries: 1, pauseKeys: [], resuming: false } });

      await given.drive(over(given, id));

      expect(await given.readRun(id)).toMatchObject({
        state: { type: 'COMPLETED' },
        runCount: 2,
        attempt: 2,
        infrastructureRestarts: 1,
      });
    });
  });
});
