// The program dies before and after each AWS call of record, submit, observe and clock, all points in turn.
// Whatever the point, the run ends as it would have, with one task an attempt.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateType } from '../../shared/domain/run/state.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import type { CrashPoint } from '../support/stage/crash-plan.ts';
import {
  cancelling,
  completed,
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
  readonly options: (stage: () => Stage) => Omit<StageOptions, 'database' | 'crash'>;
  /** Beyond trigger and drive: what somebody does while the run is under way. */
  readonly meanwhile?: (stage: Stage, id: string) => Promise<void>;
  readonly ends: StateType;
  readonly attempts: number;
};

const plays: readonly Play[] = [
  { name: 'a container that succeeds', options: () => ({ script: exits(0) }), ends: 'COMPLETED', attempts: 1 },
  {
    name: 'a flow engine that succeeds',
    options: (stage) => ({ script: engine(stage, [completed]), jobVariables: { command: 'prefect flow-run execute' } }),
    ends: 'COMPLETED',
    attempts: 1,
  },
  { name: 'a task lost to Spot', options: () => ({ script: lostOnce }), ends: 'COMPLETED', attempts: 2 },
  {
    name: 'a run that is cancelled',
    options: () => ({ script: runsOn }),
    meanwhile: async (stage, id) => {
      await stage.drive(async () => (await stage.readRun(id)).state.type === 'RUNNING');
      await propose(stage, id, { state: cancelling });
    },
    ends: 'CANCELLED',
    attempts: 1,
  },
  {
    name: 'a run whose every ECS event is lost',
    options: () => ({ script: exits(0, 70), losesEvents: true }),
    ends: 'COMPLETED',
    attempts: 1,
  },
];

/** Plays to the end; answers the AWS calls that were made. */
async function perform(play: Play, crash?: CrashPoint): Promise<readonly string[]> {
  let stage: Stage | undefined;
  const here = () => {
    if (stage === undefined) throw new Error('no stage yet');
    return stage;
  };
  stage = await startStage({ ...play.options(here), database, ...(crash === undefined ? {} : { crash }) });
  try {
    const id = await triggerOnce(stage);
    await play.meanwhile?.(stage, id);
    const isEnded = await stage.drive(async () => isOver(await here().readRun(id)), 2);
    const run = await stage.readRun(id);
    const where = crash === undefined ? 'without a crash' : `with a crash ${crash.when} call ${crash.call}`;
    expect({ where, isEnded, type: run.state.type }).toEqual({ where, isEnded: true, type: play.ends });
    const owners = stage.ecs.tasks.map(({ startedBy }) => startedBy);
    expect({ where, attempt: run.attempt, owners: new Set(owners).size }).toEqual({
      where,
      attempt: play.attempts,
      owners: owners.length,
    });
    expect(stage.ecs.tasks.every(({ lastStatus }) => lastStatus === 'STOPPED')).toBe(true);
    expect(stage.problems).toEqual([]);
    expect(stage.plan.hasCrashed).toBe(crash !== undefined && crash.call < stage.plan.calls.length);
    return stage.plan.calls;
  } finally {
    await stage.close();
  }
}

describe.each(plays)('$name', (play) => {
  it('ends right whichever AWS call the program dies at', { timeout: 150_000 }, async () => {
    const calls = await perform(play);

    for (let call = 0; call < calls.length; call += 1) {
      await perform(play, { call, when: 'before' });
      await perform(play, { call, when: 'after' });
    }

    expect(calls.length).toBeGreaterThan(20);
  });
});
