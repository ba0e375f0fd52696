// Work queues, by id and by name under their pool. A queue keeps its name; a pool keeps its default queue.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { poolQueueRoutes, workQueueRoutes } from '../../../shared/contract/work-queues.ts';
import type { WorkQueue } from '../../../shared/domain/catalogue.ts';
import { matchesWorkQueue, type WorkQueueFilter } from '../../../shared/domain/filter/catalogue-filters.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { workQueueToWire } from '../wire/catalogue.ts';
import { isoOrNull } from '../wire/times.ts';
import { activeSlots } from './active-slots.ts';
import { wireOfRuns } from './flow-runs.ts';
import { notePolledQueues } from './note-polls.ts';
import { cut, limitOf, type Window, windowOf } from './paging.ts';
import { readPool } from './read-pool.ts';
import { agentPool, createWorkQueue, ensureAgentPool, removeWorkQueue, updateWorkQueue } from './save-work-queue.ts';

const missing = 'work queue not found';
const mostLate = 200;

async function wireOfQueues(deps: ApiDeps, queues: readonly WorkQueue[]) {
  const isLimited = queues.some(({ concurrencyLimit }) => concurrencyLimit !== undefined);
  const [pools, rows] = await Promise.all([deps.catalogue.workPools.list(), isLimited ? deps.counters.read() : []]);
  return queues.map((queue) =>
    workQueueToWire(queue, {
      pool: pools.find(({ name }) => name === queue.workPoolName),
      activeSlots: queue.concurrencyLimit === undefined ? undefined : activeSlots(rows, { queueId: queue.id }),
      now: deps.world.now(),
      sha256: deps.world.sha256,
    }),
  );
}

async function wireOfQueue(deps: ApiDeps, queue: WorkQueue | undefined) {
  const [wire] = await wireOfQueues(deps, [found(queue, missing)]);
  return found(wire, missing);
}

async function readNamed(deps: ApiDeps, poolName: string, name: string): Promise<WorkQueue> {
  await readPool(deps, poolName);
  const queues = await deps.catalogue.workQueues.list(poolName);
  return found(
    queues.find((queue) => queue.name === name),
    `Work pool queue '${poolName}/${name}' not found.`,
  );
}

type Listed = { readonly filter: WorkQueueFilter | null | undefined; readonly window: Window };

function listed(queues: readonly WorkQueue[], { filter, window }: Listed, by: 'name' | 'priority') {
  const matching = queues.filter((queue) => !filter || matchesWorkQueue(filter, queue));
  const ordered = matching.toSorted((one, other) =>
    by === 'priority' ? one.priority - other.priority : one.name.localeCompare(other.name, 'en'),
  );
  return cut(ordered, window);
}

export const poolQueueHandlers = {
  async create_work_queue({ params, body }, deps) {
    return wireOfQueue(deps, await createWorkQueue(deps, await readPool(deps, params.work_pool_name), body));
  },

  async read_work_queue({ params }, deps) {
    return wireOfQueue(deps, await readNamed(deps, params.work_pool_name, params.name));
  },

  async read_work_queues({ params, body }, deps) {
    const window = windowOf(body);
    await readPool(deps, params.work_pool_name);
    const queues = await deps.catalogue.workQueues.list(params.work_pool_name);
    return wireOfQueues(deps, listed(queues, { filter: body.work_queues, window }, 'priority'));
  },

  async update_work_queue({ params, body }, deps) {
    const queue = await readNamed(deps, params.work_pool_name, params.name);
    await updateWorkQueue(deps, queue.id, body);
  },

  async delete_work_queue({ params }, deps) {
    await removeWorkQueue(deps, await readNamed(deps, params.work_pool_name, params.name));
  },
} satisfies Handlers<typeof poolQueueRoutes, ApiDeps>;

/** A queue is unhealthy with the first late run: how many more there are, up to a page, is for people to read. */
async function lateRuns({ useCases, world }: ApiDeps, { workPoolName, name }: WorkQueue): Promise<number> {
  const poll = { workPoolName, workQueueNames: [name], scheduledBefore: world.now(), limit: mostLate };
  return (await useCases.pollRuns(poll)).filter(({ run }) => run.state.name === 'Late').length;
}

export const workQueueHandlers = {
  async create_work_queue({ body }, deps) {
    return wireOfQueue(deps, await createWorkQueue(deps, await ensureAgentPool(deps), body));
  },

  async read_work_queue_by_name({ params }, deps) {
    const queues = await deps.catalogue.workQueues.list(agentPool);
    return wireOfQueue(
      deps,
      queues.find((queue) => queue.name === params.name),
    );
  },

  async read_work_queue({ params }, deps) {
    return wireOfQueue(deps, await deps.catalogue.workQueues.read(params.id));
  },

  async read_work_queues({ body }, deps) {
    const window = windowOf(body);
    const queues = await deps.catalogue.workQueues.list();
    return wireOfQueues(deps, listed(queues, { filter: body.work_queues, window }, 'name'));
  },

  async update_work_queue({ params, body }, deps) {
    found(await deps.catalogue.workQueues.read(params.id), `Work Queue ${params.id} not found`);
    await updateWorkQueue(deps, params.id, body);
  },

  async delete_work_queue({ params }, deps) {
    await removeWorkQueue(deps, found(await deps.catalogue.workQueues.read(params.id), missing));
  },

  async read_work_queue_runs({ params, body }, deps) {
    const queue = await deps.catalogue.workQueues.read(params.id);
    if (queue === undefined) throw new Refusal('object_not_found', `Work queue with id ${params.id} not found.`);
    const polled = await deps.useCases.pollRuns({
      workPoolName: queue.workPoolName,
      workQueueNames: [queue.name],
      limit: limitOf(body.limit),
      ...(body.scheduled_before ? { scheduledBefore: body.scheduled_before } : {}),
    });
    await notePolledQueues(deps, [queue]);
    return wireOfRuns(
      deps,
      polled.map(({ run }) => run),
    );
  },

  async read_work_queue_status({ params }, deps) {
    const queue = await deps.catalogue.workQueues.read(params.id);
    if (queue === undefined) throw new Refusal('object_not_found', `Work queue with id ${params.id} not found`);
    const late = await lateRuns(deps, queue);
    const maximumSeconds = 60;
    const silentMs = deps.world.now() - (queue.lastPolled ?? Number.NEGATIVE_INFINITY);
    return {
      healthy: late === 0 && silentMs <= maximumSeconds * 1000,
      late_runs_count: late,
      last_polled: isoOrNull(queue.lastPolled),
      health_check_policy: { maximum_late_runs: 0, maximum_seconds_since_last_polled: maximumSeconds },
    };
  },
} satisfies Handlers<typeof workQueueRoutes, ApiDeps>;
