// Creates, changes and deletes work queues.
import type { WorkQueueCreate, WorkQueueUpdate } from '../../../shared/contract/work-queues.ts';
import type { WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { orNone, present } from '../wire/present.ts';
import { changing } from './changing.ts';
import { integrityConflict } from './deployment-references.ts';
import { freeQueueId } from './free-queue-id.ts';
import { freePriority, makeRoom } from './queue-priority.ts';
import { createWorkPool, leavePlace } from './save-work-pool.ts';

export async function createWorkQueue(deps: ApiDeps, pool: WorkPool, sent: WorkQueueCreate): Promise<WorkQueue> {
  const { catalogue, world } = deps;
  const now = world.now();
  const queues = await catalogue.workQueues.list(pool.name);
  if (queues.some(({ name }) => name === sent.name)) throw nameIsTaken(pool.name);
  const queue: WorkQueue = present({
    id: freeQueueId(deps, queues, { workPoolName: pool.name, name: sent.name }),
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
  if (kind === 'exists') throw nameIsTaken(pool.name);
  if (sent.priority) await makeRoom(deps, item);
  return item;
}

function nameIsTaken(workPoolName: string): Refusal {
  const where = workPoolName === agentPool ? '' : ` in work pool '${workPoolName}'`;
  return new Refusal('conflict', `A work queue with this name already exists${where}.`);
}

/** @throws Refusal conflict: names are unique within a pool */
async function checkNewName({ catalogue }: ApiDeps, id: string, name: string | null | undefined): Promise<void> {
  const queue = name ? await catalogue.workQueues.read(id) : undefined;
  if (queue === undefined || queue.name === name) return;
  const others = await catalogue.workQueues.list(queue.workPoolName);
  if (others.some((other) => other.name === name)) throw integrityConflict();
}

export async function updateWorkQueue(deps: ApiDeps, id: string, sent: WorkQueueUpdate): Promise<void> {
  const { workQueues } = deps.catalogue;
  // Prefect's columns take no null here.
  if (sent.name === null || sent.description === null || sent.priority === null) throw integrityConflict();
  await checkNewName(deps, id, sent.name);
  const changed = await changing({ read: () => workQueues.read(id), write: workQueues.change }, (before) => {
    return present({
      ...before,
      updated: deps.world.now(),
      name: sent.name ?? before.name,
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
  } else if (sent.concurrency_limit !== undefined) {
    await deps.useCases.moreRoom();
  }
}

export async function removeWorkQueue(deps: ApiDeps, queue: WorkQueue): Promise<void> {
  const { catalogue } = deps;
  const pool = await catalogue.workPools.read(queue.workPoolName);
  if (pool?.defaultQueueId === queue.id) throw new Refusal('conflict', "Can't delete a pool's default queue.");
  if (!(await catalogue.workQueues.remove(queue.id))) throw new Refusal('not_found', 'work queue not found');
  const deployments = await catalogue.deployments.list();
  const left = deployments.filter(({ workQueueId }) => workQueueId === queue.id);
  await Promise.all(left.map(({ id }) => leavePlace(deps, id)));
}

export const agentPool = 'default-agent-pool';

/** The pool that queues without a pool belong to; it comes into being with the first of them. */
export async function ensureAgentPool(deps: ApiDeps): Promise<WorkPool> {
  const known = await deps.catalogue.workPools.read(agentPool);
  if (known !== undefined) return known;
  const description = 'A work pool for agents.';
  return createWorkPool(deps, { name: agentPool, type: 'prefect-agent', is_paused: false, description });
}
