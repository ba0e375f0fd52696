// Events of runs with the names around them, read from the real local database.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import { flowIdOf } from '../../shared/domain/identity.ts';
import { createNames } from '../../shared/use-cases/names.ts';
import { createRunEvents } from '../../shared/use-cases/run-events.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { aRun, aState, runId, start } from '../support/run-builders.ts';
import { aBody } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let clock: { now: number };
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

function parts() {
  clock = { now: start };
  const control = {
    client,
    table: database.controlTable,
    newId: machine.newId,
    sha256: machine.sha256,
    now: () => clock.now,
  };
  const catalogue = createCatalogue(control);
  const runs = createRuns({ ...control, largeBodies: keptBodies() });
  const world = { now: () => clock.now };
  const names = createNames({ world, catalogue });
  const events = createRunEvents({ world, names, runs, taskRuns: createTaskRuns(control) });
  return { catalogue, names, runs, events };
}

const rolesOf = (related: readonly Readonly<Record<string, string>>[]) =>
  related.map((one) => `${one['prefect.resource.role']} ${one['prefect.resource.name'] ?? ''}`);

describe('events of runs', () => {
  it('name what stands around the run, and go on without what is gone', async () => {
    const { catalogue, events } = parts();
    const flowId = flowIdOf(machine.sha256, 'etl');
    await catalogue.flows.create({ id: flowId, name: 'etl', created: 1, updated: 1, tags: ['t'], labels: {} });
    const after = aRun({ flowId, workPoolName: 'gone', workQueueId: 'gone', parentTaskRunId: 'gone' });

    const [event] = await events([{ sequence: '1', after }]);

    expect(rolesOf(event?.related ?? [])).toEqual(['flow etl', 'tag ']);
  });

  it('still name what was deleted a moment ago', async () => {
    const { names, events } = parts();
    const flow = { id: 'f', name: 'short-lived', created: 1, updated: 1, tags: [], labels: {} };
    names.note({ kind: 'flow', before: flow });

    const [event] = await events([{ sequence: '1', after: aRun({ flowId: 'f' }) }]);

    expect(rolesOf(event?.related ?? [])).toEqual(['flow short-lived']);
  });

  it('remember names for five minutes', async () => {
    const { catalogue, events } = parts();
    const flowId = flowIdOf(machine.sha256, 'renamed');
    const flow = { id: flowId, name: 'old', created: 1, updated: 1, tags: [], labels: {} };
    await catalogue.flows.put(flow);
    const nameNow = async () => {
      const [event] = await events([{ sequence: '1', after: aRun({ flowId }) }]);
      return event?.related[0]?.['prefect.resource.name'];
    };

    const first = await nameNow();
    await catalogue.flows.put({ ...flow, name: 'new' });
    const soon = await nameNow();
    clock.now += 5 * 60_000;
    const later = await nameNow();

    expect([first, soon, later]).toEqual(['old', 'old', 'new']);
  });

  it('name the deployment as the maker of a run that says so, also where the body lies beside the head', async () => {
    const { runs, events } = parts();
    const createdBy = { id: 'd', type: 'DEPLOYMENT', display_value: 'nightly' };
    const body = aBody({ createdBy, parameters: { large: 'x'.repeat(1_000) } });
    const created = await runs.create(aRun({ id: '77777777-7777-4777-8777-777777777777' }), body, {
      mayHaveLived: false,
    });
    expect(created.run.body).toBeUndefined();

    const [event] = await events([{ sequence: '1', after: created.run }]);

    expect(rolesOf(event?.related ?? [])).toEqual(['creator nightly']);
  });

  it('are none for runs that were planned ahead, until something happens to them', async () => {
    const { events } = parts();
    const planned = aRun({ autoScheduled: true });

    const made = await events([{ sequence: '1', after: planned }]);
    const moved = await events([
      { sequence: '2', before: planned, after: aRun({ autoScheduled: true, state: 'PENDING' }) },
    ]);

    expect(made).toEqual([]);
    expect(moved.map(({ event }) => event)).toEqual(['prefect.flow-run.Pending']);
  });

  it('tell the whole of a message that the head only begins', async () => {
    const { runs, events } = parts();
    const message = 'why '.repeat(100);
    const failed = aState('FAILED', { id: 'failed', message });
    await runs.create(aRun({ state: failed }), aBody(), { mayHaveLived: false });
    const head = aRun({ state: { ...failed, message: message.slice(0, 200) } });

    const [event] = await events([{ sequence: '1', after: head }]);

    expect(event?.resource['prefect.state-message']).toBe(message);
    expect(event?.payload['validated_state']).toMatchObject({ message });
    expect(event?.resource['prefect.resource.id']).toBe(`prefect.flow-run.${runId}`);
  });
});
