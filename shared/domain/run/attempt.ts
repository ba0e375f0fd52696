// An attempt: one infrastructure try to execute a run, from claim to its task known STOPPED.
// At most one is open per run, at most one task belongs to it (design rule 4).
import type { JsonObject } from '../json.ts';
import type { Asked } from '../task/capacity.ts';
import type { LaunchOptions, LaunchPlan } from '../task/launch-plan.ts';
import type { RefusalClass } from '../task/refusal.ts';
import type { InfrastructurePolicy } from './infrastructure-rules.ts';
import type { State } from './state.ts';

/** Whose word ends the run: the flow engine's, or the container's exit code (rule 8). */
export type Reports = 'engine' | 'exit-code';

/** The RunTask request of the current try: sent only with this token. */
export type Try = {
  readonly number: number;
  readonly clientToken: string;
  readonly firstSentAt?: number;
  readonly lastSentAt?: number;
  /** How often it was sent; an unknown outcome repeats the same try. */
  readonly sends: number;
};

/** A try that ended with a definite no: what it asked for and what ECS said. */
export type PastTry = {
  readonly number: number;
  readonly asked: Asked;
  readonly sentAt?: number;
  readonly sends: number;
  readonly endedAt: number;
  readonly class: RefusalClass;
  readonly code: string;
  readonly reason: string;
};

export type TaskContainer = {
  readonly name: string;
  readonly lastStatus?: string;
  readonly exitCode?: number;
  readonly reason?: string;
};

/** What ECS last said of the task, by `version` (orders only within one task). */
export type TaskObservation = {
  readonly version: number;
  readonly lastStatus: string;
  readonly desiredStatus?: string;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
  readonly containers: readonly TaskContainer[];
  readonly launchType?: string;
  /** CPU units and MiB of the whole task. */
  readonly cpu?: number;
  readonly memory?: number;
  readonly createdAt?: number;
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly startedAt?: number;
  readonly stoppingAt?: number;
  readonly stoppedAt?: number;
};

/** Why we asked ECS to stop the task; it decides what STOPPED means for the run. */
export const stopCauses = [
  'cancelled',
  'start-deadline',
  'maximum-duration',
  'run-ended',
  'run-deleted',
  'not-current',
  'silent',
] as const;
export type StopCause = (typeof stopCauses)[number];

export const attemptEnds = ['stopped', 'never-launched', 'lost'] as const;
export type AttemptEnd = (typeof attemptEnds)[number];

export type Attempt = {
  readonly runId: string;
  readonly number: number;
  readonly version: number;
  readonly openedAt: number;
  readonly closed?: { readonly at: number; readonly end: AttemptEnd; readonly reason?: string };
  readonly reports: Reports;
  readonly workPoolName: string;
  readonly workQueueId: string;
  /** The gates of pool and queue where it holds a slot, until its task is known STOPPED (design rule 6). */
  readonly placeGateIds?: readonly string[];
  readonly cluster: string;
  /** The family of the task definition that the request names. */
  readonly family: string;
  /** The container whose exit decides. */
  readonly container: string;
  /** The exact RunTask request without its client token, stored before it is sent. */
  readonly request: JsonObject;
  readonly currentTry: Try;
  /** The newest tries before the current one, oldest first. */
  readonly pastTries?: readonly PastTry[];
  /** The size in the task definition, where it is ours: what a request without a size of its own gets. */
  readonly definedSize?: JsonObject;
  /** The ways in which the task may be launched, where there are several, and the one of the current try. */
  readonly options?: LaunchOptions;
  readonly plan?: LaunchPlan;
  readonly taskArn?: string;
  /** When anybody first learnt of its task. */
  readonly taskKnownAt?: number;
  readonly task?: TaskObservation;
  /** Its run was deleted: said here too, for those who read the run before that. */
  readonly isRunDeleted?: true;
  readonly startDeadlineSeconds: number;
  readonly maximumDurationSeconds: number;
  /** What lost infrastructure may cost; the standard where there is none. */
  readonly infrastructure?: InfrastructurePolicy;
  /** When its StopTask may be sent, epoch ms: reserved under the rate, for one send. */
  readonly stopAt?: number;
  readonly stopRequested?: { readonly at: number; readonly cause: StopCause; readonly sends: number };
  /** A Crashed that the engine was told is accepted, held until ECS decides (rule 8). */
  readonly heldCrash?: State;
  /** What a stale or fenced proposal said: kept, never applied (rule 5). */
  readonly fenced?: readonly { readonly at: number; readonly type: string; readonly name: string }[];
  /** Full listings of ECS that found no task of this attempt (rule 4's proofs). */
  readonly absences?: {
    readonly firstRunningAt?: number;
    readonly secondRunningAt?: number;
    readonly stoppedAt?: number;
  };
  /** Since when ECS does not know the task (counts only when the task is old, and twice). */
  readonly missingSince?: number;
  readonly dueAt?: number;
  /** When nobody asks for it any more, epoch ms: its run was deleted. */
  readonly expiresAt?: number;
};
