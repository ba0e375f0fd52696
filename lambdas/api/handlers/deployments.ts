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
import { replanned } from '../../../shared/domain/schedule/plan.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { workQueueToWire } from '../wire/catalogue.ts';
import { type DeploymentWire, deploymentToWire } from '../wire/deployments.ts';
import { orNone, present } from '../wire/present.ts';
import { changing } from './changing.ts';
import { limitsOf } from './deployment-limits.ts';
import { idsOfRuns } from './find-runs.ts';
import { cut, paged, pageWindow, windowOf } from './paging.ts';
import { removeDeployment } from './remove-deployment.ts';
import { createDeployment, updateDeployment } from './save-deployment.ts';
import { scheduleHandlers } from './schedules.ts';
import { belongings, readSurroundings, type Surroundings } from './surroundings.ts';

const missing = 'Deployment not found';

async function wireOf(deps: ApiDeps, deployment: Deployment): Promise<DeploymentWire> {
  const { workPoolName, workQueueId } = deployment;
  const [pool, queue, limits] = await Promise.all([
    workPoolName === undefined ? undefined : deps.catalogue.workPools.read(workPoolName),
    workQueueId === undefined ? undefined : deps.catalogue.workQueues.read(workQueueId),
    limitsOf(deps, [deployment]),
  ]);
  return deploymentToWire(deployment, {
    now: deps.world.now(),
    limits,
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

async function listedWire(deps: ApiDeps, around: Surroundings, deployments: readonly Deployment[]) {
  const view = { now: deps.world.now(), limits: await limitsOf(deps, deployments) };
  return deployments.map((deployment) => {
    const { workPool: pool, workQueue: queue } = belongings(deployment, around);
    return deploymentToWire(deployment, {
      ...view,
      ...(pool === undefined ? {} : { pool }),
      ...(queue === undefined ? {} : { queue }),
    });
  });
}

async function setPaused(deps: ApiDeps, id: string, paused: boolean): Promise<void> {
  const store = { read: () => deps.catalogue.deployments.read(id), write: deps.catalogue.deployments.change };
  const now = deps.world.now();
  const change = (before: Deployment) => replanned({ ...before, paused, updated: now }, { now, clearsLate: paused });
  found(await changing(store, change), missing);
  await deps.useCases.planRuns(id);
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
    return listedWire(deps, around, cut(inNamedOrder(deployments, body.sort), window));
  },

  async paginate_deployments({ body }, deps) {
    const window = pageWindow(body);
    const { deployments, around } = await matchingDeployments(deps, body);
    const results = await listedWire(deps, around, cut(inNamedOrder(deployments, body.sort), window));
    return paged(results, deployments.length, window);
  },

  count_deployments: async ({ body }, deps) => (await matchingDeployments(deps, body)).deployments.length,

  async delete_deployment({ params }, deps) {
    const deployment = found(await deps.catalogue.deployments.read(params.id), missing);
    if (!(await removeDeployment(deps, deployment))) throw notFound(missing);
  },

  async bulk_delete_deployments({ body }, deps) {
    const { deployments } = await matchingDeployments(deps, { deployments: body.deployments });
    const deleted: string[] = [];
    for (const deployment of inNamedOrder(deployments, 'NAME_ASC').slice(0, body.limit)) {
      if (await removeDeployment(deps, deployment)) deleted.push(deployment.id);
    }
    return { deleted };
  },

  async schedule_deployment({ params, body }, deps) {
    const deployment = await deps.catalogue.deployments.read(params.id);
    // As with Prefect: where there is no deployment, there is nothing to record.
    if (deployment === undefined) return;
    await deps.useCases.scheduleRuns(
      deployment,
      present({
        start: orNone(body.start_time),
        end: orNone(body.end_time),
        minAhead: typeof body.min_time === 'number' ? body.min_time * 1000 : undefined,
        minRuns: orNone(body.min_runs),
        maxRuns: orNone(body.max_runs),
      }),
    );
  },

  pause_deployment: ({ params }, deps) => setPaused(deps, params.id, true),
  resume_deployment: ({ params }, deps) => setPaused(deps, params.id, false),

  async work_queue_check_for_deployment({ params }, deps) {
    found(await deps.catalogue.deployments.read(params.id), missing);
    // As with Prefect: queues without a filter, which all of ours are, take every deployment.
    const view = { pool: undefined, activeSlots: undefined, now: deps.world.now(), sha256: deps.world.sha256 };
    return (await deps.catalogue.workQueues.list()).map((queue) => {
      const { work_pool_name: _pool, status: _status, active_slots: _slots, ...plain } = workQueueToWire(queue, view);
      return plain;
    });
  },
} satisfies Handlers<typeof deploymentRoutes, ApiDeps>;
