// Ends a container as ECS does: SIGTERM to its first process, a grace, SIGKILL.
// Rule: it only signals; that the container has ended is learnt from its exit file.

import { type ContainerFiles, type ContainerKey, containerKey } from './container-files.ts';
import type { ContainerHost } from './container-host.ts';
import { signalProcess } from './process-identity.ts';
import type { TaskRecord } from './records.ts';

type Deps = { readonly files: ContainerFiles; readonly host: ContainerHost; readonly now: () => number };

// How soon SIGTERM finds a first process that was not there yet.
const retryMilliseconds = 20;

export class ContainerStopper {
  readonly #deps: Deps;
  readonly #retries = new Map<ContainerKey, NodeJS.Timeout>();
  readonly #graces = new Map<ContainerKey, NodeJS.Timeout>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Ends all containers of a task that run; what is left of the grace counts from the task's `stoppingAt`. */
  endAll(task: TaskRecord): void {
    const sinceMilliseconds = this.#deps.now() - (task.stoppingAt ?? this.#deps.now());
    for (const { name, lastStatus, launch } of task.containers) {
      const key = containerKey(task.id, name);
      if (lastStatus !== 'RUNNING' || this.#graces.has(key)) continue;
      const graceMilliseconds = Math.max(0, launch.stopTimeoutSeconds * 1000 - sinceMilliseconds);
      this.#graces.set(
        key,
        setTimeout(() => this.#kill(key), graceMilliseconds),
      );
      this.#terminate(key);
    }
  }

  /** Forgets a container that has ended. */
  ended(key: ContainerKey): void {
    clearTimeout(this.#graces.get(key));
    clearTimeout(this.#retries.get(key));
    this.#graces.delete(key);
    this.#retries.delete(key);
  }

  close(): void {
    for (const key of [...this.#graces.keys()]) this.ended(key);
  }

  #terminate(key: ContainerKey): void {
    const first = this.#deps.files.firstProcess(key);
    if (first !== undefined) signalProcess(first, 'SIGTERM');
    else
      this.#retries.set(
        key,
        setTimeout(() => this.#terminate(key), retryMilliseconds),
      );
  }

  #kill(key: ContainerKey): void {
    clearTimeout(this.#retries.get(key));
    const first = this.#deps.files.firstProcess(key);
    // The keeper lives on to write down 137; without a first process there is nothing for it to write.
    if (first === undefined) void this.#deps.host.end(key);
    else signalProcess(first, 'SIGKILL');
  }
}
