// The states of a run, with Prefect's types and names.
// Times are epoch milliseconds inside; the contract turns them into ISO text.
import type { Json } from '../json.ts';

export const stateTypes = [
  'SCHEDULED',
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'CRASHED',
  'PAUSED',
  'CANCELLING',
] as const;
export type StateType = (typeof stateTypes)[number];

export const terminalTypes = ['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'] as const;
export type TerminalType = (typeof terminalTypes)[number];

export function isTerminal(type: StateType): type is TerminalType {
  return terminalTypes.some((terminal) => terminal === type);
}

/** What Prefect calls state_details; the fields that a rule reads are typed, the others pass through in `other`. */
export type StateDetails = {
  readonly scheduledTime?: number;
  readonly transitionId?: string;
  readonly pauseTimeout?: number;
  readonly pauseReschedule?: boolean;
  readonly pauseKey?: string;
  /** The lease on a deployment's slot that the run holds (deployment_concurrency_lease_id). */
  readonly leaseId?: string;
  /** Prefect's remaining fields by their wire names (task_run_id, cache_key, traceparent …). */
  readonly other?: { readonly [name: string]: Json };
};

export type State = {
  readonly id: string;
  readonly type: StateType;
  readonly name: string;
  readonly timestamp: number;
  readonly message?: string;
  readonly details: StateDetails;
  /** Kept beside the head under the state's id when it is large; `null` and absent both mean none. */
  readonly data?: Json;
};

/** A state that somebody asks for: the server mints id and timestamp. */
export type ProposedState = Omit<State, 'id' | 'timestamp'>;

/** How many states before the current one a head carries: an ordinary run never needs more. */
export const recentStateCount = 3;

/** Messages up to this many characters stay on the head. */
export const shortMessageCharacters = 200;

/** A state as a head carries it: without its data, its message cut. `isBeside`: the whole one has an item of its own. */
export type RecentState = Omit<State, 'data'> & { readonly isBeside?: true };

/** Whether a state needs an item of its own, beside the head. */
export function isLargeState(state: State): boolean {
  return (state.data !== undefined && state.data !== null) || (state.message ?? '').length > shortMessageCharacters;
}

export function briefState(state: State): RecentState {
  const { data: _data, message, ...small } = state;
  return {
    ...small,
    ...(message === undefined ? {} : { message: message.slice(0, shortMessageCharacters) }),
    ...(isLargeState(state) ? { isBeside: true } : {}),
  };
}
