// What a rule is: from which states, to which states, what it may know, and what it answers.
import type { Taking } from '../limit/room.ts';
import type { Run } from './run.ts';
import type { ProposedState, StateType } from './state.ts';

/** Who asks: an attempt's containers say which attempt they are; a person, a worker or an old client does not. */
export type Caller = { readonly runId: string; readonly attempt: number };

/** What a deployment's concurrency limit says at the moment, as far as one of its runs is concerned. */
export type DeploymentConcurrency =
  | { readonly kind: 'no-deployment' }
  | { readonly kind: 'unlimited' }
  | {
      readonly kind: 'limited';
      readonly limitId: string;
      readonly limit: number;
      readonly isFull: boolean;
      /** Whether the run's own slot is still its own: one whose lease ran out may have gone to somebody else. */
      readonly isHeld: boolean;
      readonly strategy: 'ENQUEUE' | 'CANCEL_NEW';
      /** The id that a slot taken now would have. */
      readonly leaseId: string;
    };

/** What the limits of pool and queue say to a run that asks for PENDING. */
export type PlaceRoom =
  | { readonly kind: 'unlimited' | 'full' }
  | { readonly kind: 'granted'; readonly takings: readonly Taking[] };

export type Proposal = {
  readonly run: Run;
  readonly proposed: ProposedState;
  readonly caller?: Caller;
  /** The run that the caller speaks for, where that is a parent of this one; `gone` when it was deleted. */
  readonly executor?: Run | 'gone';
  /** The version of the caller's Prefect, as it says. */
  readonly clientVersion?: string;
  /** Read at the transitions that take or check a slot. */
  readonly concurrency?: DeploymentConcurrency;
  readonly placeRoom?: PlaceRoom;
  readonly now: number;
};

export type Verdict =
  | { readonly kind: 'pass' }
  /** Go on with another proposal or another policy on the run. */
  | { readonly kind: 'change'; readonly run?: Run; readonly proposed?: ProposedState }
  /**
   * Refuse, and put this state in its place. What rules before this one changed on the run is undone;
   * `run` says what changes instead.
   */
  | { readonly kind: 'replace'; readonly proposed: ProposedState; readonly run?: Run; readonly reason: string }
  /** Refuse; the run keeps the state it has. */
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'wait'; readonly delaySeconds: number; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string };

export type Rule = {
  readonly name: string;
  readonly from: readonly StateType[] | 'any';
  readonly to: readonly StateType[] | 'any';
  readonly decide: (proposal: Proposal) => Verdict;
};

export const pass: Verdict = { kind: 'pass' };
