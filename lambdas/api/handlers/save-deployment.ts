// Creates and changes deployments: everything is checked first, then one conditional write.
import type { DeploymentCreate, DeploymentUpdate } from '../../../shared/contract/deployments.ts';
import type { Deployment, Flow } from '../../../shared/domain/catalogue.ts';
import { mergedSchedules, replacedSchedules } from '../../../shared/domain/deployment/schedules.ts';
import { deploymentIdOf } from '../../../shared/domain/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { changing } from './changing.ts';
import {
  atPlace,
  checkDeploymentParameters,
  checkVariables,
  findPlace,
  type Place,
  sentSchedule,
  withSent,
} from './deployment-change.ts';

/** What Prefect gives a deployment whose flow tells nothing of its parameters. */
const anyParameters = { type: 'object', properties: {} };

export async function createDeployment(
  deps: ApiDeps,
  sent: DeploymentCreate,
): Promise<{ readonly isNew: boolean; readonly deployment: Deployment }> {
  const { catalogue, world } = deps;
  checkLimits(sent);
  const flow = found(await catalogue.flows.read(sent.flow_id), 'Flow not found');
  const place = await placeOf(deps, sent);
  const doing = 'Error creating deployment';
  if (place !== undefined) checkVariables(place.pool, sent.job_variables ?? {}, doing);
  // As Prefect's server: a schema is only held against parameters when the request itself enforces it.
  if (sent.enforce_parameter_schema === true && sent.parameter_openapi_schema) {
    const refusal = { code: 'invalid_request', doing } as const;
    checkDeploymentParameters(sent.parameter_openapi_schema, sent.parameters ?? {}, refusal);
  }
  const build = (base: Deployment): Deployment => {
    const saved = withSent(base, sent, world.now());
    const owner = { deploymentId: base.id, now: world.now(), newId: world.newId };
    const merged = replacedSchedules(
      sent.schedules.map((schedule) => sentSchedule(schedule, owner.now)),
      owner,
    );
    if (!merged.ok) throw new Refusal('conflict', merged.problem);
    const labels = { ...saved.labels, ...flow.labels, 'prefect.flow.id': flow.id, ...sent.labels };
    const whole = { ...saved, labels, schedules: merged.schedules };
    return place === undefined ? whole : atPlace(whole, place);
  };
  const { kind, item } = await catalogue.deployments.create(build(blank(deps, flow, sent.name)));
  if (kind === 'created') return { isNew: true, deployment: item };
  const store = { read: () => catalogue.deployments.read(item.id), write: catalogue.deployments.change };
  return { isNew: false, deployment: found(await changing(store, build), 'Deployment not found') };
}

function checkLimits(sent: DeploymentCreate | DeploymentUpdate): void {
  if (!sent.concurrency_limit || !sent.global_concurrency_limit_id) {
    if (sent.global_concurrency_limit_id) throw new Refusal('not_found', 'Concurrency limit not found');
    return;
  }
  const problem = 'A deployment cannot have both a concurrency limit and a global concurrency limit.';
  throw new Refusal('invalid_request', problem);
}

async function placeOf(deps: ApiDeps, sent: DeploymentCreate | DeploymentUpdate): Promise<Place | undefined> {
  if (!sent.work_pool_name) return undefined;
  return findPlace(deps, { poolName: sent.work_pool_name, queueName: sent.work_queue_name ?? undefined });
}

function blank({ world }: ApiDeps, flow: Flow, name: string): Deployment {
  const now = world.now();
  return {
    id: deploymentIdOf(world.sha256, flow.id, name),
    created: now,
    updated: now,
    version: 1,
    name,
    flowId: flow.id,
    flowName: flow.name,
    paused: false,
    tags: [],
    labels: {},
    schedules: [],
    parameters: {},
    parameterOpenapiSchema: anyParameters,
    enforceParameterSchema: true,
    jobVariables: {},
  };
}

export async function updateDeployment(deps: ApiDeps, id: string, sent: DeploymentUpdate): Promise<void> {
  const { catalogue, world } = deps;
  checkLimits(sent);
  found(await catalogue.deployments.read(id), 'Deployment not found.');
  const place = await placeOf(deps, sent);
  const store = { read: () => catalogue.deployments.read(id), write: catalogue.deployments.change };
  const changed = await changing(store, async (before) => {
    const saved = withSent(before, sent, world.now());
    const placed = place === undefined ? await atQueue(deps, saved, sent) : atPlace(saved, place);
    await checkSaved(deps, placed, place);
    return { ...placed, schedules: schedulesAfter(deps, before, sent) };
  });
  found(changed, 'Deployment not found.');
}

/** A queue that is named without its pool is one of the pool that the deployment has. */
async function atQueue(deps: ApiDeps, saved: Deployment, sent: DeploymentUpdate): Promise<Deployment> {
  if (!sent.work_queue_name || saved.workPoolName === undefined) return saved;
  const place = await findPlace(deps, { poolName: saved.workPoolName, queueName: sent.work_queue_name });
  return atPlace(saved, place);
}

async function checkSaved({ catalogue }: ApiDeps, saved: Deployment, place: Place | undefined): Promise<void> {
  const doing = 'Error updating deployment';
  const { workPoolName } = saved;
  const pool = place?.pool ?? (workPoolName === undefined ? undefined : await catalogue.workPools.read(workPoolName));
  if (pool !== undefined) checkVariables(pool, saved.jobVariables, doing);
  if (!saved.enforceParameterSchema) return;
  if (saved.parameterOpenapiSchema === undefined) {
    const why = 'parameter schema enforcement is enabled and the deployment does not have a valid parameter schema.';
    throw new Refusal('conflict', `${doing}: Cannot update parameters because ${why}`);
  }
  checkDeploymentParameters(saved.parameterOpenapiSchema, saved.parameters, { code: 'conflict', doing });
}

function schedulesAfter({ world }: ApiDeps, before: Deployment, sent: DeploymentUpdate): Deployment['schedules'] {
  if (sent.schedules === undefined) return before.schedules;
  const owner = { deploymentId: before.id, now: world.now(), newId: world.newId };
  const schedules = sent.schedules.map((schedule) => sentSchedule(schedule, owner.now));
  const merged = mergedSchedules(before.schedules, schedules, owner);
  if (!merged.ok) throw new Refusal('invalid_request', merged.problem);
  return merged.schedules;
}
