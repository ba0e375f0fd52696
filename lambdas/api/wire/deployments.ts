// Deployments and their schedules for the wire.
import type { z } from 'zod';
import type { deployment, globalConcurrencyLimit } from '../../../shared/contract/deployments.ts';
import type { deploymentSchedule } from '../../../shared/contract/schedules.ts';
import type { Deployment, DeploymentSchedule, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { derivedId, type Sha256 } from '../../../shared/domain/identity.ts';
import { isJsonObject } from '../../../shared/domain/template/json-value.ts';
import { deploymentStatus } from './status.ts';
import { isoOrNull, isoText } from './times.ts';

export type DeploymentWire = z.input<typeof deployment>;

export type DeploymentView = {
  readonly pool?: WorkPool;
  readonly queue?: WorkQueue;
  readonly now: number;
  readonly sha256: Sha256;
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
    schedules: item.schedules.map(scheduleToWire),
    // Prefect answers the number only inside of the limit that it made for it.
    concurrency_limit: null,
    global_concurrency_limit: limitToWire(item, view.sha256),
    concurrency_options: item.concurrencyOptions ?? null,
    tags: [...item.tags],
    labels: item.labels,
    last_polled: isoOrNull(item.lastPolled),
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

function limitToWire(item: Deployment, sha256: Sha256): z.input<typeof globalConcurrencyLimit> | null {
  if (item.concurrencyLimit === undefined) return null;
  return {
    id: derivedId(sha256, 'deployment-limit', [item.id]),
    created: isoText(item.created),
    updated: isoText(item.updated),
    active: true,
    name: `deployment:${item.id}`,
    limit: item.concurrencyLimit,
    active_slots: 0,
    slot_decay_per_second: 0,
  };
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
