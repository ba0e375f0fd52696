import { randomUUID } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { Logs } from '../../shared/ports/logs.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: DocumentClient;
let logs: Logs;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  logs = createLogs({ client, table: database.bulkTable, sha256: world.sha256 });
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

function aLine(flowRunId: string, change: Partial<LogLine> = {}): LogLine {
  const id = randomUUID();
  return { id, created: 5, name: 'n', level: 20, message: 'm', timestamp: 1_000, flowRunId, ...change };
}

async function chunksOf(runId: string): Promise<Record<string, unknown>[]> {
  const answer = await client.send(
    new QueryCommand({
      TableName: database.bulkTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `logs#${runId}` },
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

  it('keeps the lines of each run apart and lines of no run nowhere', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const { flowRunId: _none, ...homeless } = aLine(one);

    await logs.append([aLine(one), aLine(other), homeless, { ...homeless, taskRunId: 'task' }]);

    expect(await logs.readRun(one)).toHaveLength(1);
    expect(await logs.readRun(other)).toHaveLength(1);
    expect(await logs.readRun('task')).toMatchObject([{ taskRunId: 'task' }]);
  });

  it('packs many lines into few items, each small enough', async () => {
    const run = randomUUID();
    const lines = Array.from({ length: 1_000 }, (_, at) => aLine(run, { message: 'x'.repeat(900), timestamp: at }));

    await logs.append(lines);
    const chunks = await chunksOf(run);

    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.length).toBeLessThan(10);
    expect(Math.max(...chunks.map(({ doc }) => String(doc).length))).toBeLessThan(300_100);
    expect(await logs.readRun(run)).toHaveLength(1_000);
  });

  it('stores a batch that is sent again once, with the ids of the last time', async () => {
    const run = randomUUID();
    const batch = () => [aLine(run, { message: 'a' }), aLine(run, { message: 'b' })];

    await logs.append(batch());
    await logs.append(batch());

    expect(await chunksOf(run)).toHaveLength(1);
    expect(await logs.readRun(run)).toHaveLength(2);
  });

  it('keeps the beginning of a line that no item can hold, and says how much is gone', async () => {
    const run = randomUUID();

    await logs.append([aLine(run, { message: '\u0001'.repeat(1_000_000) })]);
    const [line] = await logs.readRun(run);

    expect(line?.message).toBe(`${'\u0001'.repeat(64_000)} … (936000 more characters were not kept)`);
  });

  it('has no lines for a run that nobody logged for', async () => {
    expect(await logs.readRun(randomUUID())).toEqual([]);
  });
});
