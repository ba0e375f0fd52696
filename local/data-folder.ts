// The folder that holds everything of one local stack, and who is running on it.
// Rule: one program at a time. The lock is the kernel's, so it is gone with its holder, however that ended.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { isAlive, type ProcessIdentity, readProcess, signalProcess } from './ecs/process-identity.ts';
import { StartError } from './start-error.ts';

const processIdentity = z.object({ pid: z.number(), startTicks: z.string() });
const stackFile = z.object({
  /** Absent once the program has ended in order. */
  pid: z.number().optional(),
  ports: z.object({ api: z.number(), database: z.number(), queue: z.number(), services: z.number() }),
  startedAt: z.string(),
  /** The embedded database's process. */
  database: processIdentity.optional(),
});

/** What `stack.json` tells whoever looks for a running stack. */
export type StackFile = z.infer<typeof stackFile>;

export type DataFolder = {
  readonly path: string;
  /** What the last program on this folder wrote. */
  readonly last: StackFile | undefined;
  /** Tells in `stack.json` that this program runs. */
  announce(running: StackFile & { readonly pid: number }): void;
  /** Gives the folder back; the ports stay written down for the next start. */
  release(): void;
};

/** @throws StartError when the folder cannot be written or another program runs on it */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const file = path.join(folder, 'stack.json');
  const lock = lockFolder(folder, () => inUse(folder, readStackFile(file)));
  const last = readStackFile(file);
  await waitForDatabase(last?.database);
  const write = (content: StackFile) => {
    writeFileSync(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
    renameSync(`${file}.new`, file);
  };
  let announced: StackFile | undefined;
  return {
    path: folder,
    last,
    announce: (running) => {
      announced = running;
      write(running);
    },
    release: () => {
      if (announced !== undefined) write({ ports: announced.ports, startedAt: announced.startedAt });
      lock.close();
    },
  };
}

/** A process by its number and start time, which tells it from a later one of the same number. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const found = readProcess(pid);
  return found === undefined ? undefined : { pid, startTicks: found.startTicks };
}

function lockFolder(folder: string, whenInUse: () => StartError): DatabaseSync {
  try {
    makeFolder(folder);
    const lock = new DatabaseSync(path.join(folder, 'lock.sqlite'), { timeout: 0 });
    // Never committed: SQLite's file lock is held for as long as this process lives, and no longer.
    lock.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (by INTEGER)');
    return lock;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (/database is locked/.test(text)) throw whenInUse();
    throw new StartError(`cannot write to folder ${folder}: ${text.split('\n')[0]}`, { cause: error });
  }
}

/** Not mkdir's own recursion: below a folder that takes no entries, such as /proc, that one never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (!existsSync(parent)) makeFolder(parent);
  mkdirSync(folder);
}

function inUse(folder: string, running: StackFile | undefined): StartError {
  const pid = running?.pid;
  return pid === undefined
    ? new StartError(`slipway is just starting or stopping on ${folder}: try again in a moment`)
    : new StartError(`slipway already runs on ${folder}: http://127.0.0.1:${running?.ports.api}/api (process ${pid})`);
}

function readStackFile(file: string): StackFile | undefined {
  try {
    return stackFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * The database of a killed program follows it within moments, but two on one file would not notice each other.
 * Its identity was written down, so nobody else's process is meant.
 */
async function waitForDatabase(database: ProcessIdentity | undefined): Promise<void> {
  if (database === undefined) return;
  const deadline = performance.now() + 2000;
  while (isAlive(database) && performance.now() < deadline) await pause(10);
  while (signalProcess(database, 'SIGKILL')) await pause(10);
}
