import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import type { Deployment } from '../../shared/domain/catalogue.ts';
import { replanned } from '../../shared/domain/schedule/plan.ts';
import type { PlanHint } from '../../shared/ports/hints.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { type PlanDeps, planRuns } from '../../shared/use-cases/plan-runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';

const start = Date.parse('2026-03-07T12:00:00Z');

let database: TestDatabase;
let client: DocumentClient;
let deps: PlanDeps & Pick<ReturnType<typeof storesOf>, 'runs' | 'catalogue'>;
let clock = start;
const hints: PlanHint[] = [];

function storesOf() {
  const world = { ...machine, now: () => clock, sleep: async () => {} };
  const control = {
    client,
    table: database.controlTable,
    newId: world.newId,
    now: world.now,
    largeBodies: keptBodies(),
  };
  return {
    world,
    runs: createRuns(control),
    plannedRuns: createPlannedRuns(control),
    catalogue: createCatalogue({ ...control, sha256: world.sha256 }),
    hints: {
      submit: async () => {},
      observe: async (sent: readonly object[]) => void hints.push(...(sent as PlanHint[])),
    },
    telemetry: createTelemetry(() => {}),
  };
}

beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  deps = storesOf();
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const daily = { cron: '0 9 * * *', timezone: 'UTC' };

async function aDeployment(schedule: Deployment['schedules'][number]['schedule'] = daily): Promise<Deployment> {
  const id = randomUUID();
  const kept = {
    id: randomUUID(),
    created: clock,
    updated: clock,
    deploymentId: id,
    schedule,
    active: true,
    parameters: {},
  };
  const deployment: Deployment = {
    id,
    created: clock,
    updated: clock,
    version: 1,
    name: id,
    flowId: 'flow',
    flowName: 'flow',
    paused: false,
    tags: [],
    labels: {},
    schedules: [kept],
    parameters: {},
    enforceParameterSchema: true,
    jobVariables: {},
  };
  const due = replanned(deployment, { now: clock });
  await deps.catalogue.deployments.create(due);
  return due;
}

async function reread(id: string): Promise<Deployment> {
  const deployment = await deps.catalogue.deployments.read(id);
  if (deployment === undefined) throw new Error(`no deployment ${id}`);
  return deployment;
}

async function plannedOf(id: string) {
  const ids: string[] = [];
  for await (const page of deps.runs.walk({ order: 'ASC', types: ['SCHEDULED'] })) ids.push(...page.ids);
  const runs = await deps.runs.readMany(ids);
  return runs.filter(({ deploymentId }) => deploymentId === id).sort((one, other) => startOf(one) - startOf(other));
}

const startOf = ({ expectedStartTime = 0 }: { expectedStartTime?: number }) => expectedStartTime;
const dueOf = async (id: string) =>
  (await deps.runs.due('plan', { until: Number.MAX_SAFE_INTEGER, limit: 1_000 })).find(
    (item) => item.kind === 'plan' && item.deploymentId === id,
  );

describe('planning', () => {
  it('records each run once when several plan at the same time', async () => {
    const { id } = await aDeployment({ interval: 3, anchor_date: '2026-03-07T12:00:00Z', timezone: 'UTC' });

    const recorded = await Promise.all([1, 2, 3, 4].map(() => planRuns(deps, id)));
    const runs = await plannedOf(id);

    expect(runs).toHaveLength(100);
    expect(recorded.reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  it('is found by the clock when it is due, and not before', async () => {
    const { id } = await aDeployment();
    const before = await dueOf(id);

    await planRuns(deps, id);
    const after = await dueOf(id);

    expect(before?.dueAt).toBe(clock);
    expect(after?.dueAt).toBe(Date.parse('2026-03-08T09:00:00Z') + 1);
  });

  it('keeps three runs ahead while time goes by, over the hour that the clocks skip', async () => {
    const { id } = await aDeployment({ cron: '0 9 * * *', timezone: 'America/New_York' });
    for (const day of ['07', '08', '09', '10']) {
      clock = Date.parse(`2026-03-${day}T20:00:00Z`);
      await planRuns(deps, id);
    }
    clock = start;

    const times = (await plannedOf(id)).map((run) => new Date(startOf(run)).toISOString());

    expect(times).toEqual([
      '2026-03-08T13:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
      '2026-03-10T13:00:00.000Z',
      '2026-03-11T13:00:00.000Z',
      '2026-03-12T13:00:00.000Z',
      '2026-03-13T13:00:00.000Z',
    ]);
  });

  it('goes on where a pass died: the deployment is due until its plan is written', async () => {
    const { id } = await aDeployment();
    const dying: PlanDeps = {
      ...deps,
      catalogue: { deployments: { ...deps.catalogue.deployments, change: () => Promise.reject(new Error('gone')) } },
    };

    await expect(planRuns(dying, id)).rejects.toThrow('gone');
    const due = await dueOf(id);
    const again = await planRuns(deps, id);

    expect(due?.dueAt).toBe(clock);
    expect(again).toBe(0);
    expect(await plannedOf(id)).toHaveLength(3);
  });

  it('leaves a deployment alone that is not due', async () => {
    const { id } = await aDeployment();
    await planRuns(deps, id);
    const [first] = await plannedOf(id);
    if (first !== undefined) await deps.runs.remove(first);

    const recorded = await planRuns(deps, id);

    expect(recorded).toBe(0);
    expect(await plannedOf(id)).toHaveLength(2);
  });

  it('plans a schedule that comes within reach only later, and one that ended never', async () => {
    const yearly = await aDeployment({ cron: '0 0 1 1 *', timezone: 'UTC' });
    const ended = await aDeployment({
      rrule: 'DTSTART:20260101T000000\nRRULE:FREQ=DAILY;UNTIL=20260201T000000',
      timezone: 'UTC',
    });

    await Promise.all([planRuns(deps, yearly.id), planRuns(deps, ended.id)]);
    const [later, never] = [await dueOf(yearly.id), await dueOf(ended.id)];

    expect(later?.dueAt).toBe(Date.parse('2027-01-01T00:00:00Z') - 100 * 86_400_000);
    expect(never).toBeUndefined();
  });
});

describe('an old plan', () => {
  it('records nothing once the deployment has another', async () => {
    const deployment = await aDeployment();
    const { id } = deployment;
    const current = await reread(id);
    const paused = replanned({ ...current, paused: true }, { now: clock });
    let isChanged = false;
    const late: PlanDeps = {
      ...deps,
      runs: {
        ...deps.runs,
        // Between what the pass read and what it records, somebody pauses the deployment.
        async readMany(ids: readonly string[]) {
          if (!isChanged) await deps.catalogue.deployments.change(current, paused);
          isChanged = true;
          return deps.runs.readMany(ids);
        },
      },
    };

    const recorded = await planRuns(late, id);

    expect(recorded).toBe(0);
    expect(await plannedOf(id)).toEqual([]);
    expect((await reread(id)).plan).toEqual({ version: 2, covered: [] });
  });

  it('does not undo what others change of the deployment meanwhile', async () => {
    const { id } = await aDeployment();
    const polled: PlanDeps = {
      ...deps,
      plannedRuns: {
        async record(runs, plan) {
          const before = await reread(id);
          await deps.catalogue.deployments.change(before, { ...before, lastPolled: 7 });
          return deps.plannedRuns.record(runs, plan);
        },
      },
    };

    await planRuns(polled, id);
    const after = await reread(id);

    expect(after.lastPolled).toBe(7);
    expect(after.plan?.dueAt).toBeGreaterThan(clock);
    expect(await plannedOf(id)).toHaveLength(3);
  });
});

describe('walking the runs', () => {
  it('gives all shards in one order, both ways, between two times and of some states', async () => {
    const { id } = await aDeployment({ interval: 60, anchor_date: '2026-03-07T12:00:00Z', timezone: 'UTC' });
    await planRuns(deps, id);
    const runs = await plannedOf(id);
    const idsOf = async (request: Parameters<typeof deps.runs.walk>[0]) => {
      const found: string[] = [];
      for await (const page of deps.runs.walk(request)) found.push(...page.ids);
      return found.filter((one) => runs.some((run) => run.id === one));
    };
    const [second, third] = [runs[1], runs[2]].map((run) => (run === undefined ? 0 : startOf(run)));

    const up = await idsOf({ order: 'ASC' });
    const down = await idsOf({ order: 'DESC' });
    const between = await idsOf({ order: 'ASC', after: second ?? 0, before: third ?? 0 });
    const running = await idsOf({ order: 'ASC', types: ['RUNNING'] });

    expect(up).toEqual(runs.map((run) => run.id));
    expect(down).toEqual(up.toReversed());
    expect(between).toEqual(up.slice(1, 3));
    expect(running).toEqual([]);
  });
});
