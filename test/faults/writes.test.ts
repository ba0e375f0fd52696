// What the road costs the table: single conditional puts, transactions only around an attempt, one query for lanes.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordState } from '../../shared/use-cases/record-state.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { exits, isOver, running, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());
afterEach(() => stage.close());

const transactions = (calls: readonly string[]) => calls.filter((call) => call.startsWith('TransactWrite'));

describe('a run of a plain container', () => {
  beforeEach(async () => {
    stage = await startStage({ database, script: exits(0) });
  });

  it('takes two transactions for a whole run: where its attempt opens and where it closes', async () => {
    const id = await triggerOnce(stage);
    const beforeClaim = stage.plan.calls.length;

    const isDone = await stage.drive(async () => isOver(await stage.readRun(id)));

    expect(isDone).toBe(true);
    expect(transactions(stage.plan.calls.slice(0, beforeClaim))).toEqual([]);
    expect(transactions(stage.plan.calls)).toHaveLength(2);
  });
});

describe('a state that an engine proposes', () => {
  beforeEach(async () => {
    stage = await startStage({ database, script: runsOn, jobVariables: { command: 'prefect flow-run execute' } });
  });

  it('moves a state by one conditional put', async () => {
    const runId = await triggerOnce(stage);
    await stage.drive(async () => stage.ecs.tasks.length === 1);
    const caller = { runId, attempt: 1 };
    const before = stage.plan.calls.length;

    const answer = await recordState(stage.deps, { runId, proposed: running, force: false, caller });

    expect(answer?.status).toBe('ACCEPT');
    const writes = stage.plan.calls.slice(before).filter((call) => !/^(?:Get|BatchGet|Query)/.test(call));
    expect(writes).toEqual(['PutItemCommand']);
  });
});

describe('the pump', () => {
  beforeEach(async () => {
    stage = await startStage({ database, script: runsOn });
  });

  /** A second deployment has a lane of its own in the same queue, a third one in a queue that is paused. */
  async function threeLanes(): Promise<void> {
    const { catalogue, world } = stage.deps;
    const nightly = await catalogue.deployments.read(stage.place.deploymentId);
    const queue = await catalogue.workQueues.read(stage.place.queueId);
    if (nightly === undefined || queue === undefined) throw new Error('wanted a deployment and a queue');
    const held = { ...queue, id: world.newId(), name: 'held', isPaused: true };
    await catalogue.workQueues.create(held);
    const hourly = { ...nightly, id: world.newId(), name: 'hourly' };
    const other = { ...nightly, id: world.newId(), name: 'held', workQueueId: held.id, workQueueName: 'held' };
    for (const deployment of [hourly, other]) await catalogue.deployments.create(deployment);
    for (const { id } of [nightly, hourly, other]) {
      await triggerRun(stage.deps, { deploymentId: id });
    }
    for (const [deploymentId, workQueueId] of [
      [nightly.id, queue.id],
      [hourly.id, queue.id],
      [other.id, held.id],
    ] as const) {
      await stage.deps.lanes.touch({ workPoolName: 'production', workQueueId, deploymentId }, stage.clock.now());
    }
  }

  it('finds the lanes of a pool by one query', async () => {
    await threeLanes();
    let queries = 0;
    const ofPool = async (pool: string) => {
      const before = stage.plan.calls.length;
      const records = await stage.deps.lanes.ofPool(pool);
      queries += stage.plan.calls.slice(before).filter((call) => call.startsWith('Query')).length;
      return records;
    };

    const records = await ofPool('production');

    expect(records).toHaveLength(3);
    expect(queries).toBe(1);
  });

  it('launches the runs of other lanes while one is held back', async () => {
    await threeLanes();
    const asked: string[] = [];
    const lanes = {
      ...stage.deps.lanes,
      ofPool: (pool: string) => {
        asked.push(pool);
        return stage.deps.lanes.ofPool(pool);
      },
    };

    await submitRuns({ ...stage.deps, lanes });

    expect(stage.ecs.tasks).toHaveLength(2);
    // One query a pass: the first claims both, so a second one is not needed.
    expect(asked).toEqual(['production']);
  });
});
