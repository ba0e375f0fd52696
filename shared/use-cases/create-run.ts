// POST /flow_runs/: records a run. It is launched only when it is SCHEDULED and names a push pool (rule 13).
import type { Deployment } from '../domain/catalogue.ts';
import { runIdOf } from '../domain/identity.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import { type RecordBoundedDeps, recordBounded, type TriggerAnswer } from './record-bounded.ts';
import type { NewRun } from './record-run.ts';

export type CreateRequest = Omit<NewRun, 'id' | 'workPoolType' | 'workQueueId' | 'state' | 'parentRunId' | 'within'> & {
  /** The caller's own id, if it brings one. */
  readonly id?: string;
  readonly state?: NewRun['state'];
};

export type CreateDeps = RecordBoundedDeps & { readonly catalogue: Catalogue };

export async function createRun(deps: CreateDeps, request: CreateRequest): Promise<TriggerAnswer> {
  const flow = await deps.catalogue.flows.read(request.flowId);
  if (flow === undefined) return { kind: 'refused', code: 'not_found', reason: `no such flow: ${request.flowId}` };
  const { deploymentId } = request;
  const deployment = deploymentId === undefined ? undefined : await deps.catalogue.deployments.read(deploymentId);
  const place = await placeOf(deps.catalogue, request, deployment);
  if ('kind' in place) return place;
  const { idempotencyKey } = request;
  const id = idempotencyKey === undefined ? request.id : runIdOf(deps.world.sha256, request.flowId, idempotencyKey);
  const run: NewRun = {
    ...request,
    ...place,
    ...(id === undefined ? {} : { id }),
    // What belongs to a run carries the labels of what it belongs to; its own go before them.
    labels: { ...(deployment ?? flow).labels, ...request.labels },
    state: request.state ?? { type: 'PENDING', name: 'Pending', details: {} },
  };
  return recordBounded(deps, run, { ...place, deployment });
}

type Place = Pick<NewRun, 'workPoolName' | 'workPoolType' | 'workQueueId' | 'workQueueName'>;

async function placeOf(
  catalogue: Catalogue,
  request: CreateRequest,
  deployment: Deployment | undefined,
): Promise<Place | Extract<TriggerAnswer, { kind: 'refused' }>> {
  const workPoolName = request.workPoolName ?? deployment?.workPoolName;
  if (workPoolName === undefined) return {};
  const pool = await catalogue.workPools.read(workPoolName);
  if (pool === undefined) return { kind: 'refused', code: 'not_found', reason: `no such work pool: ${workPoolName}` };
  const wanted = request.workQueueName ?? deployment?.workQueueName ?? 'default';
  const queue = (await catalogue.workQueues.list(workPoolName)).find(({ name }) => name === wanted);
  if (queue === undefined) {
    return { kind: 'refused', code: 'not_found', reason: `work pool ${workPoolName} has no work queue ${wanted}` };
  }
  return { workPoolName, workPoolType: pool.type, workQueueId: queue.id, workQueueName: queue.name };
}
