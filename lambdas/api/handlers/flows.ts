// Flows.
import type { Handlers, RequestOf } from '../../../shared/contract/define-routes.ts';
import type { flowRoutes } from '../../../shared/contract/flows.ts';
import type { Flow } from '../../../shared/domain/catalogue.ts';
import { matchesDeployment, matchesFlow, matchesWorkPool } from '../../../shared/domain/filter/catalogue-filters.ts';
import { inNamedOrder } from '../../../shared/domain/filter/order.ts';
import { flowIdOf } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { flowToWire } from '../wire/catalogue.ts';
import { idsOfRuns } from './find-runs.ts';
import { cut, paged, pageWindow, windowOf } from './paging.ts';
import { removeDeployment } from './remove-deployment.ts';

const missing = 'Flow not found';

type Filters = RequestOf<typeof flowRoutes.count_flows>['body'];

async function matchingFlows(deps: ApiDeps, filters: Filters): Promise<readonly Flow[]> {
  const [flows, deployments, pools] = await Promise.all([
    deps.catalogue.flows.list(),
    deps.catalogue.deployments.list(),
    deps.catalogue.workPools.list(),
  ]);
  const deployed = new Set(deployments.map(({ flowId }) => flowId));
  const poolOf = new Map(pools.map((pool) => [pool.name, pool]));
  const { flows: own, deployments: byDeployment, work_pools: byPool } = filters;
  const meant = deployments.filter((deployment) => {
    const pool = deployment.workPoolName === undefined ? undefined : poolOf.get(deployment.workPoolName);
    const isInPool = !byPool || (pool !== undefined && matchesWorkPool(byPool, pool));
    return isInPool && (!byDeployment || matchesDeployment(byDeployment, deployment));
  });
  const meantFlows = new Set(meant.map(({ flowId }) => flowId));
  const byRuns = filters.flow_runs || filters.task_runs;
  const runFlows = byRuns ? await idsOfRuns(deps, filters, (run) => run.flowId) : undefined;
  return flows.filter(
    (flow) =>
      (!own || matchesFlow(own, flow, deployed.has(flow.id))) &&
      ((!byDeployment && !byPool) || meantFlows.has(flow.id)) &&
      (runFlows === undefined || runFlows.has(flow.id)),
  );
}

/** The deployments go first: one without its flow could never be found by name again. */
async function removeFlow(deps: ApiDeps, id: string): Promise<boolean> {
  const deployments = await deps.catalogue.deployments.list();
  for (const deployment of deployments.filter(({ flowId }) => flowId === id)) await removeDeployment(deps, deployment);
  return deps.catalogue.flows.remove(id);
}

export const flowHandlers = {
  async create_flow({ body }, { catalogue, world }) {
    const now = world.now();
    const { kind, item } = await catalogue.flows.create({
      id: flowIdOf(world.sha256, body.name),
      created: now,
      updated: now,
      name: body.name,
      tags: body.tags,
      labels: body.labels ?? {},
    });
    return { isNew: kind === 'created', value: flowToWire(item) };
  },

  async update_flow({ params, body }, { catalogue, world }) {
    const flow = found(await catalogue.flows.read(params.id), missing);
    await catalogue.flows.put({ ...flow, tags: body.tags ?? flow.tags, updated: world.now() });
  },

  count_flows: async ({ body }, deps) => (await matchingFlows(deps, body)).length,

  async read_flow_by_name({ params }, { catalogue }) {
    return flowToWire(found(await catalogue.flows.readByName(params.name), missing));
  },

  async read_flow({ params }, { catalogue }) {
    return flowToWire(found(await catalogue.flows.read(params.id), missing));
  },

  async read_flows({ body }, deps) {
    const window = windowOf(body);
    return cut(inNamedOrder(await matchingFlows(deps, body), body.sort), window).map(flowToWire);
  },

  async paginate_flows({ body }, deps) {
    const window = pageWindow(body);
    const flows = inNamedOrder(await matchingFlows(deps, body), body.sort);
    return paged(cut(flows, window).map(flowToWire), flows.length, window);
  },

  async bulk_delete_flows({ body }, deps) {
    const flows = inNamedOrder(await matchingFlows(deps, { flows: body.flows }), 'NAME_ASC').slice(0, body.limit);
    const deleted: string[] = [];
    for (const { id } of flows) if (await removeFlow(deps, id)) deleted.push(id);
    return { deleted };
  },

  async delete_flow({ params }, deps) {
    if (!(await removeFlow(deps, params.id))) throw notFound(missing);
  },
} satisfies Handlers<typeof flowRoutes, ApiDeps>;
