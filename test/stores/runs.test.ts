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
import { anAttempt, aRun, aState, second, start } from '../support/run-builders.ts';
import { aBody, itemBytes, loseNextReply, type Raw, rawTable } from '../support/stores.ts';

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

describe('creating a run', () => {
  it('writes it once: the second one finds the first', async () => {
    const first = fresh({ name: 'first' });

    const created = await runs.create(first, aBody({ parameters: { n: 1 } }), derived);
    const again = await runs.create({ ...first, name: 'second' }, aBody({ parameters: { n: 2 } }), derived);

    expect(created).toMatchObject({ kind: 'created', run: { id: first.id, name: 'first', attempt: 0 } });
    expect(again).toMatchObject({ kind: 'exists', run: { name: 'first' } });
    expect((await runs.readBody(again.run)).parameters).toEqual({ n: 1 });
  });

  it('by many at once creates one', async () => {
    const id = world.newId();

    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => runs.create(fresh({ id, name: `n${at}` }), aBody(), derived)),
    );

    const created = answers.filter(({ kind }) => kind === 'created');
    expect(created).toHaveLength(1);
    expect(new Set(answers.map(({ run }) => run.name))).toEqual(new Set([created[0]?.run.name]));
  });

  it('whose reply is lost still says created', async () => {
    loseNextReply(client);

    expect((await runs.create(fresh(), aBody(), { mayHaveLived: false })).kind).toBe('created');
  });

  it('with a large body keeps it beside the head', async () => {
    const parameters = { text: 'x'.repeat(200_000) };

    const { run } = await runs.create(fresh(), aBody({ parameters }), derived);

    expect(run.body).toBeUndefined();
    expect((await runs.readBody(run)).parameters).toEqual(parameters);
    expect(itemBytes((await raw.item(runHeadKey(run.id))) ?? {})).toBeLessThan(1024);
  });

  it('answers nothing for an id that nobody created', async () => {
    expect(await runs.read(world.newId())).toBeUndefined();
    expect(await runs.readStates(world.newId())).toEqual([]);
  });
});

describe('changing a run', () => {
  it('lets one of two changes win, and the other one lose', async () => {
    const run = await create();
    const changes = [next(run, { type: 'RUNNING' }), next(run, { type: 'CANCELLED' })];

    const writes = await Promise.all(changes.map((after) => runs.change(run, after)));

    expect([...writes].sort()).toEqual(['lost', 'written']);
    const winner = changes[writes.indexOf('written')];
    expect(await runs.read(run.id)).toMatchObject({ version: 2, state: { id: winner?.state.id } });
  });

  it('loses to a change that came before', async () => {
    const run = await create();
    await advance(run, { type: 'PENDING' });

    expect(await runs.change(run, next(run, { type: 'RUNNING' }))).toBe('lost');
  });

  it('whose reply is lost is written, once', async () => {
    const run = await create();
    loseNextReply(client);

    expect(await runs.change(run, next(run, { type: 'RUNNING' }))).toBe('written');
    expect(await runs.read(run.id)).toMatchObject({ version: 2, state: { type: 'RUNNING' } });
  });

  it('of a deleted run loses', async () => {
    const run = await create();
    await runs.remove(run);

    expect(await runs.change(run, next(run, { type: 'RUNNING' }))).toBe('lost');
    expect(await runs.read(run.id)).toBeUndefined();
  });
});

describe('reading many', () => {
  it('finds them all, more than a request takes, each once', async () => {
    const all = await Promise.all(Array.from({ length: 230 }, () => create()));
    const ids = all.map(({ id }) => id);

    const found = await runs.readMany([...ids, ...ids.slice(0, 50), world.newId()]);

    expect(found.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await runs.readMany([])).toEqual([]);
  });

  it('finds their bodies, small and large', async () => {
    const small = await create();
    const parameters = { text: 'x'.repeat(1_000) };
    const { run: large } = await runs.create(fresh(), aBody({ parameters }), derived);
    const { run: gone } = await runs.create(fresh({ bodyId: 'lost' }), aBody({ parameters }), derived);
    await runs.writeBody(large.id, 'changed', aBody({ parameters: { n: 2 } }));

    const bodies = await runs.readBodies([small, { ...large, bodyId: 'changed' }, { ...gone, bodyId: 'none' }]);

    expect(bodies).toEqual(
      new Map([
        [small.id, aBody()],
        [large.id, aBody({ parameters: { n: 2 } })],
      ]),
    );
    await expect(runs.readBody({ ...gone, bodyId: 'none' })).rejects.toThrow(`run ${gone.id} has no body none`);
  });
});

describe('a deleted run', () => {
  it('is gone with its states and bodies', async () => {
    const { run } = await runs.create(fresh(), aBody({ parameters: { text: 'x'.repeat(1_000) } }), derived);
    const failed = await advance(run, { type: 'FAILED', data: { type: 'reference' } });

    expect(await runs.remove(failed)).toBe('written');

    expect(await runs.read(run.id)).toBeUndefined();
    expect(await raw.sortKeys(runHeadKey(run.id).pk)).toEqual([]);
  });

  it('is not deleted by who saw an older version of it', async () => {
    const run = await create();
    await advance(run, { type: 'RUNNING' });

    expect(await runs.remove(run)).toBe('lost');
    expect(await runs.read(run.id)).toMatchObject({ state: { type: 'RUNNING' } });
  });

  it('leaves the number of its last attempt to whoever takes its id', async () => {
    let run = await create();
    for (const number of [1, 2]) {
      const attempt = anAttempt({ runId: run.id, number });
      await runs.openAttempt(run, { ...run, attempt: number, isAttemptOpen: true }, { attempt });
      const claimed = { ...run, attempt: number, isAttemptOpen: true, version: run.version + 1 };
      const closed = { ...attempt, closed: { at: start, end: 'stopped' } as const };
      const freed = { ...claimed, isAttemptOpen: false };
      await runs.closeAttempt({ before: attempt, after: closed }, { before: claimed, after: freed });
      run = { ...freed, version: claimed.version + 1 };
    }
    expect(await runs.remove(run)).toBe('written');

    const again = await runs.create(fresh({ id: run.id }), aBody(), derived);

    expect(again).toMatchObject({ kind: 'created', run: { attempt: 2, isAttemptOpen: false } });
    expect(await runs.read(run.id)).toMatchObject({ attempt: 2 });
    expect((await runs.readAttempts(run.id)).map(({ number }) => number)).toEqual([1, 2]);
  });

  it('keeps its open attempt, until that is known STOPPED', async () => {
    const run = await create();
    const attempt = anAttempt({ runId: run.id });
    await runs.openAttempt(run, { ...run, attempt: 1, isAttemptOpen: true }, { attempt });

    const claimed = { ...run, attempt: 1, isAttemptOpen: true, version: 2 };
    const changed = { ...attempt, dueAt: start + 7 };

    expect(await runs.remove(claimed, { before: { ...attempt, version: 9 }, after: changed })).toBe('lost');
    expect(await runs.remove(claimed, { before: attempt, after: changed })).toBe('written');

    expect(await runs.readAttempt(run.id, 1)).toEqual({ ...changed, version: 2 });
    const due = await runs.due('attempt', { until: start + 7, limit: 1_000 });
    expect(due).toContainEqual({ kind: 'attempt', runId: run.id, attempt: 1, dueAt: start + 7 });
  });
});
