// Asks the host process to start and end containers, and starts that process again if it dies.
// Rule: a request is repeated until it is answered or the host is closed.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ContainerKey } from './container-files.ts';
import { type HostRequest, readHostReply, type StartOrder } from './container-host-messages.ts';

type Pending = { readonly request: HostRequest; readonly settle: (problem: string | undefined) => void };

// A host that cannot start must not keep the machine busy with trying.
const restartPauseMilliseconds = 100;

const program = fileURLToPath(new URL('./container-host-process.ts', import.meta.url));

export class ContainerHost {
  readonly #onEnded: (key: ContainerKey) => void;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #child: ChildProcess | undefined;
  #isClosed = false;

  /** @param onEnded hears of containers whose keeper ended; those of an earlier host are not heard of. */
  constructor(onEnded: (key: ContainerKey) => void) {
    this.#onEnded = onEnded;
    this.#child = this.#startChild();
  }

  /** Starts a container's process; answers what went wrong, or undefined. */
  start(key: ContainerKey, order: StartOrder): Promise<string | undefined> {
    return this.#ask({ kind: 'start', id: this.#nextId(), key, order });
  }

  /** Ends every process of a container; answers when none is left. */
  async end(key: ContainerKey): Promise<void> {
    await this.#ask({ kind: 'end', id: this.#nextId(), key });
  }

  /** Ends the host process, not the containers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    if (child.connected) child.disconnect();
    await exited;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #ask(request: HostRequest): Promise<string | undefined> {
    return new Promise((resolve) => {
      const settle = (problem: string | undefined) => {
        this.#pending.delete(request.id);
        resolve(problem);
      };
      this.#pending.set(request.id, { request, settle });
      this.#send(request);
    });
  }

  #send(request: HostRequest): void {
    // A failure to send ends in the child's exit, and that sends again what is pending.
    if (this.#child?.connected) this.#child.send(request, () => undefined);
  }

  #startChild(): ChildProcess {
    // Detached, so that an interrupt typed at the terminal reaches only the program that decides what to do.
    const child = fork(program, [], {
      detached: true,
      execArgv: [],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message) => {
      const reply = readHostReply(message);
      if (reply.kind === 'ended') this.#onEnded(reply.key);
      else this.#pending.get(reply.id)?.settle(reply.problem);
    });
    child.once('exit', () => this.#startAgainAfter(child));
    child.once('error', () => this.#startAgainAfter(child));
    return child;
  }

  #startAgainAfter(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    setTimeout(() => this.#startAgain(), restartPauseMilliseconds).unref();
  }

  #startAgain(): void {
    if (this.#isClosed) return;
    this.#child = this.#startChild();
    for (const { request } of this.#pending.values()) this.#send(request);
  }
}
