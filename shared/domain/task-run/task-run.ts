// A task run as Prefect has it: what its own engine reports in events, or what a client asked the server to keep.
// Rule: it has a state from its first moment on; times are epoch milliseconds.
import type { Json, JsonObject } from '../json.ts';
import type { State } from '../run/state.ts';

/** Prefect's TaskRunPolicy. Delays are in seconds; a list gives each retry its own. */
export type TaskRunPolicy = {
  readonly retries?: number;
  readonly retryDelaySeconds?: number | readonly number[];
  readonly retryJitterFactor?: number;
  /** The wire's own fields that no rule reads (max_retries, retry_delay_seconds). */
  readonly other?: JsonObject;
};

export type TaskRun = {
  readonly id: string;
  /** Raised by every write; each write names the version that it read. */
  readonly version: number;
  readonly created: number;
  readonly updated: number;
  readonly name: string;
  readonly flowRunId?: string;
  readonly taskKey: string;
  readonly dynamicKey: string;
  readonly cacheKey?: string;
  readonly cacheExpiration?: number;
  readonly taskVersion?: string;
  readonly policy: TaskRunPolicy;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
  /** By parameter: where its values come from. Thousands where a task gathers the results of a map. */
  readonly taskInputs: JsonObject;
  readonly state: State;
  readonly runCount: number;
  /** The run count of its flow run when it last started. */
  readonly flowRunRunCount: number;
  readonly expectedStartTime?: number;
  readonly nextScheduledStartTime?: number;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly totalRunTimeMs: number;
  /** The flow runs that it stands for in its own flow run, as their states named them. */
  readonly childFlowRunIds?: readonly string[];
  /** When it was last put into the queue of its task; what lies there under another time is not meant any more. */
  readonly queuedAt?: number;
};

/** Within a flow run a task run is known by these; without one, by task and dynamic key alone. */
export type NaturalKey = { readonly flowRunId?: string; readonly taskKey: string; readonly dynamicKey: string };

/** One text for each key, for maps. */
export function naturalKeyText({ flowRunId, taskKey, dynamicKey }: NaturalKey): string {
  return JSON.stringify([flowRunId ?? null, taskKey, dynamicKey]);
}

/** A field of Prefect's state_details that has no name of its own inside. */
export function otherDetail({ details }: Pick<State, 'details'>, field: string): Json | undefined {
  return details.other?.[field];
}

export function textDetail(state: Pick<State, 'details'>, field: string): string | undefined {
  const value = otherDetail(state, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A task in the background: no flow waits for it in its own process, a task worker takes it from the queue. */
export function isDeferred(state: Pick<State, 'details'>): boolean {
  return otherDetail(state, 'deferred') === true;
}
