// What a rule for task runs is, and what it may know: facts come in, an answer goes out.
import type { ProposedState, State, StateType } from '../run/state.ts';
import type { TaskRun } from './task-run.ts';

/** The answer of the limits on a task run's tags, once they have been asked. */
export type TagSlots =
  | { readonly kind: 'unasked' }
  /** Held, or nothing limits these tags. */
  | { readonly kind: 'held' }
  | { readonly kind: 'wait'; readonly delaySeconds: number; readonly reason: string }
  /** A limit of 0 lets nobody in, ever. */
  | { readonly kind: 'abort'; readonly reason: string };

export type TaskFacts = {
  /** The flow run that it belongs to, where there is one. */
  readonly flowRun?: { readonly id: string; readonly state: State; readonly runCount: number };
  /** The newest completed state under the proposed cache key that has not run out. */
  readonly cached?: State;
  readonly tagSlots: TagSlots;
  /** From 0 up to 1, for jitter. */
  readonly random: number;
};

export type TaskProposal = {
  readonly taskRun: TaskRun;
  readonly proposed: ProposedState;
  readonly facts: TaskFacts;
  readonly now: number;
};

/** What has to be done beside the write of the accepted state. */
export type TaskEffect = 'insert-cache' | 'enqueue';

export type TaskVerdict =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'change';
      readonly taskRun?: TaskRun;
      readonly proposed?: ProposedState;
      readonly effect?: TaskEffect;
    }
  /** Refuse, and put this state in its place. */
  | { readonly kind: 'replace'; readonly proposed: ProposedState; readonly reason: string }
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'wait'; readonly delaySeconds: number; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string }
  /** Undecided until slots were asked for: ask again with the answer in the facts. */
  | { readonly kind: 'ask-slots' };

export type TaskRule = {
  readonly name: string;
  readonly from: readonly StateType[] | 'any';
  readonly to: readonly StateType[] | 'any';
  readonly decide: (proposal: TaskProposal) => TaskVerdict;
};

export const passTask: TaskVerdict = { kind: 'pass' };
