// What a deployment becomes when it is created, created again or changed; what does not fit is refused before.
import type { DeploymentCreate, DeploymentUpdate } from '../../../shared/contract/deployments.ts';
import type { ScheduleCreate, ScheduleInput, ScheduleUpdate } from '../../../shared/contract/schedules.ts';
import { type Deployment, isPushPool, type WorkPool, type WorkQueue } from '../../../shared/domain/catalogue.ts';
import { checkParameters, schemaProblem } from '../../../shared/domain/deployment/parameters.ts';
import type { SentSchedule } from '../../../shared/domain/deployment/schedules.ts';
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { anchored } from '../../../shared/domain/schedule/anchor.ts';
import { checkEcsJobVariables } from '../../../shared/domain/task/ecs-job-variables.ts';
import { checkJobVariables } from '../../../shared/domain/template/job-variable-check.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { orNone, present } from '../wire/present.ts';
import { isoText } from '../wire/times.ts';
import { freeQueueId } from './free-queue-id.ts';
import { freePriority } from './queue-priority.ts';

export type Place = { readonly pool: WorkPool; readonly queue: WorkQueue };

/** The place in a pool that is asked for; a queue that is not there yet is made, as Prefect does. */
export async function findPlace(deps: ApiDeps, pool: WorkPool, queueName: string | undefined): Promise<Place> {
  const queues = await deps.catalogue.workQueues.list(pool.name);
  const known = queues.find(({ id, name }) =>
    queueName === undefined ? id === pool.defaultQueueId : name === queueName,
  );
  if (known !== undefined) return { pool, queue: known };
  const name = queueName ?? 'default';
  const now = deps.world.now();
  const { item } = await deps.catalogue.workQueues.create({
    id: freeQueueId(deps, queues, { workPoolName: pool.name, name }),
    created: now,
    updated: now,
    version: 1,
    workPoolName: pool.name,
    name,
    isPaused: false,
    priority: freePriority(queues),
  });
  return { pool, queue: item };
}

/** @throws Refusal invalid_request naming the variable and, for Fargate, the nearest sizes */
export function checkVariables(pool: WorkPool, jobVariables: JsonObject, doing: string): void {
  const template = pool.baseJobTemplate;
  const problems = checkJobVariables({ template, jobVariables, required: false, defaults: 'passed-over' });
  const sizes = problems.length === 0 && isPushPool(pool.type) ? checkEcsJobVariables(template, jobVariables) : [];
  const [first] = [...problems, ...sizes];
  if (first === undefined) return;
  const where = `Validation failed for field '${first.variable}'.`;
  throw new Refusal('invalid_request', `${doing}: ${where} Failure reason: ${first.problem}`);
}

/** Prefect answers 422 where a deployment is created and 409 where one is changed. */
export function checkDeploymentParameters(
  schema: JsonObject,
  parameters: JsonObject,
  refusal: { readonly code: 'invalid_request' | 'conflict'; readonly doing: string },
): void {
  const unusable = schemaProblem(schema);
  if (unusable !== undefined) throw new Refusal('invalid_request', `${refusal.doing}: ${unusable}`);
  const [problem] = checkParameters(schema, parameters, { required: false });
  if (problem === undefined) return;
  const reason = `Validation failed. Failure reason: ${problem}`;
  if (refusal.code === 'conflict') throw new Refusal('conflict', `${refusal.doing}: ${reason}`);
  // Where a deployment is created, Prefect's request model itself refuses.
  const problems = [{ type: 'value_error', loc: ['body'], msg: `Value error, ${reason}` }];
  throw new Refusal('invalid_request', reason, { problems });
}

type Sent = DeploymentCreate | DeploymentUpdate;

/** The fields that were sent, as the deployment has them. `null` takes a field away. */
export function withSent(base: Deployment, sent: Sent, now: number): Deployment {
  return present({
    ...base,
    updated: now,
    paused: sent.paused ?? base.paused,
    tags: sent.tags ?? base.tags,
    parameters: sent.parameters ?? base.parameters,
    jobVariables: sent.job_variables ?? base.jobVariables,
    enforceParameterSchema: sent.enforce_parameter_schema ?? base.enforceParameterSchema,
    parameterOpenapiSchema: next(sent.parameter_openapi_schema, base.parameterOpenapiSchema),
    description: next(sent.description, base.description),
    deploymentVersion: next(sent.version, base.deploymentVersion),
    versionInfo: next<Json>(sent.version_info, base.versionInfo),
    concurrencyLimit: next(sent.concurrency_limit, base.concurrencyLimit),
    concurrencyOptions: next(concurrencyOptions(sent), base.concurrencyOptions),
    pullSteps: next(sent.pull_steps, base.pullSteps),
    entrypoint: next(sent.entrypoint, base.entrypoint),
    path: next(sent.path, base.path),
    storageDocumentId: next(sent.storage_document_id, base.storageDocumentId),
    infrastructureDocumentId: next(sent.infrastructure_document_id, base.infrastructureDocumentId),
  });
}

/** Not sent: as it was. Null: none. */
function next<T>(sent: T | null | undefined, before: T | undefined): T | undefined {
  return sent === undefined ? before : orNone(sent);
}

function concurrencyOptions(sent: Sent): JsonObject | null | undefined {
  const options = sent.concurrency_options;
  if (options === undefined || options === null) return options;
  return { ...options, grace_period_seconds: options.grace_period_seconds ?? null };
}

export function atPlace(deployment: Deployment, { pool, queue }: Place): Deployment {
  return {
    ...deployment,
    workPoolName: pool.name,
    workPoolType: pool.type,
    workQueueId: queue.id,
    workQueueName: queue.name,
  };
}

/** No pool: whoever serves the deployment polls for it. */
export function withoutPlace(deployment: Deployment): Deployment {
  const { workPoolName: _pool, workPoolType: _type, workQueueId: _id, workQueueName: _name, ...rest } = deployment;
  return rest;
}

export function sentSchedule(sent: ScheduleCreate | ScheduleUpdate, now: number): SentSchedule {
  return {
    schedule: sent.schedule ? scheduleJson(sent.schedule, now) : undefined,
    active: orNone(sent.active),
    maxScheduledRuns: sent.max_scheduled_runs,
    parameters: sent.parameters,
    slug: orNone(sent.slug),
    replaces: orNone(sent.replaces),
  };
}

function scheduleJson(schedule: ScheduleInput, now: number): JsonObject {
  const timezone = schedule.timezone ?? 'UTC';
  if ('cron' in schedule) {
    return { cron: schedule.cron, timezone: schedule.timezone ?? null, day_or: schedule.day_or };
  }
  if ('rrule' in schedule) return { rrule: anchored(schedule.rrule, { now, zone: timezone }), timezone };
  return { interval: schedule.interval, anchor_date: isoText(schedule.anchor_date ?? now), timezone };
}
