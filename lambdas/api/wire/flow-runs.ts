// Runs between the wire and the domain.
import type { z } from 'zod';
import type { FlowRunPolicyInput, flowRun } from '../../../shared/contract/flow-runs.ts';
import { type Sha256, workPoolIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { estimatedRunTimeMs, latenessMs } from '../../../shared/domain/run/estimates.ts';
import type { EmpiricalPolicy, Run, RunBody } from '../../../shared/domain/run/run.ts';
import { orNone, present } from './present.ts';
import { stateToWire } from './states.ts';
import { isoOrNull, isoText } from './times.ts';

export type FlowRunWire = z.input<typeof flowRun>;
export type Scene = { readonly now: number; readonly sha256: Sha256 };

export const emptyBody: RunBody = { parameters: {}, jobVariables: {}, context: {}, labels: {} };

export function runToWire(run: Run, body: RunBody, scene: Scene): FlowRunWire {
  return {
    ...identityToWire(run, scene),
    ...bodyToWire(run, body),
    ...timesToWire(run, scene.now),
    empirical_policy: policyToWire(run.empiricalPolicy),
    state_id: run.state.id,
    state_type: run.state.type,
    state_name: run.state.name,
    state: stateToWire(run.state, run.id),
    run_count: run.runCount,
    auto_scheduled: run.autoScheduled,
    infrastructure_document_id: null,
    infrastructure_pid: run.infrastructurePid ?? null,
  };
}

function identityToWire(run: Run, { sha256 }: Scene) {
  return {
    id: run.id,
    created: isoText(run.created),
    updated: isoText(run.updated),
    name: run.name,
    flow_id: run.flowId,
    deployment_id: run.deploymentId ?? null,
    work_pool_id: run.workPoolName === undefined ? null : workPoolIdOf(sha256, run.workPoolName),
    work_pool_name: run.workPoolName ?? null,
    work_queue_id: run.workQueueId ?? null,
    work_queue_name: run.workQueueName ?? null,
    idempotency_key: run.idempotencyKey ?? null,
    parent_task_run_id: run.parentTaskRunId ?? null,
    tags: [...run.tags],
  };
}

function bodyToWire(run: Run, body: RunBody) {
  return {
    parameters: body.parameters,
    context: body.context,
    labels: { ...ownLabels(run), ...body.labels },
    job_variables: body.jobVariables,
    flow_version: body.flowVersion ?? null,
    deployment_version: body.deploymentVersion ?? null,
    created_by: body.createdBy ?? null,
  };
}

/** Prefect puts these on every run; they are known from the head and not stored again. */
function ownLabels(run: Run): JsonObject {
  return {
    'prefect.flow.id': run.flowId,
    ...(run.deploymentId === undefined ? {} : { 'prefect.deployment.id': run.deploymentId }),
  };
}

/** Run times are seconds on the wire. The estimates tell what will have been by now. */
function timesToWire(run: Run, now: number) {
  return {
    expected_start_time: isoOrNull(run.expectedStartTime),
    next_scheduled_start_time: isoOrNull(run.nextScheduledStartTime),
    start_time: isoOrNull(run.startTime),
    end_time: isoOrNull(run.endTime),
    total_run_time: run.totalRunTimeMs / 1000,
    estimated_run_time: estimatedRunTimeMs(run, now) / 1000,
    estimated_start_time_delta: latenessMs(run, now) / 1000,
  };
}

function policyToWire(policy: EmpiricalPolicy): JsonObject {
  return {
    max_retries: 0,
    retry_delay_seconds: 0,
    ...policy.other,
    retries: policy.retries ?? null,
    retry_delay: policy.retryDelaySeconds ?? null,
    pause_keys: policy.pauseKeys,
    resuming: policy.resuming,
    retry_type: policy.retryType ?? null,
  };
}

/** The deprecated fields stand in where the new ones are not given, as Prefect does. */
export function policyFromWire(input: FlowRunPolicyInput): EmpiricalPolicy {
  const { max_retries: maximum = 0, retry_delay_seconds: delay = 0 } = input;
  const other: JsonObject = {
    ...(maximum === 0 ? {} : { max_retries: maximum }),
    ...(delay === 0 ? {} : { retry_delay_seconds: delay }),
  };
  return present({
    retries: input.retries ?? (maximum === 0 ? undefined : maximum),
    retryDelaySeconds: input.retry_delay ?? (delay === 0 ? undefined : delay),
    pauseKeys: input.pause_keys ?? [],
    resuming: input.resuming ?? false,
    retryType: orNone(input.retry_type),
    other: Object.keys(other).length === 0 ? undefined : other,
  });
}
