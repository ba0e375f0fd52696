// Claims on the real local database: what a job refers to is loaded, what cannot be rendered ends at once,
// and nothing is claimed or sent under an expired or withheld reservation.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTurns } from '../../shared/adapters/turns.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import { emptyAdmission } from '../../shared/domain/submit/admission.ts';
import { createRun } from '../../shared/use-cases/create-run.ts';
import { type SubmitDeps, submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { propose, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, type StageDeps, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(() => stage.close());
afterAll(() => database.close());

const open = async (jobVariables?: JsonObject) => {
  stage = await startStage({ database, script: runsOn, ...(jobVariables === undefined ? {} : { jobVariables }) });
};
const waiting = async () => {
  const id = await triggerOnce(stage);
  await stage.deps.lanes.touch(stage.place.lane, stage.clock.now() + 60_000);
  return id;
};
const withCatalogue = (over: Partial<StageDeps['catalogue']>): StageDeps => ({
  ...stage.deps,
  catalogue: { ...stage.deps.catalogue, ...over },
});
const overridesOf = (input: Record<string, unknown> | undefined) =>
  JSON.stringify((input?.['overrides'] as { containerOverrides?: object[] } | undefined)?.containerOverrides?.[0]);

describe('a job', () => {
  it('has the variables that it refers to, and says in the run’s log what it leaves out', async () => {
    await open({
      command: 'run {{ prefect.variables.region }} {{ prefect.variables.unknown }}',
      env: { REGION: 'in {{ prefect.variables.region }}', PREFECT_API_AUTH_STRING: 'mine' },
      reports: 'exit-code',
    });
    const { catalogue, world } = stage.deps;
    const kept = { created: world.now(), updated: world.now(), id: 'v', tags: [] };
    await catalogue.variables.create({ ...kept, name: 'region', value: 'eu' });
    const id = await waiting();

    await submitRuns(stage.deps);

    const override = overridesOf(stage.ecs.runTaskCalls[0]);
    expect(override).toContain('in eu');
    expect(override).toContain('"run","eu"');
    expect(await stage.deps.runs.readAttempt(id, 1)).toMatchObject({ reports: 'exit-code' });
    expect(await stage.deps.logs.readRun(id)).toMatchObject([
      { level: 30, message: expect.stringContaining('PREFECT_API_AUTH_STRING is set by the stack') },
    ]);
  });

  it('that refers to a block that is missing ends Crashed and names it', async () => {
    await open({ command: 'true', env: { TOKEN: '{{ prefect.blocks.secret.none }}' } });
    const id = await waiting();

    await submitRuns(stage.deps);

    expect((await stage.readRun(id)).state.type).toBe('CRASHED');
    expect((await stage.readRun(id)).state.message).toContain('no block named none of the type secret');
  });

  it('whose parameters are gone ends Crashed, and holds nobody else up', async () => {
    await open();
    const record = async (idempotencyKey: string) => {
      const parameters = { text: 'x'.repeat(400_000) };
      const answer = await triggerRun(stage.deps, {
        deploymentId: stage.place.deploymentId,
        idempotencyKey,
        parameters,
      });
      if (answer.kind === 'refused') throw new Error(answer.reason);
      return answer.run.id;
    };
    const lost = await record('lost');
    const kept = await record('kept');
    await stage.deps.lanes.touch(stage.place.lane, stage.clock.now() + 60_000);
    const [key = ''] = [...stage.largeBodies.texts.keys()].filter((one) => one.includes(`/${lost}/`));
    expect(stage.largeBodies.texts.delete(key)).toBe(true);

    await submitRuns(stage.deps);

    expect((await stage.readRun(lost)).state).toMatchObject({
      type: 'CRASHED',
      message: 'The run could not be submitted: its parameters are gone',
    });
    expect(await stage.readRun(kept)).toMatchObject({ isAttemptOpen: true });
    expect(JSON.stringify(stage.ecs.runTaskCalls)).not.toContain('xxx');
  });

  it('that names a task definition of its own registers none', async () => {
    await open();
    const pool = await stage.deps.catalogue.workPools.read('production');
    if (pool === undefined) throw new Error('no pool');
    const job = { task_run_request: { taskDefinition: 'own:7', launchType: 'FARGATE' }, command: 'true' };
    const own = { ...pool, baseJobTemplate: { ...pool.baseJobTemplate, job_configuration: job } };
    await stage.deps.catalogue.workPools.change(pool, own);
    await waiting();

    await submitRuns(stage.deps);

    expect(stage.ecs.runTaskCalls[0]?.['taskDefinition']).toBe('own:7');
  });

  it.each([
    ['its flow', { flows: 'flows' }, /its flow .* is gone/],
    ['its deployment', { deployments: 'deployments' }, /its deployment is gone/],
    ['its pool', { workPools: 'workPools' }, /its work pool production is gone/],
  ] as const)('whose %s is gone ends Crashed at once', async (_what, gone, message) => {
    await open();
    const id = await waiting();
    const nothing = async () => undefined;
    const deps = withCatalogue(
      Object.fromEntries(
        Object.keys(gone).map((kind) => [kind, { ...Reflect.get(stage.deps.catalogue, kind), read: nothing }]),
      ),
    );

    await submitRuns(deps);

    expect((await stage.readRun(id)).state).toMatchObject({ type: 'CRASHED', message: expect.stringMatching(message) });
    expect(stage.ecs.tasks).toHaveLength(0);
  });

  it('that cannot become a task ends Crashed at once', async () => {
    await open({ command: 'true', cpu: 3, memory: 1 });
    const id = await waiting();

    await submitRuns(stage.deps);

    expect((await stage.readRun(id)).state).toMatchObject({
      type: 'CRASHED',
      message: expect.stringContaining('The run could not be submitted'),
    });
  });

  it('of a run without a deployment is the pool’s', async () => {
    await open();
    const state = { type: 'SCHEDULED', name: 'Scheduled', details: {} } as const;
    const answer = await createRun(stage.deps, { flowId: stage.place.flowId, workPoolName: 'production', state });
    if (answer.kind === 'refused') throw new Error(answer.reason);
    await stage.deps.lanes.touch({ workPoolName: 'production', workQueueId: stage.place.queueId }, stage.clock.now());

    await submitRuns(stage.deps);

    expect(await stage.deps.runs.readAttempt(answer.run.id, 1)).toMatchObject({ workPoolName: 'production' });
  });
});

describe('a reservation', () => {
  it('that expired while jobs were rendered claims nothing', async () => {
    await open();
    const id = await waiting();
    const read: StageDeps['catalogue']['flows']['read'] = async (flowId) => {
      stage.clock.advanceTo(stage.clock.now() + 10_000);
      return stage.deps.catalogue.flows.read(flowId);
    };

    await submitRuns(withCatalogue({ flows: { ...stage.deps.catalogue.flows, read } }));

    expect(await stage.readRun(id)).toMatchObject({ state: { type: 'SCHEDULED' }, attempt: 0 });
    expect((await stage.deps.admission.read())?.launches.tokens).toBe(75);
  });

  it('that expired before the request was sent sends nothing: the try is repeated later', async () => {
    await open();
    const id = await waiting();
    const read: StageDeps['families']['read'] = async (family) => {
      stage.clock.advanceTo(stage.clock.now() + 10_000);
      return stage.deps.families.read(family);
    };

    await submitRuns({ ...stage.deps, families: { ...stage.deps.families, read } });
    const before = stage.ecs.runTaskCalls.length;
    await stage.drive(async () => stage.ecs.tasks.length === 1, 1);

    expect(before).toBe(0);
    expect(stage.ecs.runTaskCalls).toMatchObject([{ clientToken: `${id}-1-1` }]);
  });

  it('is given to nobody while frozen, neither for claims nor for repeats', async () => {
    await open();
    const id = await waiting();
    const [second] = [await triggerOnce(stage, 'second')];
    await submitRuns({ ...stage.deps, tasks: { ...stage.deps.tasks, run: async () => lost } });
    const third = await triggerOnce(stage, 'third');
    const admission = await stage.deps.admission.read();
    if (admission === undefined) throw new Error('no admission');
    await stage.deps.admission.write(admission, { ...admission, freeze: { since: 0, reason: 'a test' } });
    stage.queues.submit.clear();
    stage.clock.advanceTo(stage.clock.now() + 60_000);

    await submitRuns(stage.deps);
    await takeSubmitHints(stage.deps, [{ kind: 'attempt', runId: id, attempt: 1 }]);

    expect(stage.ecs.runTaskCalls).toHaveLength(0);
    expect((await stage.readRun(third)).state.type).toBe('SCHEDULED');
    expect((await stage.readRun(second)).state.type).toBe('PENDING');
    expect(stage.queues.submit.size).toBe(0);
  });

  const lost = { kind: 'unknown', code: 'x', reason: 'lost' } as const;

  it('for a repeat is waited for when launch time is spent', async () => {
    await open();
    const id = await waiting();
    await submitRuns({ ...stage.deps, tasks: { ...stage.deps.tasks, run: async () => lost } });
    const admission = await stage.deps.admission.read();
    if (admission === undefined) throw new Error('no admission');
    stage.clock.advanceTo(stage.clock.now() + 10_000);
    await stage.deps.admission.write(admission, { ...admission, launches: { tokens: 0, at: stage.clock.now() } });
    stage.queues.submit.clear();

    await takeSubmitHints(stage.deps, [{ kind: 'attempt', runId: id, attempt: 1 }]);

    expect(stage.ecs.runTaskCalls).toHaveLength(0);
    expect(stage.queues.submit.nextAt()).toBe(stage.clock.now() + 1_000);
  });

  it('for a repeat comes from a bucket that nobody has used yet', async () => {
    await open();
    const id = await waiting();
    const unused = { ...stage.deps.admission, read: async () => undefined };
    await submitRuns({ ...stage.deps, tasks: { ...stage.deps.tasks, run: async () => lost } });
    stage.clock.advanceTo(stage.clock.now() + 10_000);
    const deps = { ...stage.deps, admission: { ...unused, write: async () => 'written' as const } };

    await takeSubmitHints(deps, [{ kind: 'attempt', runId: id, attempt: 1 }]);

    expect(stage.ecs.runTaskCalls).toHaveLength(1);
  });

  it('is refused to who sees the lease held, and the holder is told once', async () => {
    await open();
    await waiting();
    const held = { ...emptyAdmission(stage.deps.launchRate, 0), leaseUntil: stage.clock.now() + 5_000, epoch: 3 };
    await stage.deps.admission.write(await stage.deps.admission.read(), held);

    await submitRuns(stage.deps);
    const first = await stage.deps.admission.read();
    await submitRuns(stage.deps);

    expect(first).toMatchObject({ more: true, epoch: 3 });
    expect(await stage.deps.admission.read()).toEqual(first);
    expect(stage.ecs.tasks).toHaveLength(0);
  });
});

describe('the pumps of one process', () => {
  it('share the pass that follows the one under way, and launch each run once', async () => {
    await open();
    const ids = [await waiting(), await triggerOnce(stage, 'second'), await triggerOnce(stage, 'third')];
    const during: Promise<void>[] = [];
    let reads = 0;
    const read = () => {
      reads += 1;
      if (reads === 1) during.push(submitRuns(deps), submitRuns(deps), submitRuns(deps));
      return stage.deps.admission.read();
    };
    const deps: SubmitDeps = {
      ...stage.deps,
      admission: { ...stage.deps.admission, read },
      pumpTurns: createTurns(),
    };

    await submitRuns(deps);
    await Promise.all(during);

    expect(during).toHaveLength(3);
    expect(reads).toBe(2);
    expect(stage.ecs.runTaskCalls.map(({ clientToken }) => clientToken).toSorted()).toEqual(
      ids.map((id) => `${id}-1-1`).toSorted(),
    );
  });
});

describe('a run of a push pool that somebody only recorded', () => {
  it('is not launched, nor does it keep others from it', async () => {
    await open();
    const recorded = await createRun(stage.deps, {
      flowId: stage.place.flowId,
      deploymentId: stage.place.deploymentId,
    });
    if (recorded.kind === 'refused') throw new Error(recorded.reason);
    await propose(stage, recorded.run.id, { state: { type: 'SCHEDULED', name: 'Scheduled', details: {} } });
    const id = await waiting();

    await submitRuns(stage.deps);

    expect((await stage.readRun(recorded.run.id)).attempt).toBe(0);
    expect((await stage.readRun(id)).attempt).toBe(1);
    expect((await stage.deps.admission.read())?.launches.tokens).toBe(74);
  });
});
