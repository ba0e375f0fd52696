// The ordered rules that allow, change or refuse a proposed state, with Prefect's names, order and answers.
// Pure: a use case loads the facts, asks here, and writes what comes out.
import type { Proposal, Rule } from './policy-types.ts';
import { keepToTable, ourRules } from './rules-ours.ts';
import { coreRules, lateRules, minimalRules } from './rules-prefect.ts';
import { securePlaceSlots } from './rules-slots.ts';
import type { Run } from './run.ts';
import type { ProposedState, State, StateType } from './state.ts';
import { enterState, type Mint, mintState } from './transition.ts';

export type Answer =
  | { readonly status: 'ACCEPT'; readonly run: Run; readonly state: State }
  | { readonly status: 'REJECT'; readonly reason: string; readonly run?: Run; readonly state: State }
  | { readonly status: 'WAIT'; readonly reason: string; readonly delaySeconds: number; readonly state: State }
  | { readonly status: 'ABORT'; readonly reason: string };

/** `core` for clients, `minimal` with Prefect's `force`, `late` for the clock. Our own rules hold for all who ask. */
export type PolicyName = 'core' | 'minimal' | 'late';

export const policies = {
  core: [...ourRules, ...coreRules, securePlaceSlots, keepToTable],
  minimal: [...ourRules, ...minimalRules],
  late: lateRules,
} as const satisfies Record<PolicyName, readonly Rule[]>;

/** The rules by name, in their order. */
export function ruleNames(policy: PolicyName): readonly string[] {
  return policies[policy].map(({ name }) => name);
}

function applies(rule: Rule, from: StateType, to: StateType): boolean {
  return (rule.from === 'any' || rule.from.includes(from)) && (rule.to === 'any' || rule.to.includes(to));
}

/** A state put in the place of a proposed one carries the proposal's transition id: a repeat finds what came of it. */
function inPlaceOf(proposed: ProposedState, instead: ProposedState): ProposedState {
  const { transitionId } = proposed.details;
  return transitionId === undefined ? instead : { ...instead, details: { ...instead.details, transitionId } };
}

/** Answers a proposal; `run` in the answer is the head to write, absent when nothing changes. */
export function decideState(policy: PolicyName, proposal: Proposal, mint: Mint): Answer {
  const { state: current } = proposal.run;
  let { run, proposed } = proposal;
  for (const rule of policies[policy]) {
    if (!applies(rule, run.state.type, proposed.type)) continue;
    const verdict = rule.decide({ ...proposal, run, proposed });
    switch (verdict.kind) {
      case 'pass':
        break;
      case 'change':
        run = verdict.run ?? run;
        proposed = verdict.proposed ?? proposed;
        break;
      // The rules after it were asked about another state: as on Prefect's server, they have no say in this one,
      // and what the ones before it did for that other state is undone.
      case 'replace': {
        const before = verdict.run ?? proposal.run;
        const state = mintState(before, inPlaceOf(proposed, verdict.proposed), mint);
        return { status: 'REJECT', reason: verdict.reason, run: enterState(before, state), state };
      }
      case 'reject':
        return { status: 'REJECT', reason: verdict.reason, state: current };
      case 'wait':
        return { status: 'WAIT', reason: verdict.reason, delaySeconds: verdict.delaySeconds, state: current };
      case 'abort':
        return { status: 'ABORT', reason: verdict.reason };
    }
  }
  const state = mintState(run, proposed, mint);
  return { status: 'ACCEPT', run: enterState(run, state), state };
}
