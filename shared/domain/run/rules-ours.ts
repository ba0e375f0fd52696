// Our own rules beside Prefect's: fencing of attempts (design rule 5) and the pump's right to claim.
// They hold for forced proposals too.
import { isRescheduled } from './attempt-step.ts';
import { type Caller, type Proposal, pass, type Rule } from './policy-types.ts';
import type { Run } from './run.ts';
import { isTerminal, type ProposedState, stateTypes, terminalTypes } from './state.ts';
import { mayFollow } from './transition.ts';

/** What a container may have said before it ended and still be heard with: how its work ended, not that it goes on. */
function isLastWord({ type, details }: ProposedState): boolean {
  return isTerminal(type) || type === 'SCHEDULED' || (type === 'PAUSED' && details.pauseReschedule === true);
}

/** While a run waits for a new attempt, the former one is over: its task may live on, and no number is higher yet. */
function speaksFor(caller: Caller, executor: Run, proposed: ProposedState): boolean {
  if (caller.attempt !== executor.attempt || isRescheduled(executor)) return false;
  if (caller.attempt <= (executor.formerLife ?? 0)) return false;
  return executor.isAttemptOpen || isLastWord(proposed);
}

/** Whose task the caller is: this run's or a parent's that executes it. For any other run the header means nothing. */
export function executorOfCaller({ run, caller, executor: parent }: Spoken): Run | 'gone' | undefined {
  if (caller === undefined) return undefined;
  return caller.runId === run.id ? run : parent;
}

type Spoken = Pick<Proposal, 'run' | 'caller' | 'executor'>;

/**
 * Attempts are written before their tasks are launched: a number that the table does not have yet is one that it had
 * before it was set back (rule 14), and will have again once the task is found.
 */
export function isAheadOfTable(spoken: Spoken): boolean {
  const { caller } = spoken;
  const executor = executorOfCaller(spoken);
  if (caller === undefined || executor === undefined || executor === 'gone') return false;
  return caller.attempt > executor.attempt;
}

/** Words of an attempt that is over never move the run; one whose task just stopped may still say how it ended. */
const fenceAttempts: Rule = {
  name: 'FenceAttempts',
  from: 'any',
  to: 'any',
  decide: (proposal) => {
    const { proposed, caller } = proposal;
    const executor = executorOfCaller(proposal);
    if (caller === undefined || executor === undefined) return pass;
    if (executor !== 'gone' && speaksFor(caller, executor, proposed)) return pass;
    return {
      kind: 'abort',
      reason: `This state comes from attempt ${caller.attempt}, which is no longer the run's current one.`,
    };
  },
};

/**
 * Who does not say which attempt he is (a person, an old client) is believed only while there was but one.
 * An attempt of another run says nothing here: its number means that other run.
 */
const believeUnnamedOnlyInFirstAttempt: Rule = {
  name: 'BelieveUnnamedOnlyInFirstAttempt',
  from: 'any',
  to: ['RUNNING', ...terminalTypes],
  decide: ({ run, caller }) => {
    if (caller?.runId === run.id || !run.isAttemptOpen) return pass;
    if (isRescheduled(run)) {
      return {
        kind: 'abort',
        reason: `This run waits for a new attempt: what attempt ${run.attempt} still does is no longer asked for.`,
      };
    }
    if (run.attempt <= 1) return pass;
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

/** A run whose silent engine was given up waits for another; should the old one wake, it may not go on (rule 9). */
const leaveBehind: Rule = {
  name: 'LeaveBehind',
  from: ['SCHEDULED'],
  to: ['RUNNING'],
  decide: ({ run }) =>
    run.isLeftBehind === true
      ? {
          kind: 'abort',
          reason: 'The engine of this run was silent for too long: the run waits to be submitted again.',
        }
      : pass,
};

/** The last of the core rules: what none of them refused must stand in the table. */
export const keepToTable: Rule = {
  name: 'KeepToTable',
  from: 'any',
  to: 'any',
  decide: ({ run, proposed }) =>
    mayFollow(run.state.type, proposed.type)
      ? pass
      : {
          kind: 'abort',
          reason: `This run is in a ${run.state.type} state and cannot transition to a ${proposed.type} state.`,
        },
};

export const ourRules = [
  fenceAttempts,
  believeUnnamedOnlyInFirstAttempt,
  claimOnlyByPump,
  leaveBehind,
] as const satisfies readonly Rule[];
