// Priorities of a pool's queues are unique: a new queue takes the first free one, an explicit one moves others down.
import type { WorkQueue } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';
import { changing } from './changing.ts';

/** The lowest number from 1 that no queue has. */
export function freePriority(queues: readonly WorkQueue[]): number {
  const taken = new Set(queues.map(({ priority }) => priority));
  for (let priority = 1; ; priority += 1) if (!taken.has(priority)) return priority;
}

/** The queues that must make room for one that has taken its priority, with what they get. */
export function displaced(queues: readonly WorkQueue[], taken: WorkQueue): { queue: WorkQueue; priority: number }[] {
  const others = queues
    .filter(({ id, priority }) => id !== taken.id && priority >= taken.priority)
    .sort((one, other) => one.priority - other.priority);
  const moved: { queue: WorkQueue; priority: number }[] = [];
  let last = taken.priority;
  for (const queue of others) {
    if (queue.priority > last) break;
    last += 1;
    moved.push({ queue, priority: last });
  }
  return moved;
}

export async function makeRoom({ catalogue, world }: ApiDeps, taken: WorkQueue): Promise<void> {
  const queues = await catalogue.workQueues.list(taken.workPoolName);
  for (const { queue, priority } of displaced(queues, taken)) {
    const store = { read: () => catalogue.workQueues.read(queue.id), write: catalogue.workQueues.change };
    await changing(store, (before) => ({ ...before, priority, updated: world.now() }));
  }
}
