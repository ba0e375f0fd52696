// Which states keep the slots that are listed on a run (design rule 6): they are taken with PENDING and follow the state
// from there.
import type { Run } from './run.ts';
import { isTerminal } from './state.ts';

/**
 * Whether a run in its present state still has a right to a slot: not once it is over, suspended, or waits for a new
 * attempt. A retry inside its living engine keeps it, and so does a pause that keeps its process.
 */
export function keepsSlot({ state, empiricalPolicy }: Pick<Run, 'state' | 'empiricalPolicy'>): boolean {
  if (isTerminal(state.type)) return false;
  if (state.type === 'PAUSED') return state.details.pauseReschedule !== true;
  return state.type !== 'SCHEDULED' || empiricalPolicy.retryType === 'in_process';
}

/** The run without slots that its state does not entitle it to. */
export function withoutStaleSlots(run: Run): Run {
  if (keepsSlot(run)) return run;
  const { slot: _ofDeployment, placeGateIds: _ofPlace, ...rest } = run;
  return rest;
}
