// What users declare and runs refer to: flows, deployments, work pools and queues, workers, variables.
import type { Json, JsonObject } from './json.ts';

type Kept = { readonly id: string; readonly created: number; readonly updated: number };

export type Flow = Kept & {
  readonly name: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
};

export type DeploymentSchedule = Kept & {
  readonly deploymentId: string;
  /** Prefect's schedule union, by its wire names (interval, cron, rrule). */
  readonly schedule: JsonObject;
  readonly active: boolean;
  readonly maxScheduledRuns?: number;
  readonly parameters: JsonObject;
  readonly slug?: string;
};

/** What is planned of a deployment: the runs that its schedules have ahead. */
export type DeploymentPlan = {
  /** Raised by every change that the planned runs depend on: runs are recorded under it, or not at all. */
  readonly version: number;
  /** When the clock must plan again, epoch ms; absent when nothing is to be planned. */
  readonly dueAt?: number;
  /** For which schedules runs were recorded, and from when until when: what has to go if they change. */
  readonly covered: readonly {
    readonly name: string;
    readonly schedule: JsonObject;
    readonly from: number;
    readonly until: number;
  }[];
  /** A schedule went or was paused: runs of it that are late already go as well. */
  readonly clearsLate?: true;
};

export type Deployment = Kept & {
  readonly version: number;
  readonly name: string;
  readonly flowId: string;
  readonly flowName: string;
  readonly paused: boolean;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
  readonly deploymentVersion?: string;
  readonly versionInfo?: Json;
  readonly schedules: readonly DeploymentSchedule[];
  /** Absent until it was saved with a schedule. */
  readonly plan?: DeploymentPlan;
  /** What was asked for; what holds is the limit of `concurrencyLimitId`. */
  readonly concurrencyLimit?: number;
  /** The global limit that its runs keep to: one of its own, or one that it shares. */
  readonly concurrencyLimitId?: string;
  readonly concurrencyOptions?: JsonObject;
  readonly parameters: JsonObject;
  readonly parameterOpenapiSchema?: JsonObject;
  readonly enforceParameterSchema: boolean;
  readonly pullSteps?: readonly Json[];
  readonly entrypoint?: string;
  readonly path?: string;
  readonly storageDocumentId?: string;
  readonly infrastructureDocumentId?: string;
  readonly jobVariables: JsonObject;
  readonly workPoolName?: string;
  /** A pool's type never changes; kept here so that a trigger need not read the pool. */
  readonly workPoolType?: string;
  readonly workQueueId?: string;
  readonly workQueueName?: string;
  readonly lastPolled?: number;
};

export type WorkPool = Kept & {
  readonly version: number;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly baseJobTemplate: JsonObject;
  readonly isPaused: boolean;
  readonly concurrencyLimit?: number;
  readonly storageConfiguration: JsonObject;
  readonly defaultQueueId: string;
  readonly lastPolled?: number;
};

/** Rule 13: the types whose runs we launch ourselves. */
export function isPushPool(type: string): boolean {
  return type.endsWith(':push');
}

export type WorkQueue = Kept & {
  readonly version: number;
  readonly workPoolName: string;
  readonly name: string;
  readonly description?: string;
  readonly isPaused: boolean;
  readonly concurrencyLimit?: number;
  /** 1 goes first. */
  readonly priority: number;
  readonly lastPolled?: number;
};

export type Worker = Kept & {
  readonly workPoolName: string;
  readonly name: string;
  readonly lastHeartbeat: number;
  readonly heartbeatIntervalSeconds?: number;
};

export type Variable = Kept & {
  readonly name: string;
  readonly value: Json;
  readonly tags: readonly string[];
};

/** A filter set that Prefect's page keeps under a name. */
export type SavedSearch = Kept & {
  readonly name: string;
  readonly filters: readonly {
    readonly object: string;
    readonly property: string;
    readonly type: string;
    readonly operation: string;
    readonly value: Json;
  }[];
};

export type LogLine = {
  readonly id: string;
  readonly created: number;
  readonly name: string;
  readonly level: number;
  readonly message: string;
  readonly timestamp: number;
  readonly flowRunId?: string;
  readonly taskRunId?: string;
  readonly workerId?: string;
};
