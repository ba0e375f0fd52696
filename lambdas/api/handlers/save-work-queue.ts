// Creates, changes and deletes work queues.
import type { WorkQueueCreate, WorkQueueUpdate } from '../../../shared/contract/work-queues.ts';
import type { WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { orNone, present } from '../wire/present.ts';
import { changing } from './changing.ts';
import { freePriority, makeRoom } from './queue-priority.ts';
import { createWorkPool, leavePlace } from './save-work-pool.ts';

export async function createWorkQueue(deps: ApiDeps, pool: WorkPool, sent: WorkQueueCreate): Promise<WorkQueue> {
  const { catalogue, world } = deps;
  const now = world.now();
  const queues = await catalogue.workQueues.list(pool.name);
  const queue: WorkQueue = present({
    id: workQueueIdOf(world.sha256, pool.name, sent.name),
    created: now,
    updated: now,
    version: 1,
    workPoolName: pool.name,
    name: sent.name,
    description: orNone(sent.description),
    isPaused: sent.is_paused,
    concurrencyLimit: orNone(sent.concurrency_limit),
    priority: sent.priority ?? freePriority(queues),
  });
  const { kind, item } = await catalogue.workQueues.create(queue);
  if (kind === 'exists') {
    throw new Refusal('conflict', `A work queue with this name already exists in work pool '${pool.name}'.`);
  }
  if (sent.priority) await makeRoom(deps, item);
  return item;
}

export async function updateWorkQueue(deps: ApiDeps, id: string, sent: WorkQueueUpdate): Promise<void> {
  const { workQueues } = deps.catalogue;
  const changed = await changing({ read: () => workQueues.read(id), write: workQueues.change }, (before) => {
    if (sent.name && sent.name !== before.name) {
      const problem = `a work queue keeps its name: got ${sent.name} for ${before.name}, create another one instead`;
      throw new Refusal('invalid_request', problem);
    }
    return present({
      ...before,
      updated: deps.world.now(),
      description: sent.description === undefined ? before.description : orNone(sent.description),
      isPaused: sent.is_paused ?? before.isPaused,
      concurrencyLimit: sent.concurrency_limit === undefined ? before.concurrencyLimit : orNone(sent.concurrency_limit),
      priority: sent.priority ?? before.priority,
      lastPolled: sent.last_polled ?? before.lastPolled,
    });
  });
  const queue = found(changed, 'work queue not found');
  if (sent.priority) await makeRoom(deps, queue);
  if (sent.is_paused === false) {
    await deps.useCases.wakeLanes({ workPoolName: queue.workPoolName, workQueueId: queue.id });
  }
}

export async function removeWorkQueue({ catalogue }: ApiDeps, queue: WorkQueue): Promise<void> {
  const pool = await catalogue.workPools.read(queue.workPoolName);
  if (pool?.defaultQueueId === queue.id) throw new Refusal('conflict', "Can't delete a pool's default queue.");
  if (!(await catalogue.workQueues.remove(queue.id))) throw new Refusal('not_found', 'work queue not found');
  const deployments = await catalogue.deployments.list();
  const left = deployments.filter(({ workQueueId }) => workQueueId === queue.id);
  await Promise.all(left.map(({ id }) => leavePlace(catalogue, id)));
}

export const agentPool = 'default-agent-pool';

/** The pool that queues without a pool belong to; it comes into being with the first of them. */
export async function ensureAgentPool(deps: ApiDeps): Promise<WorkPool> {
  const known = await deps.catalogue.workPools.read(agentPool);
  if (known !== undefined) return known;
  const description = 'A work pool for agents.';
  return createWorkPool(deps, { name: agentPool, type: 'prefect-agent', is_paused: false, description });
}
