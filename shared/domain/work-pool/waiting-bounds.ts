// How many runs of a pool, queue or deployment may wait, and what becomes of those beyond: variables of the base job
// template, so that every client can set them. A pool says it by the template's defaults, a deployment by its job
// variables; null counts as not given.
import type { Deployment, WorkPool } from '../catalogue.ts';
import type { Json } from '../json.ts';
import { fieldOf, objectOf } from '../template/json-value.ts';

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

type Placed = {
  readonly pool?: Pick<WorkPool, 'baseJobTemplate'>;
  readonly queueName?: string;
  readonly deployment?: Pick<Deployment, 'jobVariables'>;
};

export function waitingBounds({ pool, queueName = '', deployment }: Placed): WaitingBounds {
  const properties = objectOf(objectOf(pool?.baseJobTemplate, 'variables'), 'properties');
  const ofPool = (name: string): Json | undefined => fieldOf(objectOf(properties, name), 'default');
  const own = (name: string): Json | undefined => fieldOf(deployment?.jobVariables, name);
  const either = (name: string): Json | undefined => own(name) ?? ofPool(name);
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

/** Above 0; anything else sets no bound. */
function wholeNumber(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
