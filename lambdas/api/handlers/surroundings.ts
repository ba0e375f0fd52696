// What runs and deployments belong to, read once a request: the catalogue's lists as maps.
import type { Deployment, Flow, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';

export type Surroundings = {
  readonly flows: ReadonlyMap<string, Flow>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly deployedFlowIds: ReadonlySet<string>;
  /** By name. */
  readonly workPools: ReadonlyMap<string, WorkPool>;
  readonly workQueues: ReadonlyMap<string, WorkQueue>;
};

export async function readSurroundings({ catalogue }: Pick<ApiDeps, 'catalogue'>): Promise<Surroundings> {
  const [flows, deployments, workPools, workQueues] = await Promise.all([
    catalogue.flows.list(),
    catalogue.deployments.list(),
    catalogue.workPools.list(),
    catalogue.workQueues.list(),
  ]);
  return {
    flows: new Map(flows.map((flow) => [flow.id, flow])),
    deployments: new Map(deployments.map((deployment) => [deployment.id, deployment])),
    deployedFlowIds: new Set(deployments.map(({ flowId }) => flowId)),
    workPools: new Map(workPools.map((pool) => [pool.name, pool])),
    workQueues: new Map(workQueues.map((queue) => [queue.id, queue])),
  };
}

export type Belonging = {
  readonly flowId: string;
  readonly deploymentId?: string;
  readonly workPoolName?: string;
  readonly workQueueId?: string;
};

/** What a run (or the counter of some) belongs to, as far as it is still there. */
export function belongings(thing: Belonging, around: Surroundings) {
  const flow = around.flows.get(thing.flowId);
  const deployment = thing.deploymentId === undefined ? undefined : around.deployments.get(thing.deploymentId);
  const workPool = thing.workPoolName === undefined ? undefined : around.workPools.get(thing.workPoolName);
  const workQueue = thing.workQueueId === undefined ? undefined : around.workQueues.get(thing.workQueueId);
  return {
    flowHasDeployment: around.deployedFlowIds.has(thing.flowId),
    ...(flow === undefined ? {} : { flow }),
    ...(deployment === undefined ? {} : { deployment }),
    ...(workPool === undefined ? {} : { workPool }),
    ...(workQueue === undefined ? {} : { workQueue }),
  };
}
