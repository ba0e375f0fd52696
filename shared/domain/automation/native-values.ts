// Things of Prefect's API as templates of automations see them: the fields by their wire names.
import type { Deployment, Flow, WorkPool, WorkQueue } from '../catalogue.ts';
import type { EventResource } from '../event/event.ts';
import { type Sha256, workPoolIdOf } from '../identity.ts';
import { isoText } from '../iso-time.ts';
import type { JsonObject } from '../json.ts';
import type { Limit } from '../limit/limit.ts';
import type { Run, RunBody } from '../run/run.ts';
import type { State } from '../run/state.ts';
import type { TaskRun } from '../task-run/task-run.ts';

type Kept = { readonly id: string; readonly created: number; readonly updated: number };

const kept = ({ id, created, updated }: Kept) => ({ id, created: isoText(created), updated: isoText(updated) });
const at = (time: number | undefined) => (time === undefined ? null : isoText(time));

function stateFields({ id, type, name, timestamp, message }: Omit<State, 'details'>): JsonObject {
  return { id, type, name, timestamp: isoText(timestamp), message: message ?? null };
}

/** The state that an event tells of: by the time a template is filled in, the run may be in another. */
export function stateOfResource(resource: EventResource): JsonObject | undefined {
  const [type, name, timestamp, message] = ['type', 'name', 'timestamp', 'message'].map(
    (field) => resource[`prefect.state-${field}`],
  );
  if (type === undefined || name === undefined || timestamp === undefined || message === undefined) return undefined;
  return { type, name, timestamp, message };
}

function runTimes(
  run: Pick<Run, 'expectedStartTime' | 'nextScheduledStartTime' | 'startTime' | 'endTime' | 'totalRunTimeMs'>,
) {
  return {
    expected_start_time: at(run.expectedStartTime),
    next_scheduled_start_time: at(run.nextScheduledStartTime),
    start_time: at(run.startTime),
    end_time: at(run.endTime),
    total_run_time: run.totalRunTimeMs / 1000,
  };
}

export function flowRunFields(run: Run, body: RunBody): JsonObject {
  return {
    ...kept(run),
    name: run.name,
    flow_id: run.flowId,
    deployment_id: run.deploymentId ?? null,
    work_pool_name: run.workPoolName ?? null,
    work_queue_id: run.workQueueId ?? null,
    work_queue_name: run.workQueueName ?? null,
    parent_task_run_id: run.parentTaskRunId ?? null,
    idempotency_key: run.idempotencyKey ?? null,
    infrastructure_pid: run.infrastructurePid ?? null,
    auto_scheduled: run.autoScheduled,
    tags: [...run.tags],
    run_count: run.runCount,
    ...runTimes(run),
    state_type: run.state.type,
    state_name: run.state.name,
    state: stateFields(run.state),
    parameters: body.parameters,
    context: body.context,
    labels: body.labels,
    job_variables: body.jobVariables,
    flow_version: body.flowVersion ?? null,
    deployment_version: body.deploymentVersion ?? null,
    created_by: body.createdBy ?? null,
  };
}

export function taskRunFields(run: TaskRun): JsonObject {
  return {
    ...kept(run),
    name: run.name,
    flow_run_id: run.flowRunId ?? null,
    task_key: run.taskKey,
    dynamic_key: run.dynamicKey,
    cache_key: run.cacheKey ?? null,
    tags: [...run.tags],
    labels: run.labels,
    task_inputs: run.taskInputs,
    run_count: run.runCount,
    flow_run_run_count: run.flowRunRunCount,
    ...runTimes(run),
    state_type: run.state.type,
    state_name: run.state.name,
    state: stateFields(run.state),
  };
}

export function flowFields(flow: Flow): JsonObject {
  return { ...kept(flow), name: flow.name, tags: [...flow.tags], labels: flow.labels };
}

export function deploymentFields(deployment: Deployment): JsonObject {
  return {
    ...kept(deployment),
    name: deployment.name,
    flow_id: deployment.flowId,
    version: deployment.deploymentVersion ?? null,
    description: deployment.description ?? null,
    paused: deployment.paused,
    tags: [...deployment.tags],
    labels: deployment.labels,
    parameters: deployment.parameters,
    job_variables: deployment.jobVariables,
    entrypoint: deployment.entrypoint ?? null,
    path: deployment.path ?? null,
    work_pool_name: deployment.workPoolName ?? null,
    work_queue_name: deployment.workQueueName ?? null,
    work_queue_id: deployment.workQueueId ?? null,
    last_polled: at(deployment.lastPolled),
  };
}

export function workPoolFields(pool: WorkPool): JsonObject {
  return {
    ...kept(pool),
    name: pool.name,
    type: pool.type,
    description: pool.description ?? null,
    is_paused: pool.isPaused,
    concurrency_limit: pool.concurrencyLimit ?? null,
    default_queue_id: pool.defaultQueueId,
  };
}

export function workQueueFields(queue: WorkQueue, sha256: Sha256): JsonObject {
  return {
    ...kept(queue),
    name: queue.name,
    description: queue.description ?? '',
    is_paused: queue.isPaused,
    concurrency_limit: queue.concurrencyLimit ?? null,
    priority: queue.priority,
    work_pool_id: workPoolIdOf(sha256, queue.workPoolName),
    work_pool_name: queue.workPoolName,
    last_polled: at(queue.lastPolled),
  };
}

export function limitFields(limit: Limit): JsonObject {
  return { ...kept(limit), name: limit.name, limit: limit.limit, active: limit.active };
}
