// What a rule is: from which states, to which states, and what it answers.
import type { Run } from './run.ts';
import type { ProposedState, StateType } from './state.ts';

/** Who asks: an attempt's containers say which attempt they are; a person, a worker or an old client does not. */
export type Caller = { readonly runId: string; readonly attempt: number };

export type Proposal = {
  readonly run: Run;
  readonly proposed: ProposedState;
  readonly caller?: Caller;
  readonly now: number;
};

export type Verdict =
  | { readonly kind: 'pass' }
  /** Go on with another proposal or another policy on the run. */
  | { readonly kind: 'change'; readonly run?: Run; readonly proposed?: ProposedState }
  /** Refuse, and put this state in its place. */
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
