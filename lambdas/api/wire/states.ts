// States between the wire and the domain. The server mints id and time, so a proposal has neither.
import type { z } from 'zod';
import type { orchestrationResult, state, stateCreate, stateDetails } from '../../../shared/contract/states.ts';
import type { Json } from '../../../shared/domain/json.ts';
import type { ProposedState, State, StateDetails, StateType } from '../../../shared/domain/run/state.ts';
import type { StateAnswer } from '../../../shared/use-cases/record-state.ts';
import { orNone, present } from './present.ts';
import { isoOrNull, isoText } from './times.ts';

type StateInput = z.output<typeof stateCreate>;
export type StateWire = z.input<typeof state>;

/** `Scheduled` for SCHEDULED: the name of a state that was given none. */
function defaultName(type: StateType): string {
  return type.charAt(0) + type.slice(1).toLowerCase();
}

export function proposedState(input: StateInput, now: number): ProposedState {
  const { scheduled_time, transition_id, pause_timeout, pause_reschedule, pause_key, ...sent } =
    input.state_details ?? {};
  const { deployment_concurrency_lease_id: leaseId, flow_run_id: _own, ...rest } = sent;
  const other = Object.entries(rest).flatMap(([key, value]): [string, Json][] =>
    value === undefined || value === null || value === false ? [] : [[key, value]],
  );
  const details: StateDetails = present({
    scheduledTime: scheduled_time ?? (input.type === 'SCHEDULED' ? now : undefined),
    transitionId: orNone(transition_id),
    pauseTimeout: orNone(pause_timeout),
    pauseReschedule: pause_reschedule === true ? true : undefined,
    pauseKey: orNone(pause_key),
    leaseId: orNone(leaseId),
    other: other.length === 0 ? undefined : Object.fromEntries(other),
  });
  return present({
    type: input.type,
    name: input.name ?? defaultName(input.type),
    message: orNone(input.message),
    details,
    data: orNone(input.data),
  });
}

export function stateToWire(given: State, runId: string): StateWire {
  return {
    id: given.id,
    type: given.type,
    name: given.name,
    timestamp: isoText(given.timestamp),
    message: given.message ?? null,
    data: given.data ?? null,
    state_details: detailsToWire(given.details, runId),
  };
}

function detailsToWire(details: StateDetails, runId: string): z.input<typeof stateDetails> {
  const text = (field: string) => {
    const value = details.other?.[field];
    return typeof value === 'string' ? value : null;
  };
  const flag = (field: string) => {
    const value = details.other?.[field];
    return typeof value === 'boolean' ? value : null;
  };
  return {
    flow_run_id: runId,
    task_run_id: text('task_run_id'),
    child_flow_run_id: text('child_flow_run_id'),
    scheduled_time: isoOrNull(details.scheduledTime),
    cache_key: text('cache_key'),
    cache_expiration: text('cache_expiration'),
    deferred: flag('deferred') ?? false,
    untrackable_result: flag('untrackable_result') ?? false,
    pause_timeout: isoOrNull(details.pauseTimeout),
    pause_reschedule: details.pauseReschedule ?? false,
    pause_key: details.pauseKey ?? null,
    run_input_keyset: details.other?.['run_input_keyset'] ?? null,
    refresh_cache: flag('refresh_cache'),
    retriable: flag('retriable'),
    transition_id: details.transitionId ?? null,
    task_parameters_id: text('task_parameters_id'),
    traceparent: text('traceparent'),
    deployment_concurrency_lease_id: details.leaseId ?? null,
  };
}

/** Prefect's answer to a proposal. */
export function verdictToWire(answer: StateAnswer, runId: string): z.input<typeof orchestrationResult> {
  const reason = answer.reason ?? null;
  const details = {
    ACCEPT: { type: 'accept_details' },
    REJECT: { type: 'reject_details', reason },
    ABORT: { type: 'abort_details', reason },
    WAIT: { type: 'wait_details', delay_seconds: Math.ceil(answer.delaySeconds ?? 0), reason },
  } as const;
  return {
    state: answer.state === undefined ? null : stateToWire(answer.state, runId),
    status: answer.status,
    details: details[answer.status],
  };
}
