// The ordered rules that allow, change or refuse a proposed state, with Prefect's names, order and answers.
// Pure: a use case loads the facts, asks here, and writes what comes out.
import type { Proposal, Rule } from './policy-types.ts';
import { ourRules } from './rules-ours.ts';
import { coreRules, minimalRules } from './rules-prefect.ts';
import type { Run } from './run.ts';
import type { State, StateType } from './state.ts';
import { enterState, type Mint, mayFollow, mintState } from './transition.ts';

export type Answer =
  | { readonly status: 'ACCEPT'; readonly run: Run; readonly state: State }
  | { readonly status: 'REJECT'; readonly reason: string; readonly run?: Run; readonly state: State }
  | { readonly status: 'WAIT'; readonly reason: string; readonly delaySeconds: number; readonly state: State }
  | { readonly status: 'ABORT'; readonly reason: string };

/** `core` for clients, `minimal` with Prefect's `force`. Our own rules hold in both. */
export type PolicyName = 'core' | 'minimal';

const policies = {
  core: [...ourRules, ...coreRules],
  minimal: [...ourRules, ...minimalRules],
} as const satisfies Record<PolicyName, readonly Rule[]>;

function applies(rule: Rule, from: StateType, to: StateType): boolean {
  return (rule.from === 'any' || rule.from.includes(from)) && (rule.to === 'any' || rule.to.includes(to));
}

/** Answers a proposal; `run` in the answer is the head to write, absent when nothing changes. */
export function decideState(policy: PolicyName, proposal: Proposal, mint: Mint): Answer {
  let { run, proposed } = proposal;
  let reason: string | undefined;
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
      case 'replace':
        run = verdict.run ?? run;
        ({ proposed, reason } = verdict);
        break;
      case 'reject':
        return { status: 'REJECT', reason: verdict.reason, state: proposal.run.state };
      case 'wait':
        return {
          status: 'WAIT',
          reason: verdict.reason,
          delaySeconds: verdict.delaySeconds,
          state: proposal.run.state,
        };
      case 'abort':
        return { status: 'ABORT', reason: verdict.reason };
    }
  }
  if (policy === 'core' && !mayFollow(run.state.type, proposed.type)) {
    return {
      status: 'ABORT',
      reason: `This run is in a ${run.state.type} state and cannot transition to a ${proposed.type} state.`,
    };
  }
  const state = mintState(run, proposed, mint);
  const after = enterState(run, state);
  return reason === undefined
    ? { status: 'ACCEPT', run: after, state }
    : { status: 'REJECT', reason, run: after, state };
}
