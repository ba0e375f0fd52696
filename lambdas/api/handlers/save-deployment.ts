// Creates and changes deployments: everything is checked first, then one conditional write.
import type { DeploymentCreate, DeploymentUpdate } from '../../../shared/contract/deployments.ts';
import type { Deployment, Flow, WorkPool } from '../../../shared/domain/catalogue.ts';
import { mergedSchedules, replacedSchedules } from '../../../shared/domain/deployment/schedules.ts';
import { deploymentIdOf } from '../../../shared/domain/identity.ts';
import { replanned } from '../../../shared/domain/schedule/plan.ts';
import { hydrateValues } from '../../../shared/use-cases/hydrate-values.ts';
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
  withoutPlace,
  withSent,
} from './deployment-change.ts';
import { changeLimit, changesLimit, checkLimits, dropLimit, type LimitChange, withLimit } from './deployment-limits.ts';
import { checkChangedReferences, checkNewReferences, integrityConflict } from './deployment-references.ts';
import { noteCredentials } from './ignored-credentials.ts';
import { readPool } from './read-pool.ts';
import { ensureAgentPool } from './save-work-queue.ts';

/** What Prefect gives a deployment whose flow tells nothing of its parameters. */
const anyParameters = {};

export async function createDeployment(
  deps: ApiDeps,
  sent: DeploymentCreate,
): Promise<{ readonly isNew: boolean; readonly deployment: Deployment }> {
  const { deployments, flows } = deps.catalogue;
  await checkLimits(deps, sent);
  const flow = await flows.read(sent.flow_id);
  if (flow === undefined) throw integrityConflict();
  const pool = await poolOf(deps, sent);
  checkSent(sent, pool);
  await checkNewReferences(deps, sent);
  const place = pool === undefined ? undefined : await findPlace(deps, pool, sent.work_queue_name ?? undefined);
  if (pool !== undefined) {
    noteCredentials(deps, pool, { jobVariables: sent.job_variables ?? {}, deployment: sent.name });
  }
  const id = deploymentIdOf(deps.world.sha256, flow.id, sent.name);
  const known = (await deployments.read(id)) ?? { id };
  const limit = await changeLimit(deps, known, sent);
  const build = (base: Deployment) => built(deps, base, { sent, flow, place, limit });
  const { kind, item } = await deployments.create(build(blank(deps, flow, sent.name)));
  if (kind === 'created') {
    await deps.useCases.planRuns(id);
    return { isNew: true, deployment: item };
  }
  const changed = await changing({ read: () => deployments.read(item.id), write: deployments.change }, build);
  if (sent.concurrency_limit === null) await dropLimit(deps, known);
  if (changesLimit(sent)) await deps.useCases.moreRoom();
  await deps.useCases.planRuns(id);
  return { isNew: false, deployment: found(changed, 'Deployment not found') };
}

function checkSent(sent: DeploymentCreate, pool: WorkPool | undefined): void {
  const doing = 'Error creating deployment';
  if (pool !== undefined) checkVariables(pool, sent.job_variables ?? {}, doing);
  // As Prefect's server: a schema is only held against parameters when the request itself enforces it.
  if (sent.enforce_parameter_schema !== true || !sent.parameter_openapi_schema) return;
  const refusal = { code: 'invalid_request', doing } as const;
  checkDeploymentParameters(sent.parameter_openapi_schema, sent.parameters ?? {}, refusal);
}

type Creation = {
  readonly sent: DeploymentCreate;
  readonly flow: Flow;
  readonly place: Place | undefined;
  readonly limit: LimitChange | undefined;
};

/** What is sent over what is there; only schedules are replaced whole. */
function built({ world }: ApiDeps, base: Deployment, { sent, flow, place, limit }: Creation): Deployment {
  const saved = withLimit(withSent(base, sent, world.now()), limit);
  const owner = { deploymentId: base.id, now: world.now(), newId: world.newId };
  const schedules = sent.schedules.map((schedule) => sentSchedule(schedule, owner.now));
  const merged = replacedSchedules(schedules, owner);
  if (!merged.ok) throw new Refusal('conflict', merged.problem);
  // As with Prefect: what tells of parameters and labels is replaced, all else stays where nothing is sent.
  const labels = { ...flow.labels, 'prefect.flow.id': flow.id, ...sent.labels };
  const whole = { ...saved, labels, parameters: sent.parameters ?? {}, schedules: merged.schedules };
  return replanned(place === undefined ? whole : atPlace(whole, place), { now: owner.now });
}

async function poolOf(deps: ApiDeps, sent: DeploymentCreate): Promise<WorkPool | undefined> {
  if (sent.work_pool_name) return readPool(deps, sent.work_pool_name);
  // A queue that is named without a pool is one for agents, as with Prefect.
  return sent.work_queue_name ? ensureAgentPool(deps) : undefined;
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
    pullSteps: [],
  };
}

/** What parameters refer to (`__prefect_kind`) is filled in when they are changed, as with Prefect. */
async function filledIn(deps: ApiDeps, sent: DeploymentUpdate): Promise<DeploymentUpdate> {
  if (!sent.parameters) return sent;
  const hydrated = await hydrateValues(deps, sent.parameters);
  if (hydrated.kind === 'filled') return { ...sent, parameters: hydrated.values };
  throw new Refusal('bad_request', `Error hydrating deployment parameters: ${hydrated.problem}`);
}

export async function updateDeployment(deps: ApiDeps, id: string, asked: DeploymentUpdate): Promise<void> {
  const { deployments } = deps.catalogue;
  const missing = 'Deployment not found.';
  const known = found(await deployments.read(id), missing);
  await checkLimits(deps, asked);
  await checkChangedReferences(deps, asked);
  const sent = await filledIn(deps, asked);
  const pool = await poolAfter(deps, known, sent);
  const isMoved = Boolean(sent.work_pool_name || sent.work_queue_name);
  const change = async (before: Deployment): Promise<Deployment> => {
    const saved = withSent(before, sent, deps.world.now());
    checkSaved(saved, pool);
    const limit = await changeLimit(deps, before, sent);
    const whole = withLimit({ ...saved, schedules: schedulesAfter(deps, before, sent) }, limit);
    const placed =
      isMoved && pool !== undefined
        ? atPlace(whole, await findPlace(deps, pool, sent.work_queue_name ?? undefined))
        : whole;
    return replanned(sent.work_pool_name === null ? withoutPlace(placed) : placed, { now: deps.world.now() });
  };
  const changed = await changing({ read: () => deployments.read(id), write: deployments.change }, change);
  if (sent.concurrency_limit === null) await dropLimit(deps, known);
  const { name, jobVariables } = found(changed, missing);
  if (changesLimit(sent)) await deps.useCases.moreRoom();
  await deps.useCases.planRuns(id);
  if (pool !== undefined && sent.job_variables) noteCredentials(deps, pool, { jobVariables, deployment: name });
}

/** The pool that the deployment will be in; one that is named must exist. */
async function poolAfter(deps: ApiDeps, known: Deployment, sent: DeploymentUpdate): Promise<WorkPool | undefined> {
  if (sent.work_pool_name) return readPool(deps, sent.work_pool_name);
  if (sent.work_pool_name === null) return undefined;
  if (known.workPoolName === undefined) return sent.work_queue_name ? ensureAgentPool(deps) : undefined;
  return deps.catalogue.workPools.read(known.workPoolName);
}

function checkSaved(saved: Deployment, pool: WorkPool | undefined): void {
  const doing = 'Error updating deployment';
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
