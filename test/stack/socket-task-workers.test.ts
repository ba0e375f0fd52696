// Task workers on their socket: one task run at a time, and nothing lost with a worker.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SocketStage, startSocketStage } from '../support/socket-stage.ts';
import { visitSockets } from '../support/socket-visits.ts';
import { waitFor } from '../support/wait-for.ts';

let stage: SocketStage;

beforeAll(async () => {
  stage = await startSocketStage();
});
afterAll(() => stage.close());

const { open, greeted } = visitSockets(() => stage);

describe('/task_runs/subscriptions/scheduled', () => {
  const path = '/task_runs/subscriptions/scheduled';
  const subscribing = (...keys: string[]) => ({ type: 'subscribe', keys, client_id: 'host-1' });

  it.each([
    ['an early acknowledgement', { type: 'ack' }, "expected 'subscribe' message"],
    ['no task', { type: 'subscribe', keys: [], client_id: 'c' }, "expected 'keys' in subscribe message"],
    ['no name', { type: 'subscribe', keys: ['a'] }, "expected 'client_id' in subscribe message"],
  ])('closes with 4001 for %s', async (_what, frame, problem) => {
    const client = await greeted(await open(), path);

    client.send(frame);

    const end = await waitFor('the close', client.closed);
    expect(end).toEqual({ code: 4001, reason: `Protocol violation: ${problem}` });
  });

  it('sends one task run, and the next when that one is acknowledged', async () => {
    const key = `task-${randomUUID()}`;
    const [first, second] = [await queued(key, 1), await queued(key, 2)];
    const client = await greeted(await open(), path);

    client.send(subscribing(key));
    const before = [...(await client.received(2))];
    client.send({ type: 'ack' });
    const after = await client.received(3);

    expect(before.slice(1)).toMatchObject([{ id: first, task_key: key, state: { type: 'SCHEDULED' } }]);
    expect(after.slice(2)).toMatchObject([{ id: second }]);
  });

  it('gives what a lost worker had not acknowledged to the next one', async () => {
    const key = `task-${randomUUID()}`;
    const id = await queued(key, 1);
    const url = await open();
    const lost = await greeted(url, path);
    lost.send(subscribing(key));
    await lost.received(2);
    const next = await greeted(url, path);
    next.send(subscribing(key));

    lost.socket.terminate();
    const frames = await next.received(2);

    expect(frames[1]).toMatchObject({ id });
  });

  it('closes with 1000 for a worker that says goodbye, and with 4001 for one that says something else', async () => {
    const url = await open();
    const [leaving, wrong] = [await greeted(url, path), await greeted(url, path)];
    for (const client of [leaving, wrong]) client.send(subscribing(`task-${randomUUID()}`));

    leaving.send({ type: 'quit' });
    wrong.send({ type: 'subscribe' });
    const ends = await Promise.all([waitFor('a close', leaving.closed), waitFor('a close', wrong.closed)]);

    expect(ends.map(({ code }) => code)).toEqual([1000, 4001]);
  });
});

async function queued(taskKey: string, queuedAt: number): Promise<string> {
  const id = randomUUID();
  await stage.taskRuns.create({
    id,
    version: 1,
    created: 1,
    updated: 1,
    name: 'n',
    taskKey,
    dynamicKey: id,
    policy: {},
    tags: [],
    labels: {},
    taskInputs: {},
    state: { id: randomUUID(), type: 'SCHEDULED', name: 'Scheduled', timestamp: 1, details: {} },
    runCount: 0,
    flowRunRunCount: 0,
    totalRunTimeMs: 0,
    queuedAt,
  });
  return id;
}
