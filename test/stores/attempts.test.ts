// Attempts on the real local database: opening and closing one moves the run's head in the same transaction.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Attempt } from '../../shared/domain/run/attempt.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { enterState } from '../../shared/domain/run/transition.ts';
import type { OpenAttempt, Runs } from '../../shared/ports/runs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { anAttempt, aRun, aState, aTask, minute, second, start } from '../support/run-builders.ts';
import { aBody, loseNextReply } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let runs: Runs;
beforeAll(async () => {
  database = await startDatabase();
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
afterAll(() => database.close());

async function waitingRun(): Promise<Run> {
  return (await runs.create(aRun({ id: world.newId() }), aBody(), { mayHaveLived: false })).run;
}

function claim(run: Run): { readonly after: Run; readonly attempt: Attempt } {
  const number = run.attempt + 1;
  const pending = enterState(run, aState('PENDING', { id: world.newId(), timestamp: run.state.timestamp + second }));
  const attempt = anAttempt({ runId: run.id, number });
  return { after: { ...pending, attempt: number, isAttemptOpen: true }, attempt };
}

async function claimed(): Promise<{ readonly run: Run; readonly attempt: Attempt }> {
  const run = await waitingRun();
  const { after, attempt } = claim(run);
  expect(await runs.openAttempt(run, after, { attempt })).toBe('written');
  return { run: { ...after, version: run.version + 1 }, attempt };
}

const closedOf = (attempt: Attempt): Attempt => {
  const { dueAt: _dueAt, ...rest } = attempt;
  return { ...rest, closed: { at: start + minute, end: 'stopped' } };
};
const ended = (run: Run): Run => ({
  ...enterState(run, aState('COMPLETED', { id: world.newId(), timestamp: run.state.timestamp + second })),
  isAttemptOpen: false,
});

describe('opening an attempt', () => {
  it('moves the head and puts the attempt', async () => {
    const { run, attempt } = await claimed();

    expect(await runs.read(run.id)).toEqual(run);
    expect(await runs.readAttempt(run.id, 1)).toEqual(attempt);
    expect(await runs.readAttempt(run.id, 2)).toBeUndefined();
  });

  it('by many at once opens one', async () => {
    const run = await waitingRun();

    const writes = await Promise.all(
      Array.from({ length: 8 }, () => {
        const { after, attempt } = claim(run);
        return runs.openAttempt(run, after, { attempt });
      }),
    );

    expect(writes.filter((write) => write === 'written')).toHaveLength(1);
    expect(await runs.readAttempts(run.id)).toHaveLength(1);
    expect(await runs.read(run.id)).toMatchObject({ version: 2, attempt: 1 });
  });

  it('against a change of the head leaves one of both, and no attempt without its head', async () => {
    const run = await waitingRun();
    const { after, attempt } = claim(run);
    const cancelled = enterState(run, aState('CANCELLED', { id: world.newId(), timestamp: start + second }));

    const [opened, changed] = await Promise.all([
      runs.openAttempt(run, after, { attempt }),
      runs.change(run, cancelled),
    ]);

    expect([opened, changed].sort()).toEqual(['lost', 'written']);
    expect((await runs.readAttempt(run.id, 1)) !== undefined).toBe(opened === 'written');
    expect((await runs.read(run.id))?.isAttemptOpen).toBe(opened === 'written');
  });

  it('never takes the place of an attempt that is there', async () => {
    const { run, attempt } = await claimed();

    expect(
      await runs.openAttempt(run, { ...run, attempt: 1 }, { attempt: anAttempt({ runId: run.id, family: 'other' }) }),
    ).toBe('lost');
    expect(await runs.readAttempt(run.id, 1)).toEqual(attempt);
    expect((await runs.read(run.id))?.version).toBe(run.version);
  });

  it('whose reply is lost is written, once', async () => {
    const run = await waitingRun();
    const { after, attempt } = claim(run);
    loseNextReply(client);

    expect(await runs.openAttempt(run, after, { attempt })).toBe('written');
    expect(await runs.read(run.id)).toMatchObject({ version: 2, attempt: 1 });
  });
});

describe('changing an attempt', () => {
  it('lets one of two changes win', async () => {
    const { attempt } = await claimed();
    const [one, other] = ['arn:1', 'arn:2'].map((taskArn) => ({ ...attempt, taskArn }));
    if (one === undefined || other === undefined) throw new Error('two changes');

    const writes = await Promise.all([runs.changeAttempt(attempt, one), runs.changeAttempt(attempt, other)]);

    expect([...writes].sort()).toEqual(['lost', 'written']);
    const winner = writes[0] === 'written' ? one : other;
    expect(await runs.readAttempt(attempt.runId, 1)).toEqual({ ...winner, version: 2 });
  });

  it('keeps what its request was, to the last key', async () => {
    const { attempt } = await claimed();
    const request = { b: 1, a: { '': [null, 0.1, 1e21, 'ü'] }, tags: [] };

    await runs.changeAttempt(attempt, { ...attempt, request });

    const stored = await runs.readAttempt(attempt.runId, 1);
    expect(JSON.stringify(stored?.request)).toBe(JSON.stringify(request));
  });
});

describe('closing an attempt', () => {
  it('ends it and moves the head', async () => {
    const { run, attempt } = await claimed();
    const after = ended(run);

    expect(await runs.closeAttempt({ before: attempt, after: closedOf(attempt) }, { before: run, after })).toBe(
      'written',
    );

    expect(await runs.readAttempt(run.id, 1)).toMatchObject({ version: 2, closed: { end: 'stopped' } });
    expect(await runs.read(run.id)).toMatchObject({ state: { type: 'COMPLETED' }, isAttemptOpen: false });
    expect((await runs.readStates(run.id)).map(({ type }) => type)).toEqual(['SCHEDULED', 'PENDING', 'COMPLETED']);
  });

  it('loses when the run has moved, and leaves the attempt open', async () => {
    const { run, attempt } = await claimed();
    const cancelling = enterState(run, aState('CANCELLING', { timestamp: run.state.timestamp + 1 }));
    await runs.change(run, cancelling);

    const closing = { before: attempt, after: closedOf(attempt) };

    expect(await runs.closeAttempt(closing, { before: run, after: ended(run) })).toBe('lost');
    expect((await runs.readAttempt(run.id, 1))?.closed).toBeUndefined();
    expect((await runs.read(run.id))?.state.type).toBe('CANCELLING');
  });

  it('loses when the attempt has changed, and leaves the run as it is', async () => {
    const { run, attempt } = await claimed();
    await runs.changeAttempt(attempt, { ...attempt, taskArn: 'arn' });

    const closing = { before: attempt, after: closedOf(attempt) };

    expect(await runs.closeAttempt(closing, { before: run, after: ended(run) })).toBe('lost');
    expect(await runs.closeAttempt(closing)).toBe('lost');
    expect((await runs.read(run.id))?.state.type).toBe('PENDING');
  });

  it('of a run that is deleted ends the attempt alone', async () => {
    const { run, attempt } = await claimed();
    await runs.remove(run);

    expect(await runs.closeAttempt({ before: attempt, after: closedOf(attempt) })).toBe('written');
    expect(await runs.read(run.id)).toBeUndefined();
  });

  it('by two at once happens once', async () => {
    const { run, attempt } = await claimed();
    const closing = { before: attempt, after: closedOf(attempt) };

    const writes = await Promise.all([
      runs.closeAttempt(closing, { before: run, after: ended(run) }),
      runs.closeAttempt(closing, { before: run, after: ended(run) }),
    ]);

    expect([...writes].sort()).toEqual(['lost', 'written']);
    expect((await runs.readStates(run.id)).filter(({ type }) => type === 'COMPLETED')).toHaveLength(1);
  });
});

describe('open attempts', () => {
  const listed = async (): Promise<OpenAttempt[]> => {
    const all: OpenAttempt[] = [];
    for await (const attempt of runs.openAttempts()) all.push(attempt);
    return all;
  };

  it('are all listed, with what is compared with ECS, and closed ones are not', async () => {
    const first = await claimed();
    const second_ = await claimed();
    const third = await claimed();
    const task = aTask('RUNNING');
    await runs.changeAttempt(second_.attempt, {
      ...second_.attempt,
      taskArn: 'arn:2',
      task,
      dueAt: start + 365 * 86_400_000,
    });
    await runs.closeAttempt({ before: third.attempt, after: closedOf(third.attempt) });

    const ours = (await listed()).filter(({ runId }) => [first, second_, third].some(({ run }) => run.id === runId));

    const base = { attempt: 1, cluster: 'cluster' };
    expect(ours).toHaveLength(2);
    expect(ours).toContainEqual({ ...base, runId: first.run.id, dueAt: start + 10 * second });
    expect(ours).toContainEqual({
      ...base,
      runId: second_.run.id,
      dueAt: start + 365 * 86_400_000,
      taskArn: 'arn:2',
    });
  });
});
