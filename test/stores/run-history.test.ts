// The history of a run and the size of its head on the real local database: whole and in order, and under 1 KB.
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { runHeadKey } from '../../shared/adapters/dynamodb/table.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { State } from '../../shared/domain/run/state.ts';
import { enterState } from '../../shared/domain/run/transition.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { aPushRun, aRun, aState, second, start } from '../support/run-builders.ts';
import { aBody, itemBytes, type Raw, rawTable } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let raw: Raw;
let runs: Runs;
beforeAll(async () => {
  database = await startDatabase();
  raw = rawTable(database.endpoint, database.controlTable);
});
beforeEach(() => {
  client = createDocumentClient();
  runs = createRuns({
    client,
    table: database.controlTable,
    newId: world.newId,
    now: world.now,
    largeBodies: keptBodies(),
  });
});
afterEach(() => client.destroy());
afterAll(async () => {
  raw.close();
  await database.close();
});

const derived = { mayHaveLived: true };
const fresh = (over: Parameters<typeof aRun>[0] = {}) => aRun({ id: world.newId(), ...over });
const create = async (over: Parameters<typeof aRun>[0] = {}) => (await runs.create(fresh(over), aBody(), derived)).run;
const next = (run: Run, state: Partial<State> & Pick<State, 'type'>): Run => {
  const { type, ...over } = state;
  return enterState(run, aState(type, { id: world.newId(), timestamp: run.state.timestamp + second, ...over }));
};
async function advance(run: Run, state: Parameters<typeof next>[1]): Promise<Run> {
  const after = next(run, state);
  expect(await runs.change(run, after)).toBe('written');
  return { ...after, version: run.version + 1 };
}

describe('the history', () => {
  it('is whole and in order, however long', async () => {
    let run = await create();
    const types = ['PENDING', 'RUNNING', 'PAUSED', 'RUNNING', 'SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED'] as const;
    const ids = [run.state.id];
    for (const type of types) {
      run = await advance(run, { type });
      ids.push(run.state.id);
    }

    const states = await runs.readStates(run.id);

    expect(states.map(({ id }) => id)).toEqual(ids);
    expect(states.map(({ type }) => type)).toEqual(['SCHEDULED', ...types]);
    for (const id of ids) expect((await runs.readState(run.id, id))?.id).toBe(id);
  });

  it('keeps data and long messages whole, on the head and after', async () => {
    const large = { message: 'x'.repeat(50_000), data: { type: 'reference', deep: [1, null, { '': 0.1 }] } };
    let run = await advance(await create(), { type: 'FAILED', ...large });

    expect((await runs.read(run.id))?.state).toMatchObject(large);
    expect((await runs.readMany([run.id]))[0]?.state).toMatchObject(large);
    expect(itemBytes((await raw.item(runHeadKey(run.id))) ?? {})).toBeLessThan(1024);

    const failed = run.state;
    for (const type of ['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED'] as const) {
      run = await advance(run, { type });
      expect((await runs.readStates(run.id)).find(({ id }) => id === failed.id)).toEqual(failed);
    }
  });

  it('knows nothing of a state whose write lost its race, however large', async () => {
    const run = await create();
    const loser = next(run, { type: 'FAILED', data: { type: 'reference' }, message: 'y'.repeat(1_000) });
    const winner = await advance(run, { type: 'RUNNING' });

    expect(await runs.change(run, loser)).toBe('lost');

    const last = await advance(winner, { type: 'COMPLETED' });
    expect((await runs.readStates(run.id)).map(({ type }) => type)).toEqual(['SCHEDULED', 'RUNNING', 'COMPLETED']);
    expect(await runs.readState(run.id, loser.state.id)).toBeUndefined();
    expect(await runs.readState(run.id, last.state.id)).toMatchObject({ type: 'COMPLETED' });
  });

  it('of a former life under the same id is not shown, although its deletion died half-way', async () => {
    const id = world.newId();
    let former: Run = (await runs.create(fresh({ id }), aBody(), derived)).run;
    for (const type of ['PENDING', 'RUNNING', 'PAUSED', 'RUNNING', 'FAILED'] as const)
      former = await advance(former, { type });
    await client.send(new DeleteCommand({ TableName: database.controlTable, Key: runHeadKey(id) }));
    const later = start + 1_000 * second;

    const state = aState('SCHEDULED', { timestamp: later });
    const { kind } = await runs.create(fresh({ id, created: later, state }), aBody(), derived);

    expect(kind).toBe('created');
    expect(await runs.readStates(id)).toEqual([state]);
  });
});

describe('the head of an ordinary run', () => {
  it('is under 1 KB at every step of its life', async () => {
    const uuid = world.newId;
    const sizes: Record<string, number> = {};
    const measure = async (run: Run) => {
      sizes[run.state.type] = itemBytes((await raw.item(runHeadKey(run.id))) ?? {});
    };
    const labels = { 'prefect.flow.id': uuid(), 'prefect.deployment.id': uuid() };
    const { run } = await runs.create(
      aPushRun({
        id: uuid(),
        bodyId: uuid(),
        flowId: uuid(),
        deploymentId: uuid(),
        workQueueId: uuid(),
        workQueueName: 'default',
        name: 'industrious-albatross',
        idempotencyKey: `${uuid()} nightly`,
        tags: ['etl', 'team-a'],
        attempt: 0,
        isAttemptOpen: false,
        expectedStartTime: start,
        nextScheduledStartTime: start,
        dueAt: start,
        state: aState('SCHEDULED', { id: uuid(), details: { scheduledTime: start } }),
      }),
      aBody({ parameters: { day: '2026-01-05', limit: 100 }, labels }),
      derived,
    );
    await measure(run);
    const pending = await advance(run, { type: 'PENDING', details: { scheduledTime: start } });
    await measure(pending);
    const cluster = 'arn:aws:ecs:eu-central-1:123456789012:cluster/slipway';
    const infrastructurePid = `${cluster}::arn:aws:ecs:eu-central-1:123456789012:task/slipway/${uuid().replaceAll('-', '')}`;
    const launched = { ...pending, infrastructurePid, attempt: 1, isAttemptOpen: true };
    const other = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const running = await advance(launched, { type: 'RUNNING', details: { transitionId: uuid(), other } });
    await measure(running);
    await measure(await advance(running, { type: 'COMPLETED', details: { transitionId: uuid(), other } }));

    expect(Object.keys(sizes)).toEqual(['SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED']);
    for (const [type, bytes] of Object.entries(sizes))
      expect({ type, isSmall: bytes < 1024, bytes }).toMatchObject({ isSmall: true });
  });
});
