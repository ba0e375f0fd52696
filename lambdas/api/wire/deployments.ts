// Deployments and their schedules for the wire.
import type { z } from 'zod';
import type { deployment } from '../../../shared/contract/deployments.ts';
import type { deploymentSchedule } from '../../../shared/contract/schedules.ts';
import type { Deployment, DeploymentSchedule, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { isJsonObject } from '../../../shared/domain/template/json-value.ts';
import { lastPolledAt } from '../../../shared/domain/work-pool/status.ts';
import type { LimitInUse } from '../../../shared/use-cases/change-limits.ts';
import { limitToWire } from './limits.ts';
import { deploymentStatus } from './status.ts';
import { isoOrNull, isoText } from './times.ts';

export type DeploymentWire = z.input<typeof deployment>;

export type DeploymentView = {
  readonly pool?: WorkPool;
  readonly queue?: WorkQueue;
  /** By id. */
  readonly limits: ReadonlyMap<string, LimitInUse>;
  readonly now: number;
};

export function deploymentToWire(item: Deployment, view: DeploymentView): DeploymentWire {
  return {
    id: item.id,
    created: isoText(item.created),
    updated: isoText(item.updated),
    name: item.name,
    version: item.deploymentVersion ?? null,
    description: item.description ?? null,
    flow_id: item.flowId,
    paused: item.paused,
    schedules: newestFirst(item.schedules).map(scheduleToWire),
    // Prefect answers the number only inside of the limit that it made for it.
    concurrency_limit: null,
    global_concurrency_limit: ofDeployment(item, view),
    concurrency_options: item.concurrencyOptions ?? null,
    tags: [...item.tags],
    labels: item.labels,
    last_polled: isoOrNull(lastPolledAt(item, view.queue)),
    created_by: null,
    updated_by: null,
    status: deploymentStatus(item, view, view.now),
    ...codeToWire(item),
    ...placeToWire(item),
  };
}

function codeToWire(item: Deployment) {
  return {
    parameters: item.parameters,
    parameter_openapi_schema: item.parameterOpenapiSchema ?? null,
    enforce_parameter_schema: item.enforceParameterSchema,
    pull_steps: item.pullSteps === undefined ? null : item.pullSteps.filter(isJsonObject),
    entrypoint: item.entrypoint ?? null,
    path: item.path ?? null,
    storage_document_id: item.storageDocumentId ?? null,
    infrastructure_document_id: item.infrastructureDocumentId ?? null,
  };
}

function placeToWire(item: Deployment) {
  return {
    job_variables: item.jobVariables,
    work_pool_name: item.workPoolName ?? null,
    work_queue_name: item.workQueueName ?? null,
    work_queue_id: item.workQueueId ?? null,
  };
}

/** null: it has none, or one that was deleted. */
function ofDeployment({ concurrencyLimitId: id }: Deployment, { limits }: DeploymentView) {
  const limit = id === undefined ? undefined : limits.get(id);
  return limit === undefined ? null : limitToWire(limit);
}

/** Prefect lists what was changed last first. */
export function newestFirst(schedules: readonly DeploymentSchedule[]): readonly DeploymentSchedule[] {
  return schedules.toReversed().sort((one, other) => other.updated - one.updated);
}

export function scheduleToWire(item: DeploymentSchedule): z.input<typeof deploymentSchedule> {
  return {
    id: item.id,
    created: isoText(item.created),
    updated: isoText(item.updated),
    deployment_id: item.deploymentId,
    schedule: item.schedule,
    active: item.active,
    max_scheduled_runs: item.maxScheduledRuns ?? null,
    parameters: item.parameters,
    slug: item.slug ?? null,
  };
}
