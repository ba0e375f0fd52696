// Deployments: created again they are changed, so that `prefect deploy` may be repeated.
import type { Handlers, RequestOf } from '../../../shared/contract/define-routes.ts';
import type { deploymentRoutes } from '../../../shared/contract/deployments.ts';
import type { Deployment } from '../../../shared/domain/catalogue.ts';
import {
  matchesDeployment,
  matchesFlow,
  matchesWorkPool,
  matchesWorkQueue,
} from '../../../shared/domain/filter/catalogue-filters.ts';
import { inNamedOrder } from '../../../shared/domain/filter/order.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { workQueueToWire } from '../wire/catalogue.ts';
import { type DeploymentWire, deploymentToWire } from '../wire/deployments.ts';
import { changing } from './changing.ts';
import { idsOfRuns } from './find-runs.ts';
import { cut, paged, pageWindow, windowOf } from './paging.ts';
import { removeDeployment } from './remove-deployment.ts';
import { createDeployment, updateDeployment } from './save-deployment.ts';
import { scheduleHandlers } from './schedules.ts';
import { belongings, readSurroundings, type Surroundings } from './surroundings.ts';

const missing = 'Deployment not found';

async function wireOf(deps: ApiDeps, deployment: Deployment): Promise<DeploymentWire> {
  const { workPoolName, workQueueId } = deployment;
  const [pool, queue] = await Promise.all([
    workPoolName === undefined ? undefined : deps.catalogue.workPools.read(workPoolName),
    workQueueId === undefined ? undefined : deps.catalogue.workQueues.read(workQueueId),
  ]);
  return deploymentToWire(deployment, {
    now: deps.world.now(),
    sha256: deps.world.sha256,
    ...(pool === undefined ? {} : { pool }),
    ...(queue === undefined ? {} : { queue }),
  });
}

type Filters = RequestOf<typeof deploymentRoutes.count_deployments>['body'];

async function matchingDeployments(
  deps: ApiDeps,
  filters: Filters,
): Promise<{ readonly deployments: readonly Deployment[]; readonly around: Surroundings }> {
  const around = await readSurroundings(deps);
  const byRuns = filters.flow_runs || filters.task_runs;
  const runDeployments = byRuns
    ? await idsOfRuns(deps, { flow_runs: filters.flow_runs, task_runs: filters.task_runs }, (run) => run.deploymentId)
    : undefined;
  const deployments = [...around.deployments.values()].filter((deployment) => {
    const { flow, workPool, workQueue } = belongings(deployment, around);
    return (
      (!filters.deployments || matchesDeployment(filters.deployments, deployment)) &&
      (!filters.flows || (flow !== undefined && matchesFlow(filters.flows, flow, true))) &&
      (!filters.work_pools || (workPool !== undefined && matchesWorkPool(filters.work_pools, workPool))) &&
      (!filters.work_pool_queues ||
        (workQueue !== undefined && matchesWorkQueue(filters.work_pool_queues, workQueue))) &&
      (runDeployments === undefined || runDeployments.has(deployment.id))
    );
  });
  return { deployments, around };
}

function listedWire(deps: ApiDeps, around: Surroundings) {
  const view = { now: deps.world.now(), sha256: deps.world.sha256 };
  return (deployment: Deployment) => {
    const { workPool: pool, workQueue: queue } = belongings(deployment, around);
    return deploymentToWire(deployment, {
      ...view,
      ...(pool === undefined ? {} : { pool }),
      ...(queue === undefined ? {} : { queue }),
    });
  };
}

async function setPaused(deps: ApiDeps, id: string, paused: boolean): Promise<void> {
  const store = { read: () => deps.catalogue.deployments.read(id), write: deps.catalogue.deployments.change };
  found(await changing(store, (before) => ({ ...before, paused, updated: deps.world.now() })), missing);
}

export const deploymentHandlers = {
  ...scheduleHandlers,

  async create_deployment({ body }, deps) {
    const { isNew, deployment } = await createDeployment(deps, body);
    return { isNew, value: await wireOf(deps, deployment) };
  },

  async update_deployment({ params, body }, deps) {
    await updateDeployment(deps, params.id, body);
  },

  async read_deployment_by_name({ params }, deps) {
    const deployment = await deps.catalogue.deployments.readByName(params.flow_name, params.deployment_name);
    return wireOf(deps, found(deployment, missing));
  },

  async read_deployment({ params }, deps) {
    return wireOf(deps, found(await deps.catalogue.deployments.read(params.id), missing));
  },

  async read_deployments({ body }, deps) {
    const window = windowOf(body);
    const { deployments, around } = await matchingDeployments(deps, body);
    return cut(inNamedOrder(deployments, body.sort), window).map(listedWire(deps, around));
  },

  async paginate_deployments({ body }, deps) {
    const window = pageWindow(body);
    const { deployments, around } = await matchingDeployments(deps, body);
    const results = cut(inNamedOrder(deployments, body.sort), window).map(listedWire(deps, around));
    return paged(results, deployments.length, window);
  },

  count_deployments: async ({ body }, deps) => (await matchingDeployments(deps, body)).deployments.length,

  async delete_deployment({ params }, deps) {
    const deployment = found(await deps.catalogue.deployments.read(params.id), missing);
    if (!(await removeDeployment(deps, deployment))) throw notFound(missing);
  },

  pause_deployment: ({ params }, deps) => setPaused(deps, params.id, true),
  resume_deployment: ({ params }, deps) => setPaused(deps, params.id, false),

  async work_queue_check_for_deployment({ params }, deps) {
    const { workQueueId } = found(await deps.catalogue.deployments.read(params.id), missing);
    const queue = workQueueId === undefined ? undefined : await deps.catalogue.workQueues.read(workQueueId);
    if (queue === undefined) return [];
    const pool = await deps.catalogue.workPools.read(queue.workPoolName);
    const view = { pool, activeSlots: undefined, now: deps.world.now(), sha256: deps.world.sha256 };
    return [workQueueToWire(queue, view)];
  },
} satisfies Handlers<typeof deploymentRoutes, ApiDeps>;
