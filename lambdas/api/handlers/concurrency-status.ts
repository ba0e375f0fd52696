// The runs that occupy the slots of pools and queues, whether or not a limit is set.
import type { concurrencyStatusRoutes } from '../../../shared/contract/concurrency-status.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { isoOrNull, isoText } from '../wire/times.ts';
import { occupationOf } from './active-slots.ts';
import { cut, paged, pageWindow } from './paging.ts';

function summaryOf({ id, name, state, startTime }: Run, now: number) {
  return {
    id,
    name,
    state_type: state.type,
    state_name: state.name,
    start_time: isoOrNull(startTime),
    state_timestamp: isoText(state.timestamp),
    time_in_current_state: Math.max(0, now - state.timestamp) / 1000,
  };
}

export const concurrencyStatusHandlers = {
  async read_work_pool_concurrency_status({ params, body }, deps) {
    const window = pageWindow(body);
    const pool = await deps.catalogue.workPools.read(params.name);
    if (pool === undefined) throw notFound(`Work pool '${params.name}' not found.`);
    const [queues, { runs, activeSlots }] = await Promise.all([
      deps.catalogue.workQueues.list(pool.name),
      occupationOf(deps, { pool: pool.name }),
    ]);
    const now = deps.world.now();
    const shown = cut(
      queues.toSorted((one, other) => one.priority - other.priority),
      window,
    );
    const details = shown.map((queue) => {
      const inQueue = runs.filter(({ workQueueId }) => workQueueId === queue.id);
      return {
        queue_id: queue.id,
        queue_name: queue.name,
        active_slots: inQueue.length,
        concurrency_limit: queue.concurrencyLimit ?? null,
        flow_runs: inQueue.slice(0, body.flow_run_limit).map((run) => summaryOf(run, now)),
        flow_run_count: inQueue.length,
      };
    });
    const { results, ...paging } = paged(details, queues.length, window);
    return { active_slots: activeSlots, concurrency_limit: pool.concurrencyLimit ?? null, queues: results, ...paging };
  },

  async read_work_queue_concurrency_status({ params, body }, deps) {
    const window = pageWindow(body);
    const queue = found(await deps.catalogue.workQueues.read(params.id), 'Work queue not found.');
    const { runs, activeSlots } = await occupationOf(deps, { queueId: queue.id });
    const now = deps.world.now();
    const summaries = cut(runs, window).map((run) => summaryOf(run, now));
    const { results, ...paging } = paged(summaries, activeSlots, window);
    return {
      active_slots: activeSlots,
      concurrency_limit: queue.concurrencyLimit ?? null,
      flow_runs: results,
      ...paging,
    };
  },
} satisfies Handlers<typeof concurrencyStatusRoutes, ApiDeps>;
