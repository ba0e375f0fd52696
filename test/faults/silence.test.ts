// Silence (design rule 12): who gives no sign of life is asked after, told of once, and stopped only where the pool says so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { noteHeartbeats } from '../../shared/use-cases/note-heartbeats.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { minute } from '../support/run-builders.ts';
import { isOver, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, type StageOptions, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

const engine = { command: 'prefect flow-run execute' };

async function onStage(options: Partial<StageOptions>, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage({ script: runsOn, jobVariables: engine, ...options, database });
  try {
    await play(stage);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

const passes = (stage: Stage, minutes: number) => {
  const until = stage.clock.now() + minutes * minute;
  return stage.drive(async () => stage.clock.now() >= until);
};

const sign = (stage: Stage, id: string): PrefectEvent => ({
  id: stage.deps.world.newId(),
  occurred: stage.clock.now(),
  received: stage.clock.now(),
  event: 'prefect.flow-run.heartbeat',
  resource: { 'prefect.resource.id': `prefect.flow-run.${id}` },
  related: [],
  payload: {},
});

/** Signs of life each minute, as the clock goes. */
async function livesFor(stage: Stage, id: string, minutes: number): Promise<void> {
  for (let at = 0; at < minutes; at += 1) {
    await noteHeartbeats(stage.deps, [sign(stage, id)]);
    await passes(stage, 1);
  }
}

const silences = (stage: Stage) => stage.deps.sentEvents.filter(({ event }) => event === 'slipway.run.silent');

/** A push run whose engine has said RUNNING. */
async function started(stage: Stage): Promise<string> {
  const id = await triggerOnce(stage);
  await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING');
  await propose(stage, id, { state: running, caller: { runId: id, attempt: 1 } });
  return id;
}

const described = (stage: Stage) => stage.plan.calls.filter((name) => name === 'DescribeTasksCommand').length;

describe('an engine that falls silent in a living task', () => {
  it('is asked after and told of, once a silence, and its task lives on', () =>
    onStage({}, async (stage) => {
      const id = await started(stage);
      await livesFor(stage, id, 6);
      const before = [silences(stage).length, described(stage)];

      await passes(stage, 60);

      expect(before).toEqual([0, 0]);
      expect(described(stage)).toBe(1);
      expect(silences(stage)).toHaveLength(1);
      expect(silences(stage)[0]).toMatchObject({
        resource: { 'prefect.resource.id': `prefect.flow-run.${id}` },
        payload: { silent_seconds: 180, infrastructure_pid: expect.stringContaining('task/') },
      });
      expect((await stage.readRun(id)).state.type).toBe('RUNNING');
      expect(stage.ecs.tasks[0]?.lastStatus).toBe('RUNNING');
      await livesFor(stage, id, 6);
      await passes(stage, 10);
      expect(silences(stage)).toHaveLength(2);
    }));

  it('is told of under the same id however often it is noticed', () =>
    onStage({}, async (stage) => {
      const id = await started(stage);
      await livesFor(stage, id, 6);
      const { forget } = stage.deps.heartbeats;
      // The process dies between telling and forgetting.
      stage.deps.heartbeats.forget = async () => {
        stage.deps.heartbeats.forget = forget;
      };

      await passes(stage, 10);

      expect(silences(stage)).toHaveLength(2);
      expect(new Set(silences(stage).map(({ id: of, occurred }) => `${of} ${occurred}`)).size).toBe(1);
    }));

  it('has its task stopped where its pool says so', () =>
    onStage({ jobVariables: { ...engine, when_silent: 'stop' } }, async (stage) => {
      const id = await started(stage);
      await livesFor(stage, id, 6);

      await stage.drive(async () => isOver(await stage.readRun(id)), 1);

      expect(stage.ecs.tasks[0]).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      expect((await stage.readRun(id)).state).toMatchObject({
        type: 'CRASHED',
        message: 'The engine of this run gave no sign of life, and its pool has such tasks stopped.',
      });
      expect(silences(stage)).toHaveLength(1);
    }));
});

describe('an engine whose task has stopped', () => {
  it('ends with it, and nobody is told of a silence', () =>
    onStage({ losesEvents: true }, async (stage) => {
      const id = await started(stage);
      await livesFor(stage, id, 6);
      const [task] = stage.ecs.tasks;
      if (task === undefined) throw new Error('no task');
      stage.ecs.end(task, { exitCode: 1 });

      await passes(stage, 10);

      expect((await stage.readRun(id)).state.type).toBe('CRASHED');
      expect(silences(stage)).toHaveLength(0);
    }));
});

describe('a run that others execute', () => {
  it('is told of once when it is Crashed for its silence', () =>
    onStage({}, async (stage) => {
      const pending = { type: 'PENDING', name: 'Pending', details: {} } as const;
      const recorded = await recordRun(stage.deps, { flowId: stage.place.flowId, state: pending });
      const { id } = recorded.run;
      await propose(stage, id, { state: running });
      await livesFor(stage, id, 6);

      await passes(stage, 30);

      expect((await stage.readRun(id)).state.type).toBe('CRASHED');
      expect(silences(stage)).toHaveLength(1);
      expect(silences(stage)[0]?.payload).toMatchObject({ silent_seconds: 180, infrastructure_pid: null });
    }));
});
