import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import type { ConnectionRef, PostOutcome } from '../../shared/ports/connections.ts';
import { checkTaskWorkers } from '../../shared/use-cases/check-task-workers.ts';
import { createTaskRun } from '../../shared/use-cases/create-task-run.ts';
import { recordTaskRunEvents } from '../../shared/use-cases/record-task-run-events.ts';
import {
  acknowledgeTaskRun,
  subscribeTaskWorker,
  unsubscribeTaskWorker,
} from '../../shared/use-cases/subscribe-task-worker.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { minute, start } from '../support/run-builders.ts';
import { aTaskRunEvent } from '../support/task-run-builders.ts';

const hour = 60 * minute;
let database: TestDatabase;
let client: DocumentClient;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(() => {
  client = createDocumentClient();
});
afterEach(() => client.destroy());
afterAll(() => database.close());

/** A table-wide stage of its own: tasks and workers have names that no other test uses. */
function aStage() {
  const clock = { now: start };
  const world = { ...machine, now: () => clock.now };
  const place = { client, table: database.controlTable, newId: world.newId, sha256: world.sha256 };
  const sent: { to: string; id: string }[] = [];
  const gone = new Set<string>();
  const open = new Set<string>();
  const post = async ({ id: to }: ConnectionRef, frame: string): Promise<PostOutcome> => {
    if (gone.has(to)) return 'gone';
    sent.push({ to, id: JSON.parse(frame).id });
    return 'sent';
  };
  const deps = {
    taskRuns: createTaskRuns(place),
    taskQueue: createTaskQueue(place),
    runs: createRuns({ ...place, now: world.now, largeBodies: keptBodies() }),
    sender: { post },
    world,
    connections: {
      read: async ({ id, kind }: ConnectionRef) =>
        open.has(id) ? { id, kind, isAuthorized: true, connectedAt: start, expiresAt: start + hour } : undefined,
    },
  };
  const taskKey = `task-${machine.newId()}`;
  const delay = async (over: object = {}) => {
    clock.now += 1;
    const state = { type: 'SCHEDULED', name: 'Scheduled', details: { other: { deferred: true } } } as const;
    const made = await createTaskRun(deps, { taskKey, dynamicKey: machine.newId(), state, ...over });
    if (made.kind === 'refused') throw new Error(made.reason);
    return made.taskRun.id;
  };
  const serve = async (keys: readonly string[] = [taskKey]) => {
    clock.now += 1;
    const connectionId = machine.newId();
    open.add(connectionId);
    await subscribeTaskWorker(deps, { connectionId, clientId: 'host-1', taskKeys: keys, expiresAt: start + hour });
    return connectionId;
  };
  const acknowledge = (connectionId: string) => {
    clock.now += 1;
    return acknowledgeTaskRun(deps, connectionId);
  };
  return { clock, deps, sent, gone, open, taskKey, delay, serve, acknowledge };
}

const sentTo = (sent: readonly { to: string; id: string }[], worker: string) =>
  sent.filter(({ to }) => to === worker).map(({ id }) => id);

describe('a background task', () => {
  it('that is scheduled goes to a worker that waits for it, at once', async () => {
    const { delay, serve, sent } = aStage();
    const worker = await serve();

    const id = await delay();

    expect(sent).toEqual([{ to: worker, id }]);
  });

  it('that was scheduled before anybody served it goes to the first worker that comes', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const ids = [await delay(), await delay()];

    const worker = await serve();
    await acknowledge(worker);

    expect(sentTo(sent, worker)).toEqual(ids);
  });

  it('goes to workers of its task alone', async () => {
    const { delay, serve, sent } = aStage();
    await serve(['another-task']);
    await delay();

    expect(sent).toEqual([]);
  });

  it('is sent once however often its creation is repeated', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const worker = await serve();
    const dynamicKey = machine.newId();

    const [first, again] = [await delay({ dynamicKey }), await delay({ dynamicKey })];
    await acknowledge(worker);

    expect(again).toBe(first);
    expect(sent).toHaveLength(1);
  });

  it('that is cancelled while it waits is not sent', async () => {
    const { deps, delay, serve, sent } = aStage();
    const [cancelled, next] = [await delay(), await delay()];
    const before = await deps.taskRuns.read(cancelled);
    if (before === undefined) throw new Error('no task run');
    const state = {
      id: machine.newId(),
      type: 'CANCELLED',
      name: 'Cancelled',
      timestamp: start + minute,
      details: {},
    } as const;
    await deps.taskRuns.change({ before, after: { ...before, state } });

    await serve();

    expect(sent.map(({ id }) => id)).toEqual([next]);
  });

  it('that is deleted while it waits is not sent', async () => {
    const { deps, delay, serve, sent } = aStage();
    const taskRun = await deps.taskRuns.read(await delay());
    if (taskRun === undefined) throw new Error('no task run');
    await deps.taskRuns.remove(taskRun);

    await serve();

    expect(sent).toEqual([]);
  });

  it('is recorded from what its worker reports, even when that clock is behind ours', async () => {
    const { deps, delay, taskKey } = aStage();
    const id = await delay();
    const fields = { task_key: taskKey };
    const events = (['PENDING', 'RUNNING', 'COMPLETED'] as const).map((type, at) =>
      aTaskRunEvent({ id: machine.newId(), type, at: at - minute, taskRunId: id, flowRunId: null, fields }),
    );

    await recordTaskRunEvents(deps, events);

    expect((await deps.taskRuns.read(id))?.state).toMatchObject({ type: 'COMPLETED', timestamp: start + 2 - minute });
  });
});

describe('a task worker', () => {
  it('gets the next task run only when it has acknowledged the one before', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const worker = await serve();
    const ids = [await delay(), await delay(), await delay()];

    expect(sentTo(sent, worker)).toEqual(ids.slice(0, 1));
    expect(await acknowledge(worker)).toBe(true);
    expect(await acknowledge(worker)).toBe(true);
    expect(await acknowledge(worker)).toBe(true);

    expect(sentTo(sent, worker)).toEqual(ids);
    expect(await acknowledge(worker)).toBe(false);
  });

  it('that goes without acknowledging leaves its task run to another one', async () => {
    const { deps, delay, serve, sent } = aStage();
    const worker = await serve();
    const id = await delay();
    const other = await serve();

    await unsubscribeTaskWorker(deps, worker);

    expect(sentTo(sent, other)).toEqual([id]);
  });

  it('that turns out to be gone while a frame is sent costs nothing', async () => {
    const { delay, serve, sent, gone } = aStage();
    const worker = await serve();
    gone.add(worker);
    const other = await serve();

    const id = await delay();

    expect(sent).toEqual([{ to: other, id }]);
  });

  it('that is gone when it would get the next one leaves that to another', async () => {
    const { delay, serve, sent, gone, acknowledge } = aStage();
    const [worker, other] = [await serve(), await serve()];
    const ids = [await delay(), await delay(), await delay()];
    gone.add(worker);

    await acknowledge(worker);
    await acknowledge(other);

    expect(sentTo(sent, other)).toEqual([ids[1], ids[2]]);
  });

  it('that comes back under the same connection gets what it had not acknowledged', async () => {
    const { deps, delay, serve, sent, taskKey } = aStage();
    const worker = await serve();
    const id = await delay();

    await subscribeTaskWorker(deps, {
      connectionId: worker,
      clientId: 'a',
      taskKeys: [taskKey],
      expiresAt: start + hour,
    });

    expect(sentTo(sent, worker)).toEqual([id, id]);
  });

  it('serves several tasks, the oldest task run first', async () => {
    const { delay, serve, sent, acknowledge, taskKey } = aStage();
    const other = `${taskKey}-other`;
    const ids = [await delay({ taskKey: other }), await delay(), await delay({ taskKey: other })];

    const worker = await serve([taskKey, other]);
    await acknowledge(worker);
    await acknowledge(worker);

    expect(sentTo(sent, worker)).toEqual(ids);
  });
});

describe('several workers', () => {
  it('take turns', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const workers = [await serve(), await serve(), await serve()];

    for (let round = 0; round < 6; round += 1) {
      await delay();
      await acknowledge(sent.at(-1)?.to ?? '');
    }

    for (const worker of workers) expect(sentTo(sent, worker)).toHaveLength(2);
  });

  it('that are busy do not hold up one that is free', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const [busy, free] = [await serve(), await serve()];
    await delay();
    for (let count = 0; count < 4; count += 1) {
      await delay();
      await acknowledge(free);
    }

    expect(sentTo(sent, busy)).toHaveLength(1);
    expect(sentTo(sent, free)).toHaveLength(4);
  });

  it('at once get every task run exactly once', async () => {
    const { delay, serve, sent, acknowledge } = aStage();
    const workers = await Promise.all(Array.from({ length: 6 }, () => serve()));

    const ids = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => {
        const id = await delay();
        await acknowledge(workers[at % workers.length] ?? '');
        return id;
      }),
    );
    while ((await Promise.all(workers.map(acknowledge))).some(Boolean));

    expect(sent.map(({ id }) => id).sort()).toEqual(ids.sort());
  });
});

describe('the check of every minute', () => {
  it('gives back what a worker held whose connection ended without a word', async () => {
    const { clock, deps, delay, serve, sent, open } = aStage();
    const lost = await serve();
    const id = await delay();
    const other = await serve();
    open.delete(lost);

    await checkTaskWorkers(deps);
    expect(sentTo(sent, other)).toEqual([]);
    clock.now += minute;
    await checkTaskWorkers(deps);

    expect(sentTo(sent, other)).toEqual([id]);
  });

  it('leaves a busy worker what it holds', async () => {
    const { clock, deps, delay, serve, sent } = aStage();
    const busy = await serve();
    const id = await delay();
    const other = await serve();
    clock.now += 10 * minute;

    await checkTaskWorkers(deps);

    expect(sent).toEqual([{ to: busy, id }]);
    expect(sentTo(sent, other)).toEqual([]);
  });

  it('hands out what waits beside an idle worker because its wake was lost', async () => {
    const { deps, delay, serve, sent, taskKey } = aStage();
    const worker = await serve();
    const deaf = { ...deps, taskQueue: { ...deps.taskQueue, workers: async () => [] } };
    const state = { type: 'SCHEDULED', name: 'Scheduled', details: { other: { deferred: true } } } as const;
    await createTaskRun(deaf, { taskKey, dynamicKey: '1', state });
    expect(sent).toEqual([]);

    await checkTaskWorkers(deps);

    expect(sentTo(sent, worker)).toHaveLength(1);
    expect(await delay()).toBeDefined();
  });
});
