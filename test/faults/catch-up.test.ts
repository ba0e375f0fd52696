// An outage of an hour: no clock, no pump, no planner. What starts after it is what the schedule wants to be caught up.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import type { DeploymentSchedule } from '../../shared/domain/catalogue.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { replanned } from '../../shared/domain/schedule/plan.ts';
import { planRuns } from '../../shared/use-cases/plan-runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { exits } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let stage: Stage;
const client = createDocumentClient();
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const minute = 60_000;

/** Every ten minutes; no run that is due by `from` is planned. */
async function schedule(from: number): Promise<void> {
  const { deployments } = stage.deps.catalogue;
  const deployment = await deployments.read(stage.place.deploymentId);
  if (deployment === undefined) throw new Error('no deployment');
  const kept: DeploymentSchedule = {
    id: 'tens',
    created: from,
    updated: from,
    deploymentId: deployment.id,
    schedule: { cron: '*/10 * * * *', timezone: 'UTC' },
    active: true,
    parameters: {},
    slug: 'tens',
  };
  await deployments.change(
    deployment,
    replanned({ ...deployment, workPoolType: 'ecs:push', schedules: [kept] }, { now: from }),
  );
  await plan();
}

async function plan(): Promise<void> {
  const { world } = stage.deps;
  const plannedRuns = createPlannedRuns({
    client,
    table: stage.controlTable,
    newId: world.newId,
    now: world.now,
    largeBodies: keptBodies(),
  });
  await planRuns({ ...stage.deps, plannedRuns }, stage.place.deploymentId);
}

async function runs(): Promise<readonly Run[]> {
  const ids: string[] = [];
  for await (const page of stage.deps.runs.walk({ order: 'ASC' })) ids.push(...page.ids);
  const found = await stage.deps.runs.readMany(ids);
  return found.toSorted((one, other) => (one.expectedStartTime ?? 0) - (other.expectedStartTime ?? 0));
}

/** The states of the runs that were due at 08:10, 08:20 … 09:00 while nothing worked, and of that at 09:10. */
async function afterTheOutage(jobVariables: JsonObject): Promise<readonly (readonly [string, string | undefined])[]> {
  stage = await startStage({ database, script: exits(0), jobVariables: { command: 'true', ...jobVariables } });
  try {
    const from = stage.clock.now() + minute;
    stage.clock.advanceTo(from);
    await schedule(from);
    stage.queues.submit.clear();
    stage.queues.observe.clear();
    stage.clock.advanceTo(from + 63 * minute);
    await plan();

    await stage.drive(async () => (await runs())[6]?.state.type === 'COMPLETED', 0.5);

    return (await runs()).slice(0, 7).map(({ state }) => [state.name, state.message]);
  } finally {
    await stage.close();
  }
}

const skipped = ['Cancelled', expect.stringMatching(/^Skipped: .* \(catch_up\)\.$/)];

describe('after an outage, of the runs of a schedule that are overdue', () => {
  it('all start, which is Prefect’s way', async () => {
    const names = (await afterTheOutage({})).map(([name]) => name);

    expect(names).toEqual(Array.from({ length: 7 }, () => 'Completed'));
    expect(stage.ecs.tasks).toHaveLength(7);
  });

  it('the newest alone starts where the schedule wants the last, and the others say why', async () => {
    const states = await afterTheOutage({ catch_up_of_schedules: { tens: 'last' } });

    expect(states.map(([name]) => name)).toEqual([
      ...Array.from({ length: 5 }, () => 'Cancelled'),
      'Completed',
      'Completed',
    ]);
    expect(states[0]).toEqual(skipped);
    expect(stage.ecs.tasks).toHaveLength(2);
  });

  it('none starts where the schedule wants none, and the next one is in time', async () => {
    const states = await afterTheOutage({ catch_up: 'none', catch_up_grace_seconds: 60 });

    expect(states.map(([name]) => name)).toEqual([...Array.from({ length: 6 }, () => 'Cancelled'), 'Completed']);
    expect(states[5]).toEqual(skipped);
    expect(stage.ecs.tasks).toHaveLength(1);
  });
});
