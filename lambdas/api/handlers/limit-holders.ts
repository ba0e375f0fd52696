// Who holds the slots of global limits, pools, queues and deployments. Without a limit nobody holds any.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { limitHolderRoutes } from '../../../shared/contract/limit-holders.ts';
import { poolGateId, queueGateId } from '../../../shared/domain/limit/limit.ts';
import { isExpired } from '../../../shared/domain/limit/room.ts';
import type { ApiDeps } from '../deps.ts';
import { found } from '../refusal.ts';
import { type HolderWire, holderToWire } from '../wire/limits.ts';
import { findLimit } from './find-limit.ts';
import { readPool } from './read-pool.ts';

async function holdersAt({ limits, world }: ApiDeps, gateId: string): Promise<HolderWire[]> {
  const [gate] = await limits.gates([gateId]);
  const now = world.now();
  const holders = (gate?.holders ?? []).filter((holder) => holder.slots > 0 && !isExpired(holder, now));
  return holders.toSorted((one, other) => one.since - other.since).map(holderToWire);
}

export const limitHolderHandlers = {
  async read_limit_holders({ params }, deps) {
    const limit = await findLimit(deps, params.id_or_name);
    return holdersAt(deps, found(limit, 'Concurrency Limit not found').id);
  },

  async read_work_pool_holders({ params }, deps) {
    return holdersAt(deps, poolGateId((await readPool(deps, params.name)).id));
  },

  async read_work_queue_holders({ params }, deps) {
    const queue = found(await deps.catalogue.workQueues.read(params.id), 'work queue not found');
    return holdersAt(deps, queueGateId(queue.id));
  },

  async read_deployment_holders({ params }, deps) {
    const { concurrencyLimitId } = found(await deps.catalogue.deployments.read(params.id), 'Deployment not found');
    return concurrencyLimitId === undefined ? [] : holdersAt(deps, concurrencyLimitId);
  },
} satisfies Handlers<typeof limitHolderRoutes, ApiDeps>;
