// Each conditional write of the road loses its race once, all writes in turn.
// Whatever the write, the program reads again and decides again, and the run ends as it would have.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../local/aws-endpoint.ts';
import type { StateType } from '../../shared/domain/run/state.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { meddler } from '../support/stage/meddler.ts';
import {
  callerOf,
  cancelling,
  completed,
  crashed,
  engine,
  exits,
  isOver,
  lostOnce,
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

type Play = {
  readonly name: string;
  readonly options: (stage: () => Stage) => Omit<StageOptions, 'database' | 'between'>;
  readonly meanwhile?: (stage: Stage, id: string) => Promise<void>;
  /** None for a run that is deleted. */
  readonly ends?: StateType;
  readonly tasks: number;
};

const engineJob = { jobVariables: { command: 'prefect flow-run execute' } };
const isRunning = (stage: Stage) => async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING';

const plays: readonly Play[] = [
  { name: 'a container that succeeds', options: () => ({ script: exits(0) }), ends: 'COMPLETED', tasks: 1 },
  {
    name: 'a flow engine that succeeds',
    options: (stage) => ({ script: engine(stage, [completed]), ...engineJob }),
    ends: 'COMPLETED',
    tasks: 1,
  },
  {
    name: 'a flow engine that says Crashed and hangs',
    options: () => ({ script: runsOn, ...engineJob }),
    meanwhile: async (stage, id) => {
      await stage.drive(isRunning(stage));
      const [task] = stage.ecs.tasks;
      if (task !== undefined) await propose(stage, id, { state: crashed, caller: callerOf(task) });
    },
    ends: 'CRASHED',
    tasks: 1,
  },
  { name: 'a task lost to Spot', options: () => ({ script: lostOnce }), ends: 'COMPLETED', tasks: 2 },
  {
    name: 'a run that is cancelled',
    options: () => ({ script: runsOn }),
    meanwhile: async (stage, id) => {
      await stage.drive(isRunning(stage));
      await propose(stage, id, { state: cancelling });
    },
    ends: 'CANCELLED',
    tasks: 1,
  },
  {
    name: 'a run that is cancelled before its task starts',
    options: () => ({ script: runsOn, ...engineJob }),
    meanwhile: async (stage, id) => {
      await stage.drive(async () => (await stage.readRun(id)).isAttemptOpen);
      await propose(stage, id, { state: cancelling });
    },
    ends: 'CANCELLED',
    tasks: 1,
  },
  {
    name: 'a run that is renamed and deleted',
    options: () => ({ script: runsOn }),
    meanwhile: async (stage, id) => {
      await stage.drive(isRunning(stage));
      await patchRun(stage.deps, id, { name: 'renamed', labels: { a: 1 } });
      await deleteRun(stage.deps, id);
    },
    tasks: 1,
  },
  {
    name: 'a launch that is throttled, and then lost',
    options: () => ({
      script: exits(0),
      turnAway: (operation, call) => {
        if (operation !== 'RunTask' || call > 2) return;
        if (call === 1) throw new AwsError('ThrottlingException', 'Rate exceeded');
        throw new AwsError('ServerException', 'no answer', 500);
      },
    }),
    ends: 'COMPLETED',
    tasks: 1,
  },
  {
    name: 'a launch that never reaches ECS',
    options: () => ({
      script: exits(0),
      turnAway: (operation, call) => {
        if (operation === 'RunTask' && call < 14) throw new AwsError('ServerException', 'no answer', 500);
      },
    }),
    ends: 'COMPLETED',
    tasks: 1,
  },
];

async function perform(play: Play, target?: number): Promise<readonly string[]> {
  const meddling = meddler(target);
  let stage: Stage | undefined;
  const here = () => {
    if (stage === undefined) throw new Error('no stage yet');
    return stage;
  };
  stage = await startStage({ ...play.options(here), database, between: meddling.between });
  try {
    meddling.begin();
    const id = await triggerOnce(stage);
    await play.meanwhile?.(stage, id);
    const where =
      target === undefined ? 'nobody meddled' : `write ${target}, ${meddling.writes[target]}, lost its race`;
    const isEnded = await stage.drive(async () => hasEnded(here(), id), 3);
    const type = (await stage.deps.runs.read(id))?.state.type;
    expect({ where, isEnded, type, tasks: stage.ecs.tasks.length }).toEqual({
      where,
      isEnded: true,
      type: play.ends,
      tasks: play.tasks,
    });
    expect(stage.ecs.tasks.every(({ lastStatus }) => lastStatus === 'STOPPED')).toBe(true);
    expect(stage.problems).toEqual([]);
    return meddling.writes;
  } finally {
    await stage.close();
  }
}

async function hasEnded(stage: Stage, id: string): Promise<boolean> {
  const run = await stage.deps.runs.read(id);
  const attempts = await stage.deps.runs.readAttempts(id);
  return (run === undefined || isOver(run)) && attempts.every(({ closed }) => closed !== undefined);
}

describe.each(plays)('$name', (play) => {
  it('ends right whichever write loses its race', { timeout: 150_000 }, async () => {
    const writes = await perform(play);

    for (let target = 0; target < writes.length; target += 1) await perform(play, target);

    expect(writes.length).toBeGreaterThan(6);
  });
});

describe('a request that arrives late', () => {
  it('neither changes nor deletes the run that was created again under its id', async () => {
    const stage = await startStage({ script: runsOn, database });
    try {
      const id = await triggerOnce(stage);
      const former = await stage.readRun(id);
      await deleteRun(stage.deps, id);
      stage.clock.advanceTo(stage.clock.now() + 1_000);
      await triggerOnce(stage);

      const writes = [await stage.deps.runs.change(former, former), await stage.deps.runs.remove(former)];

      expect(writes).toEqual(['lost', 'lost']);
      expect((await stage.readRun(id)).created).toBeGreaterThan(former.created);
    } finally {
      await stage.close();
    }
  });
});
