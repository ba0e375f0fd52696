// What a deleted run leaves behind on the real local database: its attempt numbers for whoever takes its id again, and
// nothing that stays for ever.
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createHeartbeats } from '../../shared/adapters/dynamodb/heartbeats.ts';
import { createRunInputs } from '../../shared/adapters/dynamodb/run-inputs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { attemptKey, runChildKey, runHeadKey } from '../../shared/adapters/dynamodb/table.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { anAttempt, aPushRun, aRun, start } from '../support/run-builders.ts';
import { aBody, type Raw, rawTable } from '../support/stores.ts';

const names = { controlTable: 'deleted-control', bulkTable: 'deleted-bulk' };
const day = 24 * 3_600;

let database: TestDatabase;
let client: DocumentClient;
let runs: Runs;
let raw: Raw;
const storeOn = (own: DocumentClient, now = start) =>
  createRuns({
    client: own,
    table: names.controlTable,
    newId: world.newId,
    now: () => now,
    largeBodies: keptBodies(),
  });
beforeAll(async () => {
  database = await startDatabase();
  await createTables(database.endpoint, names);
  client = createDocumentClient();
  runs = storeOn(client);
  raw = rawTable(database.endpoint, names.controlTable);
});
afterAll(async () => {
  client.destroy();
  raw.close();
  await database.close();
});

const derived = { mayHaveLived: true };
const fresh = (over: Partial<Run> = {}) => ({ ...aRun({ id: world.newId() }), ...over });

/** A run of this id with attempts, as it was before it was deleted. */
async function lived(id: string, attempt: number): Promise<Run> {
  const { run } = await runs.create(aRun({ id }), aBody(), derived);
  const after = { ...run, attempt };
  await runs.change(run, after);
  const head = { ...after, version: run.version + 1 };
  await runs.remove(head);
  return head;
}

/** Something that happens between a creation's first look and its write. */
function meanwhile(happens: () => Promise<unknown>): { readonly runs: Runs; readonly close: () => void } {
  const own = createDocumentClient();
  let isDone = false;
  own.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const { commandName = '' } = context as { commandName?: string };
      if (!isDone && commandName.startsWith('Get')) {
        isDone = true;
        await happens();
      }
      return answer;
    },
    { step: 'initialize', name: 'meanwhile' },
  );
  return { runs: storeOn(own), close: () => own.destroy() };
}

describe('an id that lived before', () => {
  it('goes on counting attempts where its last life ended', async () => {
    const run = fresh();
    await lived(run.id, 3);

    expect(await runs.read(run.id)).toBeUndefined();
    expect(await runs.readMany([run.id])).toEqual([]);
    expect(await runs.create(run, aBody(), derived)).toMatchObject({ kind: 'created', run: { attempt: 3 } });
    expect(await runs.read(run.id)).toMatchObject({ attempt: 3, formerLife: 3 });
  });

  it('does so also when that life passes while it is created', async () => {
    const run = fresh();
    const slow = meanwhile(() => lived(run.id, 2));

    const created = await slow.runs.create(run, aBody(), derived);

    slow.close();
    expect(created).toMatchObject({ kind: 'created', run: { attempt: 2 } });
  });

  it('is created once where two take it again', async () => {
    const run = fresh();
    await lived(run.id, 1);
    const slow = meanwhile(() => runs.create({ ...run, name: 'other' }, aBody(), derived));

    const created = await slow.runs.create(run, aBody(), derived);

    slow.close();
    expect(created).toMatchObject({ kind: 'exists', run: { name: 'other', attempt: 1 } });
  });

  it('is not counted where its last life had no attempt', async () => {
    const run = fresh();
    await lived(run.id, 0);

    expect(await raw.item(runHeadKey(run.id))).toBeUndefined();
    expect((await runs.create(run, aBody(), derived)).run.attempt).toBe(0);
  });

  it('begins anew once its traces have expired, whichever of them were swept by then', async () => {
    const run = aPushRun({ id: world.newId(), isAttemptOpen: false, attempt: 0 });
    const attempt = anAttempt({ runId: run.id });
    const { dueAt: _due, ...rest } = attempt;
    const over = { ...rest, closed: { at: start, end: 'stopped' as const }, expiresAt: start + 1_000 };
    const opened = (before: Run) => ({ ...before, attempt: 1, isAttemptOpen: true });
    const { run: former } = await runs.create(run, aBody(), derived);
    await runs.openAttempt(former, opened(former), { attempt });
    await runs.changeAttempt(attempt, over);
    const table = names.controlTable;
    await client.send(new DeleteCommand({ TableName: table, Key: runHeadKey(run.id) }));

    const { run: again } = await runs.create(run, aBody(), derived);
    const asksEarly = await runs.openAttempt(again, opened(again), { attempt });
    const later = storeOn(client, start + 2_000);
    const seenLater = await later.readAttempt(run.id, 1);
    const asksLater = await later.openAttempt(again, opened(again), { attempt });

    expect([asksEarly, asksLater]).toEqual(['lost', 'written']);
    expect(seenLater).toBeUndefined();
    expect(await later.readAttempts(run.id)).toEqual([attempt]);
  });
});

describe('a deleted run', () => {
  it('leaves attempts and children that expire, and nothing else', async () => {
    const id = world.newId();
    const { run } = await runs.create({ ...aPushRun({ id }), isAttemptOpen: false, attempt: 0 }, aBody(), derived);
    const before = { ...run, version: run.version };
    await runs.openAttempt(
      before,
      { ...before, attempt: 1, isAttemptOpen: true },
      { attempt: anAttempt({ runId: id }) },
    );
    const open = { ...before, attempt: 1, isAttemptOpen: true, version: before.version + 1 };
    const attempt = anAttempt({ runId: id });
    const { dueAt: _due, ...rest } = attempt;
    const closed = { ...rest, closed: { at: start, end: 'stopped' as const } };
    await runs.closeAttempt(
      { before: attempt, after: closed },
      { before: open, after: { ...open, isAttemptOpen: false } },
    );
    const child = world.newId();
    await runs.create({ ...aRun({ id: child }), parentTaskRunId: world.newId(), parentRunId: id }, aBody(), derived);
    const inputs = createRunInputs({ client, table: names.controlTable });
    await inputs.create({ id: world.newId(), created: start, runId: id, key: 'k', value: 'v' });
    await createHeartbeats({ client, table: names.controlTable }).note(id, start);

    const current = await runs.read(id);
    if (current === undefined) throw new Error('no run');
    await runs.remove(current);

    const end = String(Math.ceil(start / 1000) + 30 * day);
    const kept = [runHeadKey(id), attemptKey(id, 1), runChildKey(id, child)];
    expect(await raw.sortKeys(runHeadKey(id).pk)).toEqual(kept.map(({ sk }) => sk).sort());
    for (const key of kept) expect((await raw.item(key))?.['expires_at']?.N).toBe(end);
    expect(await runs.children(id)).toEqual([child]);
  });

  it('takes no input any more', async () => {
    const run = fresh();
    await lived(run.id, 1);
    const inputs = createRunInputs({ client, table: names.controlTable });

    const input = { id: world.newId(), created: start, runId: run.id, key: 'k', value: 'v' };
    expect(await inputs.create(input)).toBe('no-run');
  });
});
