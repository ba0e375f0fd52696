// The id of a new work queue.
import type { WorkQueue } from '../../../shared/domain/catalogue.ts';
import { workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';

/** An id made of the names, so that whoever creates the queue twice finds it; a renamed queue keeps its own. */
export function freeQueueId(
  { world }: ApiDeps,
  queues: readonly WorkQueue[],
  { workPoolName, name }: { readonly workPoolName: string; readonly name: string },
): string {
  const id = workQueueIdOf(world.sha256, workPoolName, name);
  return queues.some((queue) => queue.id === id) ? world.newId() : id;
}
