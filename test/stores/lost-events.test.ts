// A run whose client was cut off for an event that the platform does not carry, on the real local database.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { world } from '../../shared/adapters/world.ts';
import { noteLostEvents } from '../../shared/use-cases/note-lost-events.ts';
import { recordRun } from '../../shared/use-cases/record-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { runsOn } from '../support/stage/scenarios.ts';
import { type Stage, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
let client: DocumentClient;
let stage: Stage;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
beforeEach(async () => {
  stage = await startStage({ database, script: runsOn, jobVariables: {} });
});
afterEach(() => stage.close());
afterAll(async () => {
  client.destroy();
  await database.close();
});

function parts() {
  const now = () => stage.clock.now();
  return {
    connections: createConnections({ client, table: database.controlTable, now }),
    logs: createLogs({ client, table: database.bulkTable, sha256: world.sha256 }),
    runs: stage.deps.runs,
    world: stage.deps.world,
    telemetry: { taskRunsIncomplete: () => undefined },
  };
}

async function connected(runId?: string) {
  const now = stage.clock.now();
  const ref = { kind: 'events-in', id: randomUUID() } as const;
  const { connections } = parts();
  const owner = runId === undefined ? {} : { runId };
  await connections.open({ ...ref, isAuthorized: true, connectedAt: now, expiresAt: now + 60_000, ...owner });
  return ref;
}

it('marks its run and says why in the log, once, however often the client tries again', async () => {
  const state = { type: 'RUNNING', name: 'Running', details: {} } as const;
  const recorded = await recordRun(stage.deps, { flowId: stage.place.flowId, state, labels: { team: 'blue' } });
  const { id } = recorded.run;

  for (const ref of [await connected(id), await connected(id)]) await noteLostEvents(parts(), ref, 32_768);
  const run = await stage.deps.runs.read(id);
  const body = run === undefined ? undefined : await stage.deps.runs.readBody(run);

  expect(body?.labels).toMatchObject({ team: 'blue', 'slipway.task-runs': 'incomplete' });
  expect(await parts().logs.readRun(id)).toMatchObject([
    { level: 30, message: expect.stringContaining('larger than 32768 bytes') },
  ]);
});

it('marks nothing for a client that says of no run, or of one that is gone', async () => {
  const missing = randomUUID();

  for (const ref of [await connected(), await connected(missing)]) await noteLostEvents(parts(), ref, 32_768);

  expect(await parts().logs.readRun(missing)).toEqual([]);
});
