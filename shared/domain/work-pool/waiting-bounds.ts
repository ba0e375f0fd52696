// How many runs of a pool, queue or deployment may wait, and what becomes of those beyond: variables of the base job
// template, so that every client can set them.
import { fieldOf } from '../template/json-value.ts';
import { namedVariables, type VariablePlace, wholeNumber } from './named-variables.ts';

export const waitingOverflows = ['refuse', 'drop_oldest'] as const;
export type WaitingOverflow = (typeof waitingOverflows)[number];

export type WaitingBounds = {
  /** Waiting runs at most; absent: as many as come. */
  readonly pool?: number;
  readonly queue?: number;
  readonly deployment?: number;
  /** What becomes of one more: it is refused, or it comes in and who waits longest goes. */
  readonly overflow: WaitingOverflow;
  /** A run that could not start for so long after its time is cancelled in place of started. */
  readonly skipAfterSeconds?: number;
};

export function waitingBounds({
  queueName = '',
  ...place
}: VariablePlace & { readonly queueName?: string }): WaitingBounds {
  const { ofPool, own, either } = namedVariables(place);
  const overflow = waitingOverflows.find((known) => known === either('waiting_overflow')) ?? 'refuse';
  const bounds = {
    pool: wholeNumber(ofPool('max_waiting_runs')),
    queue: wholeNumber(fieldOf(ofPool('max_waiting_runs_of_queues'), queueName)),
    deployment: wholeNumber(own('max_waiting_runs')),
    skipAfterSeconds: wholeNumber(either('skip_after_seconds')),
  };
  const given = Object.entries(bounds).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), overflow };
}
