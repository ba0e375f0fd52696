// Our own rules beside Prefect's: fencing of attempts (design rule 5) and the pump's right to claim.
// They hold for forced proposals too.
import { isWaiting } from './lane.ts';
import { pass, type Rule } from './policy-types.ts';
import { stateTypes, terminalTypes } from './state.ts';

/** Words of an attempt that is over never move the run. */
const fenceAttempts: Rule = {
  name: 'FenceAttempts',
  from: 'any',
  to: 'any',
  decide: ({ run, caller }) => {
    if (caller === undefined || caller.runId !== run.id) return pass;
    // While the run waits for a new attempt, the former one is over although no number is higher yet.
    if (caller.attempt === run.attempt && !isWaiting(run)) return pass;
    return {
      kind: 'abort',
      reason: `This state comes from attempt ${caller.attempt}, which is no longer the run's current one.`,
    };
  },
};

/** Who does not say which attempt he is (a person, an old client) is believed only while there was but one. */
const believeUnnamedOnlyInFirstAttempt: Rule = {
  name: 'BelieveUnnamedOnlyInFirstAttempt',
  from: 'any',
  to: ['RUNNING', ...terminalTypes],
  decide: ({ run, caller }) => {
    if (caller !== undefined || !run.isAttemptOpen || run.attempt <= 1) return pass;
    return {
      kind: 'abort',
      reason: `Attempt ${run.attempt} of this run is under way: only its own containers may report this state. Cancel the run instead.`,
    };
  },
};

/** Runs of push pools are claimed by the pump alone, with their attempt in the same transaction. */
const claimOnlyByPump: Rule = {
  name: 'ClaimOnlyByPump',
  from: stateTypes,
  to: ['PENDING'],
  decide: ({ run }) =>
    run.launched
      ? { kind: 'abort', reason: 'Runs of push work pools are started by the service, not by workers.' }
      : pass,
};

export const ourRules = [fenceAttempts, believeUnnamedOnlyInFirstAttempt, claimOnlyByPump] as const;
