// The ordered rules that allow, change or refuse a state proposed for a task run, with Prefect's names and answers.
// Pure: a use case loads the facts, asks here, and writes what comes out.
import type { ProposedState, State, StateType } from '../run/state.ts';
import type { TaskEffect, TaskProposal, TaskRule } from './policy-types.ts';
import * as rules from './rules.ts';
import { isDeferred, type TaskRun } from './task-run.ts';
import { enterTaskState } from './transition.ts';

/** Prefect's CoreTaskPolicy; `force` asks for MinimalTaskPolicy, a deferred state always for BackgroundTaskPolicy. */
export type TaskPolicyName = 'core' | 'background' | 'minimal';

const shared = [rules.copyScheduledTime] as const;
const ending = [
  rules.waitForScheduledTime,
  rules.retryFailedTasks,
  rules.renameReruns,
  rules.updateFlowRunTrackerOnTasks,
  rules.cacheInsertion,
] as const;

const policies = {
  core: [
    rules.preventDuplicateTransitions,
    rules.cacheRetrieval,
    rules.handleTaskTerminalStateTransitions,
    rules.preventRunningTasksFromStoppedFlows,
    rules.secureTaskConcurrencySlots,
    ...shared,
    ...ending,
  ],
  background: [
    rules.preventDuplicateTransitions,
    rules.preventPendingTransitions,
    rules.cacheRetrieval,
    rules.handleTaskTerminalStateTransitions,
    ...shared,
    rules.copyTaskParametersId,
    ...ending,
    rules.enqueueScheduledTasks,
  ],
  // ReleaseTaskConcurrencySlots alone, which holds for every written state (`givesSlotsBack`).
  minimal: [],
} as const satisfies Record<TaskPolicyName, readonly TaskRule[]>;

/** The rules by name, in their order. */
export function taskRuleNames(policy: TaskPolicyName): readonly string[] {
  return policies[policy].map(({ name }) => name);
}

export function taskPolicyFor(proposed: ProposedState, force: boolean): TaskPolicyName {
  if (isDeferred(proposed)) return 'background';
  return force ? 'minimal' : 'core';
}

export type TaskAnswer =
  | {
      readonly status: 'ACCEPT';
      readonly taskRun: TaskRun;
      readonly state: State;
      readonly effects: readonly TaskEffect[];
    }
  | { readonly status: 'REJECT'; readonly reason: string; readonly taskRun?: TaskRun; readonly state: State }
  | { readonly status: 'WAIT'; readonly reason: string; readonly delaySeconds: number; readonly state: State }
  | { readonly status: 'ABORT'; readonly reason: string; readonly state: State }
  /** Ask for the slots of the tags, then decide again with the answer. */
  | { readonly status: 'ASK_SLOTS' };

export type TaskMint = { readonly id: string; readonly now: number };

/** Answers a proposal; `taskRun` in the answer is what to write, absent when nothing changes. */
export function decideTaskState(policy: TaskPolicyName, proposal: TaskProposal, mint: TaskMint): TaskAnswer {
  const given = proposal.taskRun;
  const effects: TaskEffect[] = [];
  let { taskRun, proposed } = proposal;
  for (const rule of policies[policy]) {
    if (!applies(rule, given.state.type, proposed.type)) continue;
    const verdict = rule.decide({ ...proposal, taskRun, proposed });
    switch (verdict.kind) {
      case 'pass':
        break;
      case 'change':
        taskRun = verdict.taskRun ?? taskRun;
        proposed = verdict.proposed ?? proposed;
        if (verdict.effect !== undefined) effects.push(verdict.effect);
        break;
      // What the rules before it changed was meant for another state: as on Prefect's server, it is undone.
      case 'replace': {
        const state = mintTaskState(given, inPlaceOf(proposed, verdict.proposed), mint);
        return { status: 'REJECT', reason: verdict.reason, taskRun: enterTaskState(given, state), state };
      }
      case 'reject':
        return { status: 'REJECT', reason: verdict.reason, state: given.state };
      case 'wait':
        return { status: 'WAIT', reason: verdict.reason, delaySeconds: verdict.delaySeconds, state: given.state };
      case 'abort':
        return { status: 'ABORT', reason: verdict.reason, state: given.state };
      case 'ask-slots':
        return { status: 'ASK_SLOTS' };
    }
  }
  const state = mintTaskState(given, proposed, mint);
  return { status: 'ACCEPT', taskRun: enterTaskState(taskRun, state), state, effects };
}

/** ReleaseTaskConcurrencySlots: a written state that neither runs nor is being cancelled holds no slot. */
export function givesSlotsBack(state: State): boolean {
  return state.type !== 'RUNNING' && state.type !== 'CANCELLING';
}

function applies(rule: TaskRule, from: StateType, to: StateType): boolean {
  return (rule.from === 'any' || rule.from.includes(from)) && (rule.to === 'any' || rule.to.includes(to));
}

function inPlaceOf(proposed: ProposedState, instead: ProposedState): ProposedState {
  const { transitionId } = proposed.details;
  return transitionId === undefined ? instead : { ...instead, details: { ...instead.details, transitionId } };
}

/** A state never is as old as the one before it: engines' clocks and ours differ, and histories are sorted by time. */
export function mintTaskState(taskRun: TaskRun | undefined, proposed: ProposedState, mint: TaskMint): State {
  const timestamp = taskRun === undefined ? mint.now : Math.max(mint.now, taskRun.state.timestamp + 1);
  return { ...proposed, id: mint.id, timestamp };
}
