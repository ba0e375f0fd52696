// A run (Prefect's flow run): its head, which one conditional write moves, and its body, which seldom changes.
import type { Json, JsonObject } from '../json.ts';
import type { RecentState, State } from './state.ts';

/** How a retry comes back: by the engine that still lives, or by a new attempt. */
export type RetryType = 'in_process' | 'reschedule';

/** Prefect's FlowRunPolicy. Delays are in seconds. */
export type EmpiricalPolicy = {
  readonly retries?: number;
  readonly retryDelaySeconds?: number;
  readonly pauseKeys: readonly string[];
  readonly resuming: boolean;
  readonly retryType?: RetryType;
  /** The wire's own fields that no rule reads (max_retries, retry_delay_seconds …). */
  readonly other?: JsonObject;
};

/** A lane: the waiting runs of one pool, queue and deployment (or none). */
export type Lane = {
  readonly workPoolName: string;
  readonly workQueueId: string;
  readonly deploymentId?: string;
};

/** Room under a deployment's limit that a run holds; it follows the run's state (design rule 6). */
export type DeploymentSlot = {
  readonly limitId: string;
  readonly leaseId: string;
  /** For a client that does not renew: such a slot does not run out. */
  readonly isPinned?: true;
};

/** An attempt of a run: who executes. */
export type AttemptRef = { readonly runId: string; readonly attempt: number };

export type Run = {
  readonly id: string;
  /** Raised by every write of the head; each write names the version that it read. */
  readonly version: number;
  readonly created: number;
  readonly updated: number;
  /** Which body belongs to this head: a small one is part of it, a large one is written first, under an id of its own. */
  readonly bodyId: string;
  readonly body?: RunBody;
  readonly name: string;
  readonly flowId: string;
  readonly deploymentId?: string;
  readonly workPoolName?: string;
  readonly workQueueId?: string;
  readonly workQueueName?: string;
  readonly parentTaskRunId?: string;
  /** The run whose task run that is. */
  readonly parentRunId?: string;
  /** In whose task a subflow runs: it ends with that attempt (rule 12). Absent for runs that bring their own. */
  readonly within?: AttemptRef;
  readonly idempotencyKey?: string;
  readonly autoScheduled: boolean;
  readonly tags: readonly string[];
  readonly state: State;
  /** The newest states before the current one, newest first; older ones lie beside the head. */
  readonly recentStates: readonly RecentState[];
  /** What the user pays from his retries. A new attempt by the infrastructure does not raise it. */
  readonly runCount: number;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly totalRunTimeMs: number;
  readonly expectedStartTime?: number;
  readonly nextScheduledStartTime?: number;
  readonly empiricalPolicy: EmpiricalPolicy;
  /** `cluster::taskArn` for push runs, whatever its worker says for hybrid ones. */
  readonly infrastructurePid?: string;
  /** Rule 13: a run of a `:push` pool that we launch. */
  readonly launched: boolean;
  /** A run of a `:push` pool that was recorded in another state: launched once somebody sets it SCHEDULED. */
  readonly mayLaunch?: true;
  /** The number of the newest attempt, 0 before the first; numbers never repeat for an id. */
  readonly attempt: number;
  readonly isAttemptOpen: boolean;
  /** Of a run created again under a deleted one's id: the last attempt of that one, whose words mean nothing here. */
  readonly formerLife?: number;
  /** New attempts that the infrastructure cost so far (rule 11). */
  readonly infrastructureRestarts: number;
  /** The next RUNNING comes from such a new attempt and raises no run count. */
  readonly isRestart: boolean;
  /** A retry that its silent engine left behind (rule 9): should that engine wake, it may not go on. */
  readonly isLeftBehind?: true;
  /** Slots are listed here and held in the limits' own items; both are written together. */
  readonly slot?: DeploymentSlot;
  /** The gates of pool and queue where a run without a task of ours holds a slot. */
  readonly placeGateIds?: readonly string[];
  /** When the clock must look at this run, epoch ms; absent when nothing is open. */
  readonly dueAt?: number;
};

/** Written before the head; large values live here. */
export type RunBody = {
  readonly parameters: JsonObject;
  readonly jobVariables: JsonObject;
  readonly context: JsonObject;
  readonly labels: JsonObject;
  readonly flowVersion?: string;
  readonly deploymentVersion?: string;
  readonly createdBy?: Json;
  readonly inputKeys?: readonly string[];
};
