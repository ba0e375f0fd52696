// What the api's handlers are given: ports, and the use cases bound to theirs.
import type { ErrorCode } from '../../shared/domain/errors.ts';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import type { EmpiricalPolicy, Run } from '../../shared/domain/run/run.ts';
import type { ProposedState, State } from '../../shared/domain/run/state.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import type { Logs } from '../../shared/ports/logs.ts';
import type { Counters } from '../../shared/ports/publishing.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import type { World } from '../../shared/ports/world.ts';
import type { Log } from '../../shared/telemetry/log.ts';

export type RunCreation =
  | { readonly kind: 'created' | 'existing'; readonly run: Run }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string; readonly details?: unknown };

type AskedRun = {
  readonly name?: string;
  readonly parameters?: JsonObject;
  readonly jobVariables?: JsonObject;
  readonly context?: JsonObject;
  readonly labels?: JsonObject;
  readonly tags?: readonly string[];
  readonly idempotencyKey?: string;
  readonly state?: ProposedState;
  readonly workQueueName?: string;
  readonly parentTaskRunId?: string;
  readonly empiricalPolicy?: EmpiricalPolicy;
  readonly createdBy?: Json;
};

export type TriggerRequest = AskedRun & {
  readonly deploymentId: string;
  /** Overrides what the deployment says. */
  readonly enforceParameterSchema?: boolean;
};

export type CreateRequest = AskedRun & {
  readonly flowId: string;
  readonly flowVersion?: string;
  readonly deploymentId?: string;
  readonly workPoolName?: string;
};

export type StateRequest = {
  readonly runId: string;
  readonly proposed: ProposedState;
  readonly force: boolean;
  readonly caller?: { readonly runId: string; readonly attempt: number };
};

export type StateAnswer = {
  readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT';
  readonly state: State | undefined;
  readonly isNewState: boolean;
  readonly reason?: string;
  readonly delaySeconds?: number;
};

export type RunPatch = {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly parameters?: JsonObject;
  readonly jobVariables?: JsonObject;
  readonly labels?: JsonObject;
  readonly empiricalPolicy?: EmpiricalPolicy;
  readonly flowVersion?: string;
  readonly infrastructurePid?: string;
};

export type PolledRun = { readonly workPoolId: string; readonly workQueueId: string; readonly run: Run };

export type UseCases = {
  readonly triggerRun: (request: TriggerRequest) => Promise<RunCreation>;
  readonly createRun: (request: CreateRequest) => Promise<RunCreation>;
  /** undefined: no such run. */
  readonly recordState: (request: StateRequest) => Promise<StateAnswer | undefined>;
  readonly pollRuns: (request: {
    readonly workPoolName: string;
    readonly workQueueNames?: readonly string[];
    readonly scheduledBefore?: number;
    readonly limit: number;
  }) => Promise<readonly PolledRun[]>;
  readonly pollDeployments: (request: {
    readonly deploymentIds: readonly string[];
    readonly scheduledBefore?: number;
    readonly limit: number;
  }) => Promise<readonly Run[]>;
  /** False: no such run. */
  readonly deleteRun: (runId: string) => Promise<boolean>;
  readonly changeRun: (runId: string, patch: RunPatch) => Promise<Run | undefined>;
};

export type ApiDeps = {
  readonly world: World;
  readonly runs: Runs;
  readonly catalogue: Catalogue;
  readonly logs: Logs;
  readonly counters: Pick<Counters, 'read'>;
  readonly useCases: UseCases;
  readonly log: Log;
  /** `user:password` that callers must send (Basic); absent, everybody may call. */
  readonly readAuthString?: () => Promise<string>;
};
