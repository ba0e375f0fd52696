// Subflows on the real local database: whose they are, who may speak for them, and what becomes of them when the task
// that they execute in, or the run that they belong to, is over.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProposedState } from '../../shared/domain/run/state.ts';
import { createRun } from '../../shared/use-cases/create-run.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { callerOf, completed, crashed, propose, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
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

const isRunning = async () => stage.ecs.tasks.at(-1)?.lastStatus === 'RUNNING' && stage.queues.observe.size === 0;
const isOver = (id: string) => async () => (await stage.readRun(id)).endTime !== undefined;

/** A parent whose engine says RUNNING, and the task run that stands for a subflow. */
async function parentWithTracker(): Promise<{ parent: string; tracker: string }> {
  const parent = await triggerOnce(stage);
  await stage.drive(isRunning);
  await propose(stage, parent, { state: running, caller: caller() });
  return { parent, tracker: await trackerOf(parent) };
}

async function trackerOf(flowRunId: string, dynamicKey = '0'): Promise<string> {
  const { world, taskRuns } = stage.deps;
  const now = world.now();
  const made = await taskRuns.create({
    id: world.newId(),
    version: 1,
    created: now,
    updated: now,
    name: 'child-0',
    flowRunId,
    taskKey: 'child',
    dynamicKey,
    policy: {},
    tags: [],
    labels: {},
    taskInputs: {},
    state: { id: world.newId(), type: 'PENDING', name: 'Pending', timestamp: now, details: {} },
    runCount: 0,
    flowRunRunCount: 0,
    totalRunTimeMs: 0,
  });
  if (made.kind === 'taken') throw new Error('no task run was made');
  return made.taskRun.id;
}

const caller = (at = 0) => {
  const task = stage.ecs.tasks[at];
  if (task === undefined) throw new Error(`no task ${at}`);
  return callerOf(task);
};

async function subflow(parentTaskRunId: string, over: { caller?: ReturnType<typeof caller> } = {}): Promise<string> {
  const asked = { flowId: stage.place.flowId, parentTaskRunId, caller: caller(), ...over };
  const answer = await createRun(stage.deps, asked);
  if (answer.kind === 'refused') throw new Error(answer.reason);
  await propose(stage, answer.run.id, { state: running, caller: caller() });
  return answer.run.id;
}

const spotLoss = { exitCode: 143, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' } as const;
const endTask = (over: object) => {
  const [task] = stage.ecs.tasks;
  if (task === undefined) throw new Error('no task');
  stage.ecs.end(task, { exitCode: 1, ...over });
};

describe('a subflow', () => {
  it('knows its parent and the attempt that it executes in, and is found by both', async () => {
    const { parent, tracker } = await parentWithTracker();

    const child = await subflow(tracker);

    const within = { runId: parent, attempt: 1 };
    expect(await stage.readRun(child)).toMatchObject({ parentTaskRunId: tracker, parentRunId: parent, within });
    expect(await stage.deps.runs.children(parent)).toEqual([child]);
    expect(await stage.deps.runs.ofParents([tracker])).toEqual([child]);
  });

  it('takes the task run that stands for it along through its states', async () => {
    const { tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    const data = { type: 'reference', key: 'x' };
    const done: ProposedState = { ...completed, data };

    await propose(stage, child, { state: done, caller: caller() });

    const other = { child_flow_run_id: child };
    const task = await stage.deps.taskRuns.read(tracker);
    expect(task).toMatchObject({ state: { type: 'COMPLETED', data, details: { other } }, runCount: 1 });
    const states = await stage.deps.taskRuns.readStates(tracker);
    expect(states.map(({ type }) => type)).toEqual(['PENDING', 'PENDING', 'RUNNING', 'COMPLETED']);
    expect((await stage.readRun(child)).state.details.other).toEqual({ task_run_id: tracker });
  });

  it('of a deleted task run lives on alone', async () => {
    const { tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    const task = await stage.deps.taskRuns.read(tracker);
    if (task === undefined) throw new Error('no tracker');
    await stage.deps.taskRuns.remove(task);

    const answer = await propose(stage, child, { state: completed, caller: caller() });

    expect(answer?.status).toBe('ACCEPT');
  });

  it('by an old client is taken to execute in its parent’s task', async () => {
    const { parent, tracker } = await parentWithTracker();

    const answer = await createRun(stage.deps, { flowId: stage.place.flowId, parentTaskRunId: tracker });

    const dueAt = stage.clock.now() + 10 * 60_000;
    expect(answer).toMatchObject({ kind: 'created', run: { within: { runId: parent, attempt: 1 }, dueAt } });
  });
});

describe('when the task of its parent ends', () => {
  it('a subflow ends with it, and its own subflows too', async () => {
    const { parent, tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    const grandchild = await subflow(await trackerOf(child));
    const before = caller();

    endTask({});
    await stage.drive(isOver(parent));
    await stage.drive(async () => (await isOver(child)()) && (await isOver(grandchild)()));

    const message = 'The task that this run executed in has ended.';
    expect(await stage.readRun(child)).toMatchObject({ state: { type: 'CRASHED', message } });
    expect(await stage.readRun(grandchild)).toMatchObject({ state: { type: 'CRASHED', message } });
    expect((await stage.readRun(grandchild)).within).toEqual(before);
  });

  it('a subflow ends by its own deadline where nobody told it', async () => {
    const { tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    endTask({});
    await stage.drive(isOver((await stage.readRun(child)).parentRunId ?? ''));
    // Every hint is lost.
    stage.queues.observe.clear();

    await stage.drive(isOver(child));

    expect((await stage.readRun(child)).state.type).toBe('CRASHED');
  });

  it('the old attempt is believed no more about them, once a new one is under way', async () => {
    const { parent, tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    const old = caller();
    endTask(spotLoss);
    await stage.drive(async () => (await stage.readRun(parent)).attempt === 2 && (await isRunning()));

    const stale = await propose(stage, child, { state: completed, caller: old, force: true });
    const fresh = await propose(stage, child, { state: running, caller: caller(1) });

    expect(stale).toMatchObject({ status: 'ABORT' });
    expect((await stage.deps.runs.readAttempt(parent, 1))?.fenced).toMatchObject([{ type: 'COMPLETED' }]);
    expect(fresh).toMatchObject({ status: 'ACCEPT' });
    expect((await stage.readRun(child)).within).toEqual({ runId: parent, attempt: 2 });
  });

  it('a run that its parent started elsewhere goes on', async () => {
    const { parent, tracker } = await parentWithTracker();
    const { deploymentId } = stage.place;
    const answer = await triggerRun(stage.deps, { deploymentId, parentTaskRunId: tracker, caller: caller() });
    if (answer.kind === 'refused') throw new Error(answer.reason);
    const child = answer.run.id;
    await stage.drive(async () => stage.ecs.tasks.length === 2 && (await isRunning()));

    endTask({});
    await stage.drive(isOver(parent));
    await stage.drive(async () => stage.queues.observe.size === 0);

    const run = await stage.readRun(child);
    expect(run).toMatchObject({ parentRunId: parent, attempt: 1, isAttemptOpen: true });
    expect(run.within).toBeUndefined();
    expect((await stage.deps.taskRuns.read(tracker))?.state.type).toBe('PENDING');
  });
});

describe('when its parent is cancelled', () => {
  it('a subflow is Cancelled, and a run started elsewhere is asked to stop', async () => {
    const { parent, tracker } = await parentWithTracker();
    const child = await subflow(tracker);
    const { deploymentId } = stage.place;
    const asked = { deploymentId, parentTaskRunId: await trackerOf(parent, '1'), caller: caller() };
    const answer = await triggerRun(stage.deps, asked);
    if (answer.kind === 'refused') throw new Error(answer.reason);
    await stage.drive(async () => stage.ecs.tasks.length === 2 && (await isRunning()));

    await propose(stage, parent, { state: { type: 'CANCELLING', name: 'Cancelling', details: {} } });
    await stage.drive(isOver(parent));
    await stage.drive(async () => (await isOver(child)()) && (await isOver(answer.run.id)()));

    expect((await stage.readRun(parent)).state.type).toBe('CANCELLED');
    expect((await stage.readRun(child)).state.type).toBe('CANCELLED');
    const elsewhere = await stage.deps.runs.readStates(answer.run.id);
    expect(elsewhere.map(({ type }) => type)).toEqual(['SCHEDULED', 'PENDING', 'CANCELLING', 'CANCELLED']);
  });
});

describe('a cancelled run', () => {
  it('leaves no task run unfinished, and those that ended as they are', async () => {
    const { parent, tracker } = await parentWithTracker();
    const ended = await trackerOf(parent, '1');
    const { taskRuns } = stage.deps;
    const before = await taskRuns.read(ended);
    if (before === undefined) throw new Error('no task run');
    const state = {
      ...before.state,
      id: 'done',
      type: 'COMPLETED',
      name: 'Completed',
      timestamp: stage.clock.now(),
    } as const;
    await taskRuns.change({ before, after: { ...before, state } });

    await propose(stage, parent, { state: { type: 'CANCELLING', name: 'Cancelling', details: {} } });
    await stage.drive(isOver(parent));
    await stage.drive(async () => (await taskRuns.read(tracker))?.state.type === 'CANCELLED');

    const message = 'The parent flow run was cancelled.';
    expect(await taskRuns.read(tracker)).toMatchObject({ state: { type: 'CANCELLED', message } });
    expect((await taskRuns.read(ended))?.state.type).toBe('COMPLETED');
    expect((await stage.readRun(parent)).dueAt).toBeUndefined();
  });
});

describe('a Crashed that is held for the parent', () => {
  it('does not hold the subflow’s own', async () => {
    const { tracker } = await parentWithTracker();
    const child = await subflow(tracker);

    await propose(stage, child, { state: crashed, caller: caller(), force: true });

    expect((await stage.readRun(child)).state.type).toBe('CRASHED');
  });
});
