// What a container leaves on disk, so that whoever comes later can tell what became of it.
// Rule: a generation of a container is started by whoever creates its claim file, and by nobody else.

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, type ProcessIdentity, parseStat, readText } from './process-identity.ts';

/** Names a container everywhere outside its record: `TASK/CONTAINER`. */
export type ContainerKey = string;

/** What is known of a container's process from its files. */
export type ContainerOutcome =
  | { readonly kind: 'running' }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'lost' };

const nobody = 'nobody\n';
const startMilliseconds = 5_000;

export function containerKey(taskId: string, container: string): ContainerKey {
  return `${taskId}/${container}`;
}

export class ContainerFiles {
  /** One folder for the exit codes of all containers, so that one watch sees every end. */
  readonly exitFolder: string;
  readonly #tasksFolder: string;

  constructor(dataDir: string) {
    this.#tasksFolder = path.resolve(dataDir, 'tasks');
    this.exitFolder = path.resolve(dataDir, 'exits');
    mkdirSync(this.#tasksFolder, { recursive: true });
    mkdirSync(this.exitFolder, { recursive: true });
  }

  /** The working directory that the containers of a task share. */
  workFolder(taskId: string): string {
    return path.join(this.#tasksFolder, taskId, 'work');
  }

  folder(key: ContainerKey): string {
    const [taskId = '', container = ''] = key.split('/');
    return path.join(this.#tasksFolder, taskId, 'containers', container);
  }

  /** Standard output and standard error, in the order they were written. */
  outputFile(key: ContainerKey): string {
    return path.join(this.folder(key), 'output');
  }

  exitFile(key: ContainerKey): string {
    return path.join(this.exitFolder, key.replace('/', '.'));
  }

  /** The container whose exit file has this name. */
  static keyOfExitFile(fileName: string): ContainerKey {
    return fileName.replace('.', '/');
  }

  prepare(key: ContainerKey): void {
    const [taskId = ''] = key.split('/');
    mkdirSync(this.workFolder(taskId), { recursive: true });
    mkdirSync(this.folder(key), { recursive: true });
  }

  /**
   * Takes the right to start this generation for nobody, so that a starter who is late finds it gone.
   * False: its process was started, whether or not we ever heard of it.
   */
  claimForNobody(key: ContainerKey, generation: number): boolean {
    this.prepare(key);
    const file = this.#claimFile(key, generation);
    try {
      writeFileSync(file, nobody, { flag: 'wx' });
      return true;
    } catch {
      return readText(file) === nobody;
    }
  }

  /** Removes what a forgotten task needs no more; its output stays, as logs outlive tasks. */
  async remove(taskId: string, containers: readonly string[]): Promise<void> {
    await rm(this.workFolder(taskId), { recursive: true, force: true });
    for (const name of containers) await rm(this.exitFile(containerKey(taskId, name)), { force: true });
  }

  /** The container's first process, once it is there. */
  firstProcess(key: ContainerKey): ProcessIdentity | undefined {
    return parseStat(readText(path.join(this.folder(key), 'first')) ?? '');
  }

  outcome(key: ContainerKey, generation: number): ContainerOutcome {
    // In this order: a keeper that ended before we looked at its exit file has written it by then.
    const isKept = this.#isKept(key, generation);
    const code = this.#exitCode(key);
    if (code !== undefined) return { kind: 'exited', code };
    return isKept ? { kind: 'running' } : { kind: 'lost' };
  }

  #isKept(key: ContainerKey, generation: number): boolean {
    const keeper = parseStat(readText(this.#claimFile(key, generation)) ?? '');
    return keeper === undefined ? this.#isStarting(key) : isAlive(keeper);
  }

  // Between the start of a keeper and its claim there is nothing to see.
  #isStarting(key: ContainerKey): boolean {
    const folder = statSync(this.folder(key), { throwIfNoEntry: false });
    return folder !== undefined && Date.now() - folder.mtimeMs < startMilliseconds;
  }

  // A file that does not end in a newline is still being written, or never will be.
  #exitCode(key: ContainerKey): number | undefined {
    const match = /^(?<code>\d+)\n$/.exec(readText(this.exitFile(key)) ?? '');
    return match === null ? undefined : Number(match.groups?.['code']);
  }

  #claimFile(key: ContainerKey, generation: number): string {
    return path.join(this.folder(key), `claim-${generation}`);
  }
}
