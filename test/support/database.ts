// The real local database for one test file: both tables of the stack, in memory-backed files, gone after close().
// It points this process' AWS SDK at itself, so stores under test make their client as they do in production.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { bulkInput, controlInput } from '../../local/tables.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

export type TestDatabase = {
  readonly endpoint: string;
  readonly controlTable: string;
  readonly bulkTable: string;
  readonly close: () => Promise<void>;
};

const localAws = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** Starts the database, creates the tables and sets `AWS_ENDPOINT_URL_DYNAMODB` of this process. */
export async function startDatabase(): Promise<TestDatabase> {
  const folder = await tempDir('slipway-db-');
  const file = path.join(folder.path, 'tables.sqlite');
  const started = await startServer(file);
  Object.assign(process.env, localAws, { AWS_ENDPOINT_URL_DYNAMODB: started.endpoint });
  const names = { controlTable: 'slipway-control', bulkTable: 'slipway-bulk' };
  try {
    await createTables(started.endpoint, names);
    addStreamIndexes(file);
  } catch (error) {
    await started.stop();
    await folder.remove();
    throw error;
  }
  const close = async () => {
    await started.stop();
    await folder.remove();
  };
  return { endpoint: started.endpoint, ...names, close };
}

async function startServer(file: string): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const port = await freePort();
  // The shell ends its child when this process' end of the pipe closes: no database outlives its tests.
  const script = '"$@" & d=$!; cat >/dev/null; kill $d; wait $d';
  const command = [databaseProgram(), 'serve', '--port', String(port), '--db-path', file];
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  try {
    await waitFor('the database to answer', () => client.send(new ListTablesCommand({})));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.destroy();
  }
  return { endpoint, stop };
}

const credentials = { accessKeyId: localAws.AWS_ACCESS_KEY_ID, secretAccessKey: localAws.AWS_SECRET_ACCESS_KEY };

function databaseProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/package.json');
  return path.join(path.dirname(manifest), 'dynoxide');
}

/** For tests that want tables of their own. */
export async function createTables(
  endpoint: string,
  names: { controlTable: string; bulkTable: string },
): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  try {
    await client.send(new CreateTableCommand(controlInput(names.controlTable)));
    await client.send(new CreateTableCommand(bulkInput(names.bulkTable)));
  } finally {
    client.destroy();
  }
}

/** Without them each write to a table with a stream gets slower with every record kept. */
function addStreamIndexes(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout=2000');
    const sequence = 'CAST(sequence_number AS INTEGER)';
    database.exec(`CREATE INDEX IF NOT EXISTS stream_by_table ON _stream_records (table_name, ${sequence})`);
    database.exec(`CREATE INDEX IF NOT EXISTS stream_by_shard ON _stream_records (table_name, shard_id, ${sequence})`);
  } finally {
    database.close();
  }
}
