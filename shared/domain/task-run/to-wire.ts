// A task run as the wire has it: what the REST API answers, and the frame that a task worker gets.
// Rule: one shape for both, so that a worker and a reader see the same run.
import { isoText } from '../iso-time.ts';
import type { Json } from '../json.ts';
import { isTerminal, type State } from '../run/state.ts';
import { policyToFields } from './policy-fields.ts';
import type { TaskRun } from './task-run.ts';

const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : isoText(at));

/** Prefect's TaskRun. Run times are seconds; the estimates tell what will have been by `now`. */
export function taskRunToWire(taskRun: TaskRun, now: number) {
  return {
    id: taskRun.id,
    created: isoText(taskRun.created),
    updated: isoText(taskRun.updated),
    name: taskRun.name,
    flow_run_id: taskRun.flowRunId ?? null,
    task_key: taskRun.taskKey,
    dynamic_key: taskRun.dynamicKey,
    cache_key: taskRun.cacheKey ?? null,
    cache_expiration: isoOrNull(taskRun.cacheExpiration),
    task_version: taskRun.taskVersion ?? null,
    empirical_policy: policyToFields(taskRun.policy),
    tags: [...taskRun.tags],
    labels: taskRun.labels,
    task_inputs: taskRun.taskInputs,
    ...stateToFields(taskRun),
    run_count: taskRun.runCount,
    flow_run_run_count: taskRun.flowRunRunCount,
    expected_start_time: isoOrNull(taskRun.expectedStartTime),
    next_scheduled_start_time: isoOrNull(taskRun.nextScheduledStartTime),
    start_time: isoOrNull(taskRun.startTime),
    end_time: isoOrNull(taskRun.endTime),
    total_run_time: taskRun.totalRunTimeMs / 1000,
    estimated_run_time: estimatedRunTimeMs(taskRun, now) / 1000,
    estimated_start_time_delta: latenessMs(taskRun, now) / 1000,
  };
}

function stateToFields(taskRun: TaskRun) {
  const { state } = taskRun;
  return {
    state_id: state.id,
    state_type: state.type,
    state_name: state.name,
    state: taskStateToWire(state, taskRun),
  };
}

/** Which task run a state belongs to, as its details say on the wire. */
export type StateOwner = { readonly id: string; readonly flowRunId?: string };

export function taskStateToWire(state: State, owner: StateOwner) {
  const { details } = state;
  const other = (field: string): Json | undefined => details.other?.[field];
  const text = (field: string): string | null => {
    const value = other(field);
    return typeof value === 'string' ? value : null;
  };
  const flag = (field: string): boolean | null => {
    const value = other(field);
    return typeof value === 'boolean' ? value : null;
  };
  return {
    id: state.id,
    type: state.type,
    name: state.name,
    timestamp: isoText(state.timestamp),
    message: state.message ?? null,
    data: state.data ?? null,
    state_details: {
      flow_run_id: owner.flowRunId ?? null,
      task_run_id: owner.id,
      child_flow_run_id: text('child_flow_run_id'),
      scheduled_time: isoOrNull(details.scheduledTime),
      cache_key: text('cache_key'),
      cache_expiration: text('cache_expiration'),
      deferred: flag('deferred') ?? false,
      untrackable_result: flag('untrackable_result') ?? false,
      pause_timeout: isoOrNull(details.pauseTimeout),
      pause_reschedule: details.pauseReschedule ?? false,
      pause_key: details.pauseKey ?? null,
      run_input_keyset: other('run_input_keyset') ?? null,
      refresh_cache: flag('refresh_cache'),
      retriable: flag('retriable'),
      transition_id: details.transitionId ?? null,
      task_parameters_id: text('task_parameters_id'),
      traceparent: text('traceparent'),
      deployment_concurrency_lease_id: text('deployment_concurrency_lease_id'),
    },
  };
}

export function estimatedRunTimeMs({ state, totalRunTimeMs }: TaskRun, now: number): number {
  return totalRunTimeMs + (state.type === 'RUNNING' ? Math.max(0, now - state.timestamp) : 0);
}

/** How much later than expected it started, or would start if it did now. */
export function latenessMs({ expectedStartTime, startTime, state }: TaskRun, now: number): number {
  if (expectedStartTime === undefined) return 0;
  if (startTime !== undefined) return Math.max(0, startTime - expectedStartTime);
  return isTerminal(state.type) ? 0 : Math.max(0, now - expectedStartTime);
}
