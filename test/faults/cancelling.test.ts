// Whoever is cancelled or deleted while RunTask is under way has a task that nobody knows yet:
// it is stopped as soon as anybody learns of it, by the reply or by an event.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timing } from '../../shared/domain/run/timing.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { visitAttempt } from '../../shared/use-cases/visit-attempt.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { cancelling, propose, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
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

const engine = { command: 'prefect flow-run execute' };
const container = { command: 'true' };
const lost = { kind: 'unknown', code: 'TimeoutError', reason: 'no answer' } as const;

/** Launches the run's task; `meanwhile` happens after ECS has taken the request and before its reply is seen. */
async function launch(stage: Stage, meanwhile: () => Promise<unknown>, reply: 'seen' | 'lost'): Promise<void> {
  const run: Stage['deps']['tasks']['run'] = async (...request) => {
    const answer = await stage.deps.tasks.run(...request);
    await meanwhile();
    return reply === 'seen' ? answer : lost;
  };
  const [message] = stage.queues.submit.receive(1);
  await takeSubmitHints({ ...stage.deps, tasks: { ...stage.deps.tasks, run } }, [JSON.parse(message?.body ?? '')]);
  if (message !== undefined) stage.queues.submit.remove(message);
}

const cases = [
  ['an engine, by the reply', engine, 'seen'],
  ['an engine, by the event', engine, 'lost'],
  ['a plain container, by the reply', container, 'seen'],
  ['a plain container, by the event', container, 'lost'],
] as const;

describe('while RunTask is under way', () => {
  it.each(cases)('a run that is cancelled has its task stopped as soon as it is known: %s', (_, jobVariables, reply) =>
    onStage({ script: runsOn, jobVariables }, async (stage) => {
      const id = await triggerOnce(stage);
      await launch(stage, () => propose(stage, id, { state: cancelling }), reply);
      const asked = stage.clock.now();

      await stage.drive(async () => (await stage.readRun(id)).state.type === 'CANCELLED', 1);

      expect(stage.ecs.tasks).toHaveLength(1);
      expect(stage.ecs.tasks[0]).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
      // The model starts a task in two seconds and stops one in one: an event tells of it no earlier.
      expect(stage.clock.now() - asked).toBeLessThanOrEqual(4_000);
      expect((await stage.deps.runs.readStates(id)).map(({ type }) => type)).toEqual([
        'SCHEDULED',
        'PENDING',
        'CANCELLING',
        'CANCELLED',
      ]);
    }),
  );

  it.each(cases)('a run that is deleted has its task stopped as soon as it is known: %s', (_, jobVariables, reply) =>
    onStage({ script: runsOn, jobVariables }, async (stage) => {
      const id = await triggerOnce(stage);
      await launch(stage, () => deleteRun(stage.deps, id), reply);
      const asked = stage.clock.now();

      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'STOPPED', 1);

      expect(stage.ecs.tasks[0]?.stopCode).toBe('UserInitiated');
      expect(stage.clock.now() - asked).toBeLessThanOrEqual(4_000);
      expect(await stage.deps.runs.read(id)).toBeUndefined();
    }),
  );

  const ends = [
    ['cancelled', (stage: Stage, id: string) => propose(stage, id, { state: cancelling })],
    ['deleted', (stage: Stage, id: string) => deleteRun(stage.deps, id)],
  ] as const;
  it.each(ends)('a run that is %s has its task stopped though only a repeated request tells of it', (_, end) =>
    onStage({ script: runsOn, jobVariables: container, losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);
      await launch(stage, () => Promise.resolve(), 'lost');
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING', 1);
      await end(stage, id);
      const repeated = stage.clock.now() + timing.repeatLaunch;
      stage.queues.submit.send(
        [JSON.stringify({ kind: 'attempt', runId: id, attempt: 1 })],
        timing.repeatLaunch / 1000,
      );

      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'STOPPED', 1);

      expect(stage.ecs.tasks).toMatchObject([{ stopCode: 'UserInitiated' }]);
      expect(stage.clock.now() - repeated).toBeLessThanOrEqual(4_000);
    }),
  );

  it('a run that is deleted has its task stopped, also by those who read the run before', () =>
    onStage({ script: runsOn, jobVariables: container, losesEvents: true }, async (stage) => {
      const id = await triggerOnce(stage);
      await launch(stage, () => Promise.resolve(), 'seen');
      await stage.drive(async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING', 1);
      const run = await stage.readRun(id);
      await deleteRun(stage.deps, id);
      const attempt = await stage.deps.runs.readAttempt(id, 1);

      if (attempt !== undefined) await visitAttempt(stage.deps, { runId: id, attempt: 1 }, { known: { run, attempt } });

      expect(stage.ecs.tasks).toMatchObject([{ desiredStatus: 'STOPPED' }]);
    }));
});
