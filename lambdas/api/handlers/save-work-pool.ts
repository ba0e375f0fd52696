// Creates, changes and deletes work pools. Templates are judged when they are saved, not when a run needs them.
import type { WorkPoolCreate, WorkPoolUpdate } from '../../../shared/contract/work-pools.ts';
import { isPushPool, type WorkPool, type WorkQueue } from '../../../shared/domain/catalogue.ts';
import { workPoolIdOf, workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { replanned } from '../../../shared/domain/schedule/plan.ts';
import { checkEcsJobVariables } from '../../../shared/domain/task/ecs-job-variables.ts';
import { checkBaseJobTemplate, checkJobVariables } from '../../../shared/domain/template/job-variable-check.ts';
import { defaultTemplate } from '../../../shared/domain/work-pool/collections.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { orNone, present } from '../wire/present.ts';
import { changing } from './changing.ts';
import { withoutPlace } from './deployment-change.ts';
import { noteDefaultCredentials } from './ignored-credentials.ts';

const reserved = "Work pools starting with 'Prefect' are reserved for internal use";

function isReserved(name: string): boolean {
  return name.toLowerCase().startsWith('prefect');
}

/** @throws Refusal invalid_request with every problem of the template, as Prefect's request model refuses */
function checkShape(template: JsonObject): void {
  const shape = checkBaseJobTemplate(template);
  if (shape.length === 0) return;
  const problems = shape.map(({ variable, problem }) => ({
    type: 'value_error',
    loc: ['body', 'base_job_template'],
    msg: `Value error, '${variable}' ${problem}`,
  }));
  throw new Refusal('invalid_request', 'Invalid request received.', { problems });
}

/** @throws Refusal invalid_request with every default that does not fit, sizes included */
function checkDefaults(type: string, template: JsonObject): void {
  const variables = checkJobVariables({ template, jobVariables: {}, required: false, defaults: 'checked' });
  const isJudged = variables.length === 0 && isPushPool(type);
  const problems = [...variables, ...(isJudged ? checkEcsJobVariables(template, {}) : [])];
  if (problems.length === 0) return;
  const text = problems.map(({ variable, problem }) => `'${variable}' ${problem}`).join('; ');
  throw new Refusal('invalid_request', `Validation failed for work pool's job variable defaults: ${text}`);
}

export async function createWorkPool(deps: ApiDeps, sent: WorkPoolCreate): Promise<WorkPool> {
  const { catalogue, world } = deps;
  if (isReserved(sent.name)) throw new Refusal('forbidden', `${reserved}.`);
  const template = sent.base_job_template ?? {};
  const isEmpty = Object.keys(template).length === 0;
  // A push pool with an empty template could start nothing: it gets that of its type.
  const baseJobTemplate = isEmpty && isPushPool(sent.type) ? (defaultTemplate(sent.type) ?? template) : template;
  checkShape(baseJobTemplate);
  checkDefaults(sent.type, baseJobTemplate);
  noteDefaultCredentials(deps, { type: sent.type, name: sent.name, baseJobTemplate });
  const now = world.now();
  const kept = { created: now, updated: now, version: 1, workPoolName: sent.name };
  const queue: WorkQueue = {
    ...kept,
    id: workQueueIdOf(world.sha256, sent.name, 'default'),
    name: 'default',
    description: "The work pool's default queue.",
    isPaused: false,
    priority: 1,
  };
  const pool: WorkPool = present({
    id: workPoolIdOf(world.sha256, sent.name),
    created: now,
    updated: now,
    version: 1,
    name: sent.name,
    type: sent.type,
    description: orNone(sent.description),
    baseJobTemplate,
    isPaused: sent.is_paused,
    concurrencyLimit: orNone(sent.concurrency_limit),
    storageConfiguration: storage(sent.storage_configuration),
    defaultQueueId: queue.id,
  });
  const { kind, item } = await catalogue.workPools.create(pool, queue);
  if (kind === 'exists') throw new Refusal('conflict', 'A work pool with this name already exists.');
  return item;
}

function storage(sent: WorkPoolCreate['storage_configuration'] | null): JsonObject {
  return {
    bundle_upload_step: sent?.bundle_upload_step ?? null,
    bundle_execution_step: sent?.bundle_execution_step ?? null,
    default_result_storage_block_id: sent?.default_result_storage_block_id ?? null,
  };
}

export async function updateWorkPool(deps: ApiDeps, name: string, sent: WorkPoolUpdate): Promise<void> {
  const { catalogue, world } = deps;
  const isOnlySwitch = Object.keys(sent).every((field) => field === 'is_paused' || field === 'concurrency_limit');
  if (isReserved(name) && !isOnlySwitch) {
    throw new Refusal('forbidden', `${reserved} and can only be updated to set concurrency limits or pause.`);
  }
  const store = { read: () => catalogue.workPools.read(name), write: catalogue.workPools.change };
  const changed = await changing(store, (before) => {
    const after: WorkPool = present({
      ...before,
      updated: world.now(),
      description: sent.description === undefined ? before.description : orNone(sent.description),
      isPaused: sent.is_paused ?? before.isPaused,
      baseJobTemplate: sent.base_job_template ?? before.baseJobTemplate,
      concurrencyLimit: sent.concurrency_limit === undefined ? before.concurrencyLimit : orNone(sent.concurrency_limit),
      storageConfiguration: sent.storage_configuration
        ? storage(sent.storage_configuration)
        : before.storageConfiguration,
    });
    if (sent.base_job_template) checkShape(after.baseJobTemplate);
    // As with Prefect, changed defaults are the worker's to judge; where we are the worker, at once.
    if (sent.base_job_template && isPushPool(after.type)) checkDefaults(after.type, after.baseJobTemplate);
    return after;
  });
  const pool = found(changed, `Work pool "${name}" not found.`);
  if (sent.base_job_template) noteDefaultCredentials(deps, pool);
  if (sent.is_paused === false) await deps.useCases.wakeLanes({ workPoolName: pool.name });
  else if (sent.concurrency_limit !== undefined) await deps.useCases.moreRoom();
}

/** The pool goes first, so that nothing new can enter; what is left of it is found by its name. */
export async function removeWorkPool(deps: ApiDeps, pool: WorkPool): Promise<void> {
  const { catalogue } = deps;
  if (isReserved(pool.name)) throw new Refusal('forbidden', `${reserved} and can not be deleted.`);
  if (!(await catalogue.workPools.remove(pool.name))) {
    throw new Refusal('not_found', `Work pool "${pool.name}" not found.`);
  }
  const [queues, workers, deployments] = await Promise.all([
    catalogue.workQueues.list(pool.name),
    catalogue.workers.list(pool.name),
    catalogue.deployments.list(),
  ]);
  const left = deployments.filter(({ workPoolName }) => workPoolName === pool.name);
  await Promise.all([
    ...queues.map(({ id }) => catalogue.workQueues.remove(id)),
    ...workers.map(({ name }) => catalogue.workers.remove(pool.name, name)),
    ...left.map(({ id }) => leavePlace(deps, id)),
  ]);
}

/** A deployment whose queue is gone has neither queue nor pool, as with Prefect. */
export async function leavePlace({ catalogue, useCases, world }: ApiDeps, id: string): Promise<void> {
  const { deployments } = catalogue;
  await changing({ read: () => deployments.read(id), write: deployments.change }, (before) =>
    replanned(withoutPlace(before), { now: world.now() }),
  );
  await useCases.planRuns(id);
}
