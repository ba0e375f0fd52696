// Triggers and created runs on the real local database: where a run goes, who launches it, and what is refused.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../shared/domain/catalogue.ts';
import { createRun } from '../../shared/use-cases/create-run.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { runsOn } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
let flowId: string;
let nightly: Deployment;
beforeAll(async () => {
  database = await startDatabase();
  stage = await startStage({ database, script: runsOn });
  ({ flowId } = stage.place);
});
beforeEach(async () => {
  stage.queues.submit.clear();
  const read = await stage.deps.catalogue.deployments.read(stage.place.deploymentId);
  if (read === undefined) throw new Error('no deployment');
  nightly = read;
});
afterAll(async () => {
  await stage.close();
  await database.close();
});

const inPool = (run: object) => expect.objectContaining({ workPoolName: 'production', launched: true, ...run });

describe('a trigger', () => {
  it('names its deployment by id or by name', async () => {
    const byId = await triggerRun(stage.deps, { deploymentId: nightly.id });
    const byName = await triggerRun(stage.deps, { deploymentName: 'etl/nightly' });

    const expected = inPool({ deploymentId: nightly.id, workQueueId: stage.place.queueId, workQueueName: 'default' });
    expect(byId).toEqual({ kind: 'created', run: expected });
    expect(byName).toEqual({ kind: 'created', run: expected });
    expect(stage.queues.submit.size).toBe(2);
  });

  it.each([
    [{ deploymentId: 'nowhere' }, 'no such deployment: nowhere'],
    [{ deploymentName: 'etl/other' }, 'no such deployment: etl/other'],
    [{ deploymentName: 'etl' }, 'no such deployment: etl'],
    [{}, 'no such deployment: none named'],
  ])('of %j is refused', async (request, reason) => {
    expect(await triggerRun(stage.deps, request)).toEqual({ kind: 'refused', code: 'not_found', reason });
  });

  it('with a key finds the run that the key made, and hints it again', async () => {
    const request = { deploymentId: nightly.id, idempotencyKey: 'monday' };
    const first = await triggerRun(stage.deps, { ...request, parameters: { n: 1 } });
    stage.queues.submit.clear();

    const again = await triggerRun(stage.deps, { ...request, parameters: { n: 2 } });

    if (first.kind === 'refused' || again.kind === 'refused') throw new Error('refused');
    expect([first.kind, again.kind, again.run.id]).toEqual(['created', 'existing', first.run.id]);
    expect((await stage.deps.runs.readBody(again.run)).parameters).toEqual({ n: 1 });
    expect(stage.queues.submit.size).toBe(1);
  });

  it('merges what the deployment says with what it says itself', async () => {
    const deployment = {
      ...nightly,
      tags: ['a'],
      parameters: { x: 1, y: 1 },
      labels: { l: 1 },
      deploymentVersion: 'v7',
    };

    const answer = await triggerRun(stage.deps, {
      deployment,
      tags: ['a', 'b'],
      parameters: { y: 2 },
      labels: { m: 2 },
      name: 'mine',
      createdBy: { type: 'AUTOMATION' },
    });

    if (answer.kind === 'refused') throw new Error(answer.reason);
    expect(answer.run).toMatchObject({ name: 'mine', tags: ['a', 'b'] });
    expect(await stage.deps.runs.readBody(answer.run)).toMatchObject({
      parameters: { x: 1, y: 2 },
      labels: { l: 1, m: 2 },
      deploymentVersion: 'v7',
      createdBy: { type: 'AUTOMATION' },
    });
  });

  it('is checked against the schema of the parameters only where that is enforced', async () => {
    const parameterOpenapiSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const deployment = { ...nightly, parameterOpenapiSchema };
    const wrong = { deployment, parameters: { n: 'x' } };

    expect(await triggerRun(stage.deps, { ...wrong, enforceParameterSchema: true })).toMatchObject({
      kind: 'refused',
      code: 'conflict',
      reason: expect.stringContaining("Validation failed for field 'parameters'"),
    });
    expect((await triggerRun(stage.deps, wrong)).kind).toBe('created');
    expect((await triggerRun(stage.deps, { deployment: nightly, enforceParameterSchema: true })).kind).toBe('created');
    expect(
      (await triggerRun(stage.deps, { deployment, parameters: { n: 1 }, enforceParameterSchema: true })).kind,
    ).toBe('created');
  });
});

describe('the place of a triggered run', () => {
  const place = async (over: Partial<Deployment>, request: { workQueueName?: string } = {}) => {
    const answer = await triggerRun(stage.deps, { ...request, deployment: { ...nightly, ...over } });
    if (answer.kind === 'refused') return answer;
    const { workPoolName, workQueueId, workQueueName, launched } = answer.run;
    return { workPoolName, workQueueId, workQueueName, launched };
  };
  const standard = () => ({
    workPoolName: 'production',
    workQueueId: stage.place.queueId,
    workQueueName: 'default',
    launched: true,
  });

  it('is the deployment’s own, known with or without a look at the pool', async () => {
    const { workQueueName: _name, workQueueId: _id, ...bare } = nightly;

    expect(await place({ workPoolType: 'ecs:push' })).toEqual(standard());
    expect(await place({ ...bare, workPoolType: 'ecs:push', workQueueId: stage.place.queueId })).toEqual(standard());
    const unnamed = await triggerRun(stage.deps, { deployment: bare });
    expect(unnamed).toMatchObject({ run: standard() });
    const typed = await triggerRun(stage.deps, {
      deployment: { ...bare, workPoolType: 'ecs:push', workQueueId: stage.place.queueId },
    });
    expect(typed).toMatchObject({ run: standard() });
  });

  it('is the queue that the request names, if the pool has it', async () => {
    expect(await place({}, { workQueueName: 'default' })).toEqual(standard());
    expect(await place({}, { workQueueName: 'other' })).toEqual({
      kind: 'refused',
      code: 'not_found',
      reason: 'work pool production has no work queue other',
    });
  });

  it('is none without a pool, or with one that is gone', async () => {
    const nowhere = { workPoolName: undefined, workQueueId: undefined, workQueueName: undefined, launched: false };
    const { workPoolName: _pool, ...poolless } = nightly;

    expect(await triggerRun(stage.deps, { deployment: poolless })).toMatchObject({ run: { launched: false } });
    expect(await place({ workPoolName: 'gone' })).toEqual(nowhere);
  });
});

describe('creating a run', () => {
  it('only records it unless it is scheduled in a push pool', async () => {
    const recorded = await createRun(stage.deps, { flowId });
    const pending = await createRun(stage.deps, { flowId, workPoolName: 'production' });
    const state = { type: 'SCHEDULED', name: 'Scheduled', details: {} } as const;
    const launched = await createRun(stage.deps, { flowId, workPoolName: 'production', state });

    expect(recorded).toMatchObject({ run: { launched: false, state: { type: 'PENDING', name: 'Pending' } } });
    expect(pending).toMatchObject({ run: { launched: false, workPoolName: 'production', workQueueName: 'default' } });
    expect(launched).toEqual({ kind: 'created', run: inPool({ expectedStartTime: stage.clock.now() }) });
    expect(stage.queues.submit.size).toBe(1);
  });

  it('takes the place of its deployment, or the queue that it names', async () => {
    const { workQueueName: _name, ...unnamed } = nightly;
    const catalogue = {
      ...stage.deps.catalogue,
      deployments: { ...stage.deps.catalogue.deployments, read: async () => unnamed },
    };
    const expected = { workPoolName: 'production', workQueueId: stage.place.queueId };

    const own = await createRun(stage.deps, { flowId, deploymentId: nightly.id });
    const byDefault = await createRun({ ...stage.deps, catalogue }, { flowId, deploymentId: nightly.id });
    const named = await createRun(stage.deps, { flowId, workPoolName: 'production', workQueueName: 'default' });

    for (const answer of [own, byDefault, named]) expect(answer).toMatchObject({ run: expected });
  });

  it('keeps the id that the caller brings, unless a key decides it', async () => {
    const id = stage.deps.world.newId();

    const own = await createRun(stage.deps, { flowId, id });
    const keyed = await createRun(stage.deps, { flowId, id, idempotencyKey: 'k' });
    const again = await createRun(stage.deps, { flowId, idempotencyKey: 'k' });

    expect(own).toMatchObject({ kind: 'created', run: { id } });
    expect(keyed).toMatchObject({ kind: 'created' });
    if (keyed.kind === 'refused' || again.kind === 'refused') throw new Error('refused');
    expect([again.kind, again.run.id]).toEqual(['existing', keyed.run.id]);
    expect(keyed.run.id).not.toBe(id);
  });

  it.each([
    [{ flowId: 'none' }, 'no such flow: none'],
    [{ workPoolName: 'none' }, 'no such work pool: none'],
    [{ workPoolName: 'production', workQueueName: 'none' }, 'work pool production has no work queue none'],
  ])('with %j is refused', async (request, reason) => {
    expect(await createRun(stage.deps, { flowId, ...request })).toEqual({ kind: 'refused', code: 'not_found', reason });
  });
});

describe('recording a run', () => {
  const now = () => stage.clock.now();

  it.each([
    ['SCHEDULED', { runCount: 0, nextScheduledStartTime: true }],
    ['PENDING', { runCount: 0 }],
    ['RUNNING', { runCount: 1, startTime: true }],
    ['COMPLETED', { runCount: 0, startTime: true, endTime: true }],
  ] as const)('in %s gives it the times of that state', async (type, wanted) => {
    const answer = await recordRun(stage.deps, { flowId, state: { type, name: type, details: {} } });

    const { runCount, startTime, endTime, nextScheduledStartTime, expectedStartTime, totalRunTimeMs } = answer.run;
    const times = { startTime, endTime, nextScheduledStartTime };
    expect({ runCount, expectedStartTime, totalRunTimeMs }).toEqual({
      runCount: wanted.runCount,
      expectedStartTime: now(),
      totalRunTimeMs: 0,
    });
    for (const [name, time] of Object.entries(times))
      expect([name, time]).toEqual([name, name in wanted ? now() : undefined]);
  });

  it('keeps the time that it is scheduled for, and hints nothing that is hours away', async () => {
    const scheduledTime = now() + 3_600_000;
    const details = { scheduledTime };

    const answer = await recordRun(stage.deps, {
      flowId,
      workPoolName: 'production',
      workPoolType: 'ecs:push',
      workQueueId: stage.place.queueId,
      parentTaskRunId: 'parent',
      flowVersion: '1',
      autoScheduled: true,
      state: { type: 'SCHEDULED', name: 'Scheduled', details },
    });

    expect(answer).toMatchObject({
      run: { expectedStartTime: scheduledTime, dueAt: scheduledTime, parentTaskRunId: 'parent', autoScheduled: true },
    });
    expect(stage.queues.submit.size).toBe(0);
  });
});
