// The database of the local stack: the embedded DynamoDB as a child process, or one that is given by its address.
// Rule: the child never outlives this process, not even when it is killed with SIGKILL.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { credentials } from './account.ts';
import { region } from './ecs/names.ts';
import { StartError } from './start-error.ts';
import { createTables } from './tables.ts';

export type DatabaseOptions = {
  /** Folder that holds the database file. */
  readonly folder: string;
  /** Path of the embedded database's program; undefined where this platform has none. */
  readonly program: string | undefined;
  /** A database to use in place of the embedded one. */
  readonly endpoint?: string | undefined;
};

export type Database = {
  readonly endpoint: string;
  readonly streamArn: string;
  /** What tells the file from a copy of it, which has the same table in it; undefined for a database that is not ours. */
  readonly identity: string | undefined;
  /** Process id of the child; undefined for a database that is not ours. */
  readonly pid: number | undefined;
  /** Settles with a sentence when the child ends without `close()`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
};

type Server = Omit<Database, 'streamArn' | 'identity'>;

/** The shell that becomes the database leaves a watcher behind: when our end of the pipe closes, it stops the child. */
const dieWithParent = 'exec 3<&0; (cat <&3 >/dev/null; kill $$) & exec "$@" 3<&- </dev/null';

/** Path of the embedded database's program, if this platform has one. */
export function databaseProgram(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/package.json');
    const program = path.join(path.dirname(manifest), 'dynoxide');
    return process.platform === 'linux' && process.arch === 'x64' && existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts the database and creates the tables that are missing.
 *
 * @throws StartError when there is neither a program nor an endpoint, or when the database does not answer
 */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const file = path.join(options.folder, 'tables.sqlite');
  const server = options.endpoint === undefined ? await startEmbedded(options.program, file) : given(options.endpoint);
  const client = new DynamoDBClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 2 });
  try {
    const { streamArn } = await createTables(client);
    if (server.pid !== undefined) addStreamIndexes(file);
    return { ...server, streamArn, identity: server.pid === undefined ? undefined : fileIdentity(file) };
  } catch (error) {
    await server.close();
    if (error instanceof StartError) throw error;
    throw new StartError(`the database at ${server.endpoint} does not answer as DynamoDB: ${firstLine(error)}`, {
      cause: error,
    });
  } finally {
    client.destroy();
  }
}

function fileIdentity(file: string): string {
  const { ino, birthtimeNs } = statSync(file, { bigint: true });
  return `file ${ino} of ${birthtimeNs}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}

/** Indexes that the database lacks: without them each write gets slower with every stream record kept. */
export const streamIndexes = {
  stream_by_table: '(table_name, CAST(sequence_number AS INTEGER))',
  stream_by_shard: '(table_name, shard_id, CAST(sequence_number AS INTEGER))',
} as const;

function addStreamIndexes(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 2000');
    for (const [name, columns] of Object.entries(streamIndexes)) {
      database.exec(`CREATE INDEX IF NOT EXISTS ${name} ON _stream_records ${columns}`);
    }
  } finally {
    database.close();
  }
}

function given(endpoint: string): Server {
  return { endpoint, pid: undefined, lost: new Promise(() => undefined), close: () => Promise.resolve() };
}

async function startEmbedded(program: string | undefined, file: string): Promise<Server> {
  if (program === undefined || !existsSync(program)) {
    throw new StartError(
      `no embedded database for ${process.platform} ${process.arch}: set SLIPWAY_DYNAMODB_ENDPOINT to a DynamoDB address`,
    );
  }
  const attempts = 5;
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = spawnDatabase([program, 'serve', '--port', String(port), '--db-path', file]);
    const problem = await listeningOrProblem(child);
    if (problem === undefined) return serverOf(child, port);
    // Somebody else may have taken the port between our look and the child's.
    if (attempt === attempts) throw new StartError(`the database did not start: ${problem}`);
  }
}

function spawnDatabase(command: readonly string[]): ChildProcess {
  // In a session of its own, so that Ctrl-C in the terminal reaches us alone and we stop it last.
  return spawn('/bin/sh', ['-c', dieWithParent, 'sh', ...command], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    env: {},
  });
}

/** Waits for the line that the child writes once it listens; answers what went wrong if it ends before. */
async function listeningOrProblem(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
    if (said.includes('listening on')) resolve(undefined);
  });
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, signal) => resolve(said.trim().split('\n').at(-1) || `it ended with ${code ?? signal}`));
  const deadline = setTimeout(() => resolve('it was silent for 10 s'), 10_000);
  const problem = await promise;
  clearTimeout(deadline);
  if (problem !== undefined) child.kill('SIGKILL');
  return problem;
}

function serverOf(child: ChildProcess, port: number): Server {
  const { promise: lost, resolve } = Promise.withResolvers<string>();
  let isClosing = false;
  child.once('exit', (code, signal) => {
    child.stdin?.destroy();
    if (!isClosing) resolve(`the database ended by itself with ${code ?? signal}`);
  });
  child.stdin?.on('error', () => undefined);
  const close = async () => {
    isClosing = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(patience);
  };
  return { endpoint: `http://127.0.0.1:${port}`, pid: child.pid, lost, close };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || address === null) throw new StartError('no free loopback port');
  return address.port;
}
