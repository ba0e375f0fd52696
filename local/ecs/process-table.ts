// Finds and ends the processes of containers, also those that left their parents, groups and sessions.
// Rule: a process belongs to a container if it carries its mark, descends from one that does, or once did.

import { readdirSync } from 'node:fs';
import type { ContainerKey } from './container-files.ts';
import { containerMark } from './container-keeper.ts';
import { hasEnded, type ProcessStatus, readProcess, readText, signalProcess } from './process-identity.ts';

// A process this old keeps the environment it has: only one between fork and exec still shows its parent's.
const settledMilliseconds = 2_000;

type Known = { readonly startTicks: string; readonly key: ContainerKey | undefined; readonly seenAt: number };

type Scan = {
  readonly owners: ReadonlyMap<number, { readonly status: ProcessStatus; readonly key: ContainerKey }>;
  /** False where a process came or went while we looked: what it started may be missing here. */
  readonly isComplete: boolean;
};

export class ProcessTable {
  // Owned processes stay owned, whatever they do to their environment; strangers are not read again and again.
  #known = new Map<number, Known>();
  readonly #sessions = new Map<number, ContainerKey>();

  /**
   * Tells which session a container's processes are in, until they are ended. It finds those that wiped their
   * environment and lost their parents; only who started the session knows that its number was not reused.
   */
  expectSession(sessionId: number, key: ContainerKey): void {
    this.#sessions.set(sessionId, key);
  }

  /**
   * Kills the processes of these containers that one look finds.
   * Answers how many each had, and whether the look can have missed some.
   */
  kill(keys: ReadonlySet<ContainerKey>): {
    readonly counts: ReadonlyMap<ContainerKey, number>;
    readonly isComplete: boolean;
  } {
    const { owners, isComplete } = this.scan();
    const counts = new Map<ContainerKey, number>();
    for (const { status, key } of owners.values()) {
      if (!keys.has(key)) continue;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      signalProcess(status, 'SIGKILL');
    }
    return { counts, isComplete };
  }

  /** Forgets the session of a container that has no process left. */
  forgetSession(ended: ContainerKey): void {
    for (const [sessionId, key] of this.#sessions) {
      if (key === ended) this.#sessions.delete(sessionId);
    }
  }

  /** Every living process of any container. */
  scan(): Scan {
    const seen = new Map<number, ProcessStatus>();
    const known = new Map<number, Known>();
    let isComplete = true;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const status = readProcess(pid);
      if (status === undefined) isComplete = false;
      if (status === undefined || hasEnded(status)) continue;
      seen.set(pid, status);
      known.set(pid, this.#recognise(status));
    }
    this.#known = known;
    return { owners: this.#owners(seen), isComplete };
  }

  #recognise(status: ProcessStatus): Known {
    const now = performance.now();
    const before = this.#known.get(status.pid);
    const isSame = before?.startTicks === status.startTicks;
    if (isSame && (before.key !== undefined || now - before.seenAt > settledMilliseconds)) return before;
    const seenAt = isSame ? before.seenAt : now;
    return { startTicks: status.startTicks, key: markOf(status.pid), seenAt };
  }

  #owners(seen: ReadonlyMap<number, ProcessStatus>): Scan['owners'] {
    const owners = new Map<number, { status: ProcessStatus; key: ContainerKey }>();
    for (const status of seen.values()) {
      const key = this.#keyByAncestry(status, seen);
      if (key === undefined) continue;
      owners.set(status.pid, { status, key });
      const known = this.#known.get(status.pid);
      if (known !== undefined && known.key === undefined) this.#known.set(status.pid, { ...known, key });
    }
    return owners;
  }

  #keyByAncestry(status: ProcessStatus, seen: ReadonlyMap<number, ProcessStatus>): ContainerKey | undefined {
    const visited = new Set<number>();
    for (let next: ProcessStatus | undefined = status; next !== undefined; next = seen.get(next.parentPid)) {
      if (visited.has(next.pid)) return undefined;
      visited.add(next.pid);
      const key = this.#known.get(next.pid)?.key;
      if (key !== undefined) return key;
      const bySession = this.#sessions.get(next.sessionId) ?? this.#known.get(next.sessionId)?.key;
      if (bySession !== undefined) return bySession;
    }
    return undefined;
  }
}

function markOf(pid: number): ContainerKey | undefined {
  const environment = readText(`/proc/${pid}/environ`);
  if (environment === undefined || !environment.includes(containerMark)) return undefined;
  const prefix = `${containerMark}=`;
  return environment
    .split('\0')
    .find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}
