// What clients say of runs, on the real local database: states too early or by strangers, and patches.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { patchRun } from '../../shared/use-cases/patch-run.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { callerOf, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  stage = await startStage({ database, script: runsOn, jobVariables: { command: 'prefect flow-run execute' } });
});
afterEach(() => stage.close());
afterAll(() => database.close());

const nowhere = '99999999-9999-4999-8999-999999999999';
const isRunning = async () => stage.ecs.tasks[0]?.lastStatus === 'RUNNING' && stage.queues.observe.size === 0;

async function recorded(state: Parameters<typeof recordRun>[1]['state'], over: object = {}): Promise<string> {
  const answer = await recordRun(stage.deps, { flowId: stage.place.flowId, state, ...over });
  return answer.run.id;
}

describe('what is said of a run that is not there', () => {
  it('is answered by nothing', async () => {
    const request = { runId: nowhere, proposed: running, force: false };

    expect(await recordState(stage.deps, request)).toBeUndefined();
    expect(await patchRun(stage.deps, nowhere, { name: 'x' })).toBeUndefined();
    expect(await deleteRun(stage.deps, nowhere)).toBe(false);
  });
});

describe('what is said of a run', () => {
  it('too early has to wait', async () => {
    const details = { scheduledTime: stage.clock.now() + 10_000 };
    const id = await recorded({ type: 'SCHEDULED', name: 'Scheduled', details });

    expect(await propose(stage, id, { state: running })).toMatchObject({
      status: 'WAIT',
      delaySeconds: 10,
      isNewState: false,
      state: { type: 'SCHEDULED' },
    });
  });

  it('by an attempt that the table does not know is put off, forced or not, and kept nowhere', async () => {
    const id = await triggerOnce(stage);
    const word = { runId: id, proposed: running, caller: { runId: id, attempt: 7 } };
    const unknown = { code: 'unavailable', retryAfterSeconds: 20 };

    await expect(recordState(stage.deps, { ...word, force: false })).rejects.toMatchObject(unknown);
    await expect(recordState(stage.deps, { ...word, force: true })).rejects.toMatchObject(unknown);
    expect((await stage.readRun(id)).state.type).toBe('SCHEDULED');
    expect(await stage.deps.runs.readAttempts(id)).toEqual([]);
  });

  it('against the rules by its own attempt is not kept as a stranger’s', async () => {
    const id = await triggerOnce(stage);
    await stage.drive(isRunning);
    const [task] = stage.ecs.tasks;
    if (task === undefined) throw new Error('no task');

    const pending = { type: 'PENDING', name: 'Pending', details: {} } as const;

    expect(await propose(stage, id, { state: pending, caller: callerOf(task) })).toMatchObject({ status: 'ABORT' });
    expect((await stage.deps.runs.readAttempt(id, 1))?.fenced).toBeUndefined();
    expect(await propose(stage, id, { state: pending })).toMatchObject({ status: 'ABORT' });
  });
});

describe('patching a run', () => {
  it('changes what it says of itself, head and body', async () => {
    const id = await recorded({ type: 'RUNNING', name: 'Running', details: {} }, { labels: { a: 1 } });
    const { version } = await stage.readRun(id);

    await patchRun(stage.deps, id, { name: 'n', tags: ['t'], infrastructurePid: 'host:1' });
    await patchRun(stage.deps, id, { labels: { b: 2 }, parameters: { x: 1 } });
    const patched = await patchRun(stage.deps, id, { jobVariables: { y: 1 }, flowVersion: '2' });

    const run = await stage.readRun(id);
    expect(run).toEqual(patched);
    expect(run).toMatchObject({ name: 'n', tags: ['t'], infrastructurePid: 'host:1' });
    expect(run.version).toBe(version + 3);
    expect(await stage.deps.runs.readBody(run)).toMatchObject({
      labels: { a: 1, b: 2 },
      parameters: { x: 1 },
      jobVariables: { y: 1 },
      flowVersion: '2',
    });
  });

  it('leaves to the rules what only they may say', async () => {
    const id = await triggerOnce(stage);
    const run = await stage.readRun(id);
    const own = { pauseKeys: ['k'], resuming: true, retryType: 'reschedule' } as const;
    await stage.deps.runs.change(run, { ...run, empiricalPolicy: own });

    const patched = await patchRun(stage.deps, id, {
      empiricalPolicy: { retries: 3, pauseKeys: [], resuming: false, retryType: 'in_process' },
      infrastructurePid: 'mine',
    });

    expect(patched?.empiricalPolicy).toEqual({ ...own, retries: 3 });
    expect(patched?.infrastructurePid).toBeUndefined();
  });
});
