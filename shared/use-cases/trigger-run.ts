// A trigger becomes a recorded run of a deployment: API call, schedule or EventBridge event alike.
// Idempotent by key: the run's id is derived from flow and key, so a second trigger finds the first one's run.
import type { Deployment } from '../domain/catalogue.ts';
import { checkParameters } from '../domain/deployment/parameters.ts';
import { runIdOf } from '../domain/identity.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Caller } from '../domain/run/policy-types.ts';
import type { EmpiricalPolicy } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import { hydrateValues } from './hydrate-values.ts';
import { type RecordBoundedDeps, recordBounded, type TriggerAnswer } from './record-bounded.ts';
import type { NewRun } from './record-run.ts';

export type TriggerRequest = {
  /** For callers that have read it already. */
  readonly deployment?: Deployment;
  readonly deploymentId?: string;
  /** `flow/name`, as Prefect's command line writes it. */
  readonly deploymentName?: string;
  readonly parameters?: JsonObject;
  readonly jobVariables?: JsonObject;
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly labels?: JsonObject;
  readonly context?: JsonObject;
  readonly idempotencyKey?: string;
  readonly state?: ProposedState;
  readonly workQueueName?: string;
  readonly parentTaskRunId?: string;
  /** Who asks, where that is a container of ours. */
  readonly caller?: Caller;
  readonly empiricalPolicy?: Partial<EmpiricalPolicy>;
  readonly enforceParameterSchema?: boolean;
  readonly createdBy?: Json;
};

export type TriggerDeps = RecordBoundedDeps & { readonly catalogue: Catalogue };

export async function triggerRun(deps: TriggerDeps, request: TriggerRequest): Promise<TriggerAnswer> {
  const deployment = await findDeployment(deps.catalogue, request);
  if (deployment === undefined) {
    const wanted = request.deploymentId ?? request.deploymentName ?? 'none named';
    return { kind: 'refused', code: 'not_found', reason: `no such deployment: ${wanted}` };
  }
  const hydrated = await hydrateValues(deps, { ...deployment.parameters, ...request.parameters });
  if (hydrated.kind === 'problem') {
    const reason = `Error hydrating flow run parameters: ${hydrated.problem}`;
    return { kind: 'refused', code: 'bad_request', reason };
  }
  const parameters = hydrated.values;
  const problems = parameterProblems(deployment, parameters, request);
  if (problems.length > 0) {
    return {
      kind: 'refused',
      code: 'conflict',
      reason: `Validation failed for field 'parameters': ${problems.join('; ')}`,
      details: problems,
    };
  }
  const place = await findPlace(deps.catalogue, deployment, request.workQueueName);
  if (place.kind === 'refused') return place;
  const { kind: _placed, ...placed } = place;
  const run = newRun({ ...request, parameters }, deployment, { ...placed, ...idOf(deps, request, deployment) });
  return recordBounded(deps, run, { ...placed, deployment });
}

async function findDeployment(catalogue: Catalogue, request: TriggerRequest): Promise<Deployment | undefined> {
  if (request.deployment !== undefined) return request.deployment;
  if (request.deploymentId !== undefined) return catalogue.deployments.read(request.deploymentId);
  const [flowName, ...name] = (request.deploymentName ?? '').split('/');
  if (flowName === undefined || name.length === 0) return undefined;
  return catalogue.deployments.readByName(flowName, name.join('/'));
}

function parameterProblems(deployment: Deployment, parameters: JsonObject, request: TriggerRequest): readonly string[] {
  const isEnforced = request.enforceParameterSchema ?? deployment.enforceParameterSchema;
  if (!isEnforced || deployment.parameterOpenapiSchema === undefined) return [];
  return checkParameters(deployment.parameterOpenapiSchema, parameters);
}

type Place =
  | {
      readonly kind: 'placed';
      readonly workPoolName?: string;
      readonly workPoolType?: string;
      readonly workQueueId?: string;
      readonly workQueueName?: string;
    }
  | Extract<TriggerAnswer, { kind: 'refused' }>;

/** Pool and queue of a deployment's run; a queue that the request names must exist in the deployment's pool. */
async function findPlace(
  catalogue: Catalogue,
  deployment: Deployment,
  workQueueName: string | undefined,
): Promise<Place> {
  const { workPoolName, workPoolType, workQueueId } = deployment;
  if (workPoolName === undefined) return { kind: 'placed' };
  if (workPoolType !== undefined && workQueueId !== undefined && workQueueName === undefined) {
    return {
      kind: 'placed',
      workPoolName,
      workPoolType,
      workQueueId,
      workQueueName: deployment.workQueueName ?? 'default',
    };
  }
  const pool = await catalogue.workPools.read(workPoolName);
  if (pool === undefined) return { kind: 'placed' };
  const named = { kind: 'placed', workPoolName, workPoolType: pool.type } as const;
  if (workQueueName === undefined) {
    return {
      ...named,
      workQueueId: workQueueId ?? pool.defaultQueueId,
      workQueueName: deployment.workQueueName ?? 'default',
    };
  }
  const queues = await catalogue.workQueues.list(workPoolName);
  const queue = queues.find(({ name }) => name === workQueueName);
  if (queue === undefined) {
    return {
      kind: 'refused',
      code: 'not_found',
      reason: `work pool ${workPoolName} has no work queue ${workQueueName}`,
    };
  }
  return { ...named, workQueueId: queue.id, workQueueName: queue.name };
}

function idOf(deps: TriggerDeps, { idempotencyKey }: TriggerRequest, deployment: Deployment): { id?: string } {
  return idempotencyKey === undefined ? {} : { id: runIdOf(deps.world.sha256, deployment.flowId, idempotencyKey) };
}

function newRun(
  request: TriggerRequest & { readonly parameters: JsonObject },
  deployment: Deployment,
  place: Omit<Extract<Place, { kind: 'placed' }>, 'kind'> & { readonly id?: string },
): NewRun {
  const {
    deployment: _read,
    deploymentId: _id,
    deploymentName: _name,
    enforceParameterSchema: _enforce,
    ...asked
  } = request;
  const { workPoolName, workPoolType, workQueueId, workQueueName, id } = place;
  return {
    ...asked,
    ...(id === undefined ? {} : { id }),
    flowId: deployment.flowId,
    deploymentId: deployment.id,
    ...(workPoolName === undefined || workPoolType === undefined ? {} : { workPoolName, workPoolType }),
    ...(workQueueId === undefined ? {} : { workQueueId }),
    ...(workQueueName === undefined ? {} : { workQueueName }),
    state: request.state ?? { type: 'SCHEDULED', name: 'Scheduled', details: {} },
    tags: [...new Set([...deployment.tags, ...(request.tags ?? [])])],
    labels: { ...deployment.labels, ...request.labels },
    ...(deployment.deploymentVersion === undefined ? {} : { deploymentVersion: deployment.deploymentVersion }),
  };
}
