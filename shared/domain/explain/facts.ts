// What is known of a run that somebody asks about: read by the use case, judged by `explain`.
import type { Worker, WorkPool, WorkQueue } from '../catalogue.ts';
import type { Holder } from '../limit/limit.ts';
import type { Attempt } from '../run/attempt.ts';
import type { Run } from '../run/run.ts';

/** A limit that the run must pass, with those who hold its slots now; expired holders hold nothing. */
export type LimitFact = {
  readonly of: 'work pool' | 'work queue' | 'deployment';
  readonly name: string;
  readonly limit: number;
  /** Those of a rate are nobody's: they come free by themselves. */
  readonly used: number;
  readonly holders: readonly HolderFact[];
};

/** `name` and `state` are the run's that holds the slot, while it is recorded. */
export type HolderFact = Pick<Holder, 'key' | 'since'> & {
  readonly runId?: string;
  readonly name?: string;
  readonly state?: string;
};

export type AdmissionFact = {
  readonly isFrozen: boolean;
  /** Milliseconds until there is launch time for one more task; 0 when there is some now. */
  readonly waitMs: number;
  /** Launches a second as configured, and the share of it that is in use: less than 1 after AWS throttled. */
  readonly perSecond: number;
  readonly share: number;
};

export type ExplainFacts = {
  readonly now: number;
  readonly run: Run;
  /** The run's newest. */
  readonly attempt?: Attempt;
  /** What ECS said when it last refused to start the attempt's task. */
  readonly lastRefusal?: { readonly class: string; readonly reason: string };
  readonly deployment?: { readonly name: string; readonly isPaused: boolean; readonly lastPolled?: number };
  readonly workPool?: Pick<WorkPool, 'name' | 'type' | 'isPaused'>;
  readonly workQueue?: Pick<WorkQueue, 'name' | 'isPaused'>;
  readonly workers: readonly Pick<Worker, 'name' | 'lastHeartbeat' | 'heartbeatIntervalSeconds'>[];
  readonly limits: readonly LimitFact[];
  readonly admission: AdmissionFact;
};
