import { randomBytes, randomUUID } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { LogRequest, Logs } from '../../shared/ports/logs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: DocumentClient;
let logs: Logs;
let clock = 1_000_000;
let requests = 0;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      return next(args);
    },
    { step: 'finalizeRequest', name: 'count-requests' },
  );
  logs = createLogs({ client, table: database.bulkTable, sha256: world.sha256, now: () => clock });
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

function aLine(flowRunId: string, change: Partial<LogLine> = {}): LogLine {
  const id = randomUUID();
  return { id, created: 5, name: 'n', level: 20, message: 'm', timestamp: 1_000, flowRunId, ...change };
}

const chunksOf = (runId: string) => itemsOf(`logs#${runId}`);
const dataBytes = ({ data }: Record<string, unknown>): number => (data instanceof Uint8Array ? data.length : 0);

async function all(runId: string, request: LogRequest): Promise<{ lines: LogLine[]; skipped: number }> {
  const read = { lines: [] as LogLine[], skipped: 0 };
  for await (const { lines, skipped } of logs.read(runId, request)) {
    read.lines.push(...lines);
    read.skipped += skipped;
  }
  return read;
}

async function itemsOf(pk: string): Promise<Record<string, unknown>[]> {
  const answer = await client.send(
    new QueryCommand({
      TableName: database.bulkTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    }),
  );
  return answer.Items ?? [];
}

describe('logs', () => {
  it('lists the lines of a run by time, those of one time as they were sent', async () => {
    const run = randomUUID();
    const lines = [
      aLine(run, { message: 'later', timestamp: 2_000.002 }),
      aLine(run, { message: 'first', timestamp: 1_000 }),
      aLine(run, { message: 'second', timestamp: 1_000 }),
      aLine(run, { message: 'late', timestamp: 2_000.001 }),
    ];

    await logs.append(lines);

    expect((await logs.readRun(run)).map(({ message }) => message)).toEqual(['first', 'second', 'late', 'later']);
  });

  it('keeps the lines of each run apart, and those of no run under a name of their own', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const { flowRunId: _none, ...homeless } = aLine(one);

    await logs.append([aLine(one), aLine(other), homeless, { ...homeless, taskRunId: 'task' }]);

    expect(await logs.readRun(one)).toHaveLength(1);
    expect(await logs.readRun(other)).toHaveLength(1);
    expect(await logs.readRun('task')).toMatchObject([{ taskRunId: 'task' }]);
    expect(await logs.readRun('-')).toMatchObject([{ message: 'm' }]);
  });

  it('packs many lines into few small items', async () => {
    const run = randomUUID();
    const lines = Array.from({ length: 1_000 }, (_, at) => aLine(run, { message: 'x'.repeat(900), timestamp: at }));

    await logs.append(lines);
    const chunks = await chunksOf(run);

    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.length).toBeLessThan(8);
    expect(Math.max(...chunks.map(dataBytes))).toBeLessThan(20_000);
    expect(await logs.readRun(run)).toHaveLength(1_000);
  });

  it('keeps a batch of 4 MB that does not compress in items that DynamoDB takes', async () => {
    const run = randomUUID();
    const messages = Array.from({ length: 40 }, () => randomBytes(75_000).toString('base64'));

    await logs.append(messages.map((message, at) => aLine(run, { message, timestamp: at })));
    const kept = await logs.readRun(run);

    expect(kept.map(({ message }) => message)).toEqual(messages);
  });

  it('keeps a line of 1 MB whole, in parts where it does not compress', async () => {
    const run = randomUUID();
    const message = randomBytes(750_000).toString('base64');

    await logs.append([aLine(run, { message: 'before', timestamp: 1 }), aLine(run, { message, timestamp: 2 })]);
    const chunks = await chunksOf(run);
    const [before, long] = await logs.readRun(run);

    expect(chunks.map(({ parts }) => parts)).toEqual([1, 2]);
    expect(Math.max(...chunks.map(dataBytes))).toBeLessThan(390_000);
    expect(before?.message).toBe('before');
    expect(long?.message === message).toBe(true);
  });

  it('stores a batch that is sent again once, and gives its lines the same ids', async () => {
    const run = randomUUID();
    const batch = () => [aLine(run, { message: 'a' }), aLine(run, { message: 'b' })];

    const first = await logs.append(batch());
    const second = await logs.append(batch());

    expect(await chunksOf(run)).toHaveLength(1);
    expect(await logs.readRun(run)).toHaveLength(2);
    expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect((await logs.readRun(run)).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  });

  it('has no lines for a run that nobody logged for', async () => {
    expect(await logs.readRun(randomUUID())).toEqual([]);
  });
});

describe('reading a log', () => {
  it('gives overlapping and late batches in order, backwards exactly the reverse, and skips what is asked for', async () => {
    const run = randomUUID();
    const sent: LogLine[] = [];
    for (let batch = 0; batch < 60; batch += 1) {
      const from = ((batch * 7_919) % 60) * 1_500;
      const lines = Array.from({ length: 1 + (batch % 5) }, (_, at) =>
        aLine(run, { message: `${batch} ${at}`, timestamp: from + at * 3_100, created: batch }),
      );
      sent.push(...lines);
      await logs.append(lines);
    }
    const times = sent.map(({ timestamp }) => timestamp).sort((one, other) => one - other);

    const up = await all(run, { order: 'ASC' });
    const down = await all(run, { order: 'DESC' });
    const skipping = await all(run, { order: 'ASC', skip: 37 });

    expect(up.lines.map(({ timestamp }) => timestamp)).toEqual(times);
    expect(down.lines.toReversed().map(({ message }) => message)).toEqual(up.lines.map(({ message }) => message));
    expect(skipping.skipped).toBeLessThanOrEqual(37);
    expect(skipping.lines.map(({ message }) => message)).toEqual(
      up.lines.slice(skipping.skipped).map(({ message }) => message),
    );
  });

  it('passes over chunks that are wholly skipped without opening them', async () => {
    const run = randomUUID();
    for (let batch = 0; batch < 20; batch += 1) {
      await logs.append([0, 1, 2].map((at) => aLine(run, { message: `${batch}`, timestamp: batch * 60_000 + at })));
    }

    const up = await all(run, { order: 'ASC', skip: 31 });
    const down = await all(run, { order: 'DESC', skip: 31 });

    expect(up).toMatchObject({ skipped: 30 });
    expect(down).toMatchObject({ skipped: 30 });
    expect(up.lines).toHaveLength(30);
  });

  it('reads only as much as is asked for: the newest page of a long log is one request', async () => {
    const run = randomUUID();
    await logs.append(
      Array.from({ length: 200 }, (_, at) => aLine(run, { message: 'x'.repeat(5_000), timestamp: at * 11_000 })),
    );
    const before = requests;

    for await (const { lines } of logs.read(run, { order: 'DESC' })) if (lines.length > 0) break;

    expect(requests - before).toBe(1);
  });

  it('keeps to times and levels by the chunk', async () => {
    const run = randomUUID();
    for (const at of [1, 2, 3, 4]) {
      await logs.append([aLine(run, { message: `${at}`, timestamp: at * 100_000, level: at * 10 })]);
    }

    const between = await all(run, { order: 'ASC', after: 200_000, before: 300_000 });
    const severe = await all(run, { order: 'ASC', leastLevel: 30 });

    expect(between.lines.map(({ message }) => message)).toEqual(['2', '3']);
    expect(severe.lines.map(({ message }) => message)).toEqual(['3', '4']);
  });

  it('does not show lines whose time is over, whenever the table removes them', async () => {
    const run = randomUUID();
    clock = 1_000_000;
    await logs.append([aLine(run, { message: 'short' })], { expiresAt: () => 1_060_000 });
    await logs.append([aLine(run, { message: 'long' })]);

    const before = await logs.readRun(run);
    clock = 1_061_000;
    const after = await logs.readRun(run);

    expect(before).toHaveLength(2);
    expect(after).toMatchObject([{ message: 'long' }]);
  });
});

describe('removing a log', () => {
  it('leaves nothing, parts of long lines included', async () => {
    const run = randomUUID();
    const message = randomBytes(750_000).toString('base64');
    await logs.append([aLine(run, { message }), ...[1, 2, 3].map((at) => aLine(run, { timestamp: at * 60_000 }))]);

    const removal = await logs.remove(run);

    expect(removal).toEqual({ isDone: true });
    expect(await chunksOf(run)).toEqual([]);
    expect(await itemsOf(`log-parts#${run}`)).toEqual([]);
  });
});
