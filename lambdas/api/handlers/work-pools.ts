// Work pools, the runs that wait in them, and their workers.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { workerRoutes, workPoolRoutes } from '../../../shared/contract/work-pools.ts';
import { isPushPool, type WorkPool } from '../../../shared/domain/catalogue.ts';
import { matchesWorker, matchesWorkPool } from '../../../shared/domain/filter/catalogue-filters.ts';
import { derivedId } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { workerToWire, workPoolToWire } from '../wire/catalogue.ts';
import { workerStatus } from '../wire/status.ts';
import { activeSlots } from './active-slots.ts';
import { wireOfRuns } from './flow-runs.ts';
import { notePolledQueues } from './note-polls.ts';
import { cut, limitOf, windowOf } from './paging.ts';
import { readPool } from './read-pool.ts';
import { createWorkPool, removeWorkPool, updateWorkPool } from './save-work-pool.ts';

async function wireOfPools(deps: ApiDeps, pools: readonly WorkPool[]) {
  const isLimited = pools.some(({ concurrencyLimit }) => concurrencyLimit !== undefined);
  const rows = isLimited ? await deps.counters.read() : [];
  return Promise.all(
    pools.map(async (pool) => {
      const workers = isPushPool(pool.type) ? [] : await deps.catalogue.workers.list(pool.name);
      const slots = pool.concurrencyLimit === undefined ? undefined : activeSlots(rows, { pool: pool.name });
      return workPoolToWire(pool, { workers, activeSlots: slots, now: deps.world.now() });
    }),
  );
}

async function wireOfPool(deps: ApiDeps, pool: WorkPool) {
  const [wire] = await wireOfPools(deps, [pool]);
  return found(wire, `Work pool "${pool.name}" not found.`);
}

export const workPoolHandlers = {
  create_work_pool: async ({ body }, deps) => wireOfPool(deps, await createWorkPool(deps, body)),
  read_work_pool: async ({ params }, deps) => wireOfPool(deps, await readPool(deps, params.name)),

  async read_work_pools({ body }, deps) {
    const window = windowOf(body);
    const pools = await deps.catalogue.workPools.list();
    const matching = pools.filter((pool) => !body.work_pools || matchesWorkPool(body.work_pools, pool));
    return wireOfPools(deps, cut(matching, window));
  },

  async count_work_pools({ body }, { catalogue }) {
    const pools = await catalogue.workPools.list();
    return pools.filter((pool) => !body.work_pools || matchesWorkPool(body.work_pools, pool)).length;
  },

  async update_work_pool({ params, body }, deps) {
    await updateWorkPool(deps, params.name, body);
  },

  async delete_work_pool({ params }, deps) {
    await removeWorkPool(deps, await readPool(deps, params.name));
  },

  async get_scheduled_flow_runs({ params, body }, deps) {
    const pool = await readPool(deps, params.name);
    const names = body.work_queue_names ?? [];
    const queues = await deps.catalogue.workQueues.list(pool.name);
    for (const name of names) {
      if (!queues.some((queue) => queue.name === name)) {
        throw notFound(`Work pool queue '${pool.name}/${name}' not found.`);
      }
    }
    const polled = await deps.useCases.pollRuns({
      workPoolName: pool.name,
      limit: limitOf(body.limit),
      ...(names.length === 0 ? {} : { workQueueNames: names }),
      ...(body.scheduled_before ? { scheduledBefore: body.scheduled_before } : {}),
    });
    const asked = queues.filter(({ name }) => names.length === 0 || names.includes(name));
    await notePolledQueues(deps, asked);
    const runs = await wireOfRuns(
      deps,
      polled.map(({ run }) => run),
    );
    return polled.flatMap(({ workPoolId, workQueueId }, at) => {
      const run = runs[at];
      return run === undefined ? [] : [{ work_pool_id: workPoolId, work_queue_id: workQueueId, flow_run: run }];
    });
  },
} satisfies Handlers<typeof workPoolRoutes, ApiDeps>;

export const workerHandlers = {
  async worker_heartbeat({ params, body }, deps) {
    const { now, sha256 } = deps.world;
    const pool = await readPool(deps, params.work_pool_name);
    const at = now();
    await deps.catalogue.workers.heartbeat({
      id: derivedId(sha256, 'worker', [pool.name, body.name]),
      created: at,
      updated: at,
      workPoolName: pool.name,
      name: body.name,
      lastHeartbeat: at,
      ...(body.heartbeat_interval_seconds ? { heartbeatIntervalSeconds: body.heartbeat_interval_seconds } : {}),
    });
  },

  async read_workers({ params, body }, deps) {
    const window = windowOf(body);
    const pool = await readPool(deps, params.work_pool_name);
    const view = { now: deps.world.now(), sha256: deps.world.sha256 };
    const workers = (await deps.catalogue.workers.list(pool.name)).filter((worker) => {
      const judged = { lastHeartbeat: worker.lastHeartbeat, status: workerStatus(worker, view.now) };
      return !body.workers || matchesWorker(body.workers, judged);
    });
    const newestFirst = workers.toSorted((one, other) => other.lastHeartbeat - one.lastHeartbeat);
    return cut(newestFirst, window).map((worker) => workerToWire(worker, view));
  },

  async delete_worker({ params }, deps) {
    const pool = await readPool(deps, params.work_pool_name);
    if (!(await deps.catalogue.workers.remove(pool.name, params.name))) throw notFound('Worker not found.');
  },
} satisfies Handlers<typeof workerRoutes, ApiDeps>;
