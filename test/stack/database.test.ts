// The embedded database of the local stack: its tables, its speed indexes, and that it dies with whoever started it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { bulkTableName, controlTableName, credentials } from '../../local/account.ts';
import { type Database, databaseProgram, startDatabase, streamIndexes } from '../../local/database.ts';
import { isAlive, readProcess } from '../../local/ecs/process-identity.ts';
import { controlTable } from '../../shared/config/resources.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function emptyFolder(): Promise<string> {
  const folder = await tempDir('slipway-database-');
  opened.push({ close: folder.remove });
  return folder.path;
}

async function open(folder: string): Promise<Database> {
  const database = await startDatabase({ folder, program: databaseProgram() });
  opened.push(database);
  return database;
}

function clientOf({ endpoint }: { endpoint: string }): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  opened.push({ close: async () => client.destroy() });
  return client;
}

describe('the embedded database', () => {
  it('has both tables with the indexes and the stream of the resource table', async () => {
    const client = clientOf(await open(await emptyFolder()));

    const control = await client.send(new DescribeTableCommand({ TableName: controlTableName }));
    const bulk = await client.send(new DescribeTableCommand({ TableName: bulkTableName }));

    const indexes = (control.Table?.GlobalSecondaryIndexes ?? []).map((index) => index.IndexName).sort();
    expect(indexes).toEqual(Object.keys(controlTable.indexes).sort());
    expect(control.Table?.StreamSpecification?.StreamViewType).toBe('NEW_AND_OLD_IMAGES');
    expect(bulk.Table?.StreamSpecification?.StreamEnabled ?? false).toBe(false);
  });

  it('gets both stream indexes at every start, so that writes stay as fast as the first', async () => {
    const folder = await emptyFolder();
    const file = path.join(folder, 'tables.sqlite');
    await (await open(folder)).close();
    const before = new DatabaseSync(file);
    for (const name of Object.keys(streamIndexes)) before.exec(`DROP INDEX ${name}`);
    before.close();

    await (await open(folder)).close();

    const after = new DatabaseSync(file);
    const names = after.prepare("SELECT name FROM sqlite_master WHERE tbl_name = '_stream_records'").all();
    after.close();
    expect(names.map((row) => row['name'])).toEqual(expect.arrayContaining(['stream_by_table', 'stream_by_shard']));
  });

  it('keeps its items and its stream over a restart', async () => {
    const folder = await emptyFolder();
    const first = await open(folder);
    const item = { pk: { S: 'a' }, sk: { S: 'b' } };
    await clientOf(first).send(new PutItemCommand({ TableName: controlTableName, Item: item }));
    await first.close();

    const second = await open(folder);

    const read = await clientOf(second).send(new GetItemCommand({ TableName: controlTableName, Key: item }));
    expect(read.Item).toEqual(item);
    expect(second.streamArn).toBe(first.streamArn);
  });

  it('dies within a second when whoever started it is killed with SIGKILL', async () => {
    const folder = await emptyFolder();
    const program = `
      import { databaseProgram, startDatabase } from ${JSON.stringify(new URL('../../local/database.ts', import.meta.url).href)};
      const database = await startDatabase({ folder: ${JSON.stringify(folder)}, program: databaseProgram() });
      process.stdout.write(String(database.pid));
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    opened.push({ close: async () => void parent.kill('SIGKILL') });
    const [said] = await once(parent.stdout, 'data');
    const child = readProcess(Number(String(said)));

    parent.kill('SIGKILL');

    expect(child?.state).toMatch(/[SR]/);
    await waitFor('the database to be gone', () => child !== undefined && !isAlive(child), { deadlineSeconds: 1 });
  });

  it('tells that it ended by itself', async () => {
    const database = await open(await emptyFolder());

    process.kill(database.pid ?? 0, 'SIGKILL');

    expect(await database.lost).toMatch(/^the database ended by itself/);
  });
});

describe('without an embedded database', () => {
  it('uses the endpoint that is given, and creates the tables there', async () => {
    const other = await open(await emptyFolder());

    const database = await startDatabase({ folder: '/nowhere', program: undefined, endpoint: other.endpoint });

    expect(database).toMatchObject({ endpoint: other.endpoint, pid: undefined, streamArn: other.streamArn });
  });

  it('names the variable that is wanted when there is no endpoint', async () => {
    const started = startDatabase({ folder: '/nowhere', program: undefined });

    await expect(started).rejects.toThrow(/^no embedded database for \w+ \w+: set SLIPWAY_DYNAMODB_ENDPOINT/);
  });

  it('says in one line that an endpoint is no DynamoDB', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end('nothing here'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    opened.push({ close: async () => void server.close() });
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

    const started = startDatabase({ folder: '/nowhere', program: undefined, endpoint });

    await expect(started).rejects.toThrow(
      /^the database at http:\/\/127\.0\.0\.1:\d+ does not answer as DynamoDB: [^\n]+$/,
    );
  });
});
