// What the api's handlers are given: ports, and the use cases bound to theirs.
import type { Run } from '../../shared/domain/run/run.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import type { Logs } from '../../shared/ports/logs.ts';
import type { Counters } from '../../shared/ports/publishing.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import type { World } from '../../shared/ports/world.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { type CreateDeps, type CreateRequest, createRun } from '../../shared/use-cases/create-run.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { patchRun, type RunPatch } from '../../shared/use-cases/patch-run.ts';
import {
  type PollDeps,
  type PolledRun,
  type PoolPoll,
  pollDeployments,
  pollRuns,
} from '../../shared/use-cases/poll-runs.ts';
import {
  type RecordDeps,
  recordState,
  type StateAnswer,
  type StateRequest,
} from '../../shared/use-cases/record-state.ts';
import { type TriggerAnswer, type TriggerRequest, triggerRun } from '../../shared/use-cases/trigger-run.ts';

import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';

export type UseCases = {
  readonly triggerRun: (request: TriggerRequest) => Promise<TriggerAnswer>;
  readonly createRun: (request: CreateRequest) => Promise<TriggerAnswer>;
  /** undefined: no such run. */
  readonly recordState: (request: StateRequest) => Promise<StateAnswer | undefined>;
  readonly pollRuns: (poll: PoolPoll) => Promise<readonly PolledRun[]>;
  readonly pollDeployments: (poll: {
    readonly deploymentIds: readonly string[];
    readonly scheduledBefore?: number;
    readonly limit: number;
  }) => Promise<readonly Run[]>;
  /** False: no such run. */
  readonly deleteRun: (runId: string) => Promise<boolean>;
  /** undefined: no such run. */
  readonly patchRun: (runId: string, patch: RunPatch) => Promise<Run | undefined>;
  /** A pool or queue takes runs again. */
  readonly wakeLanes: (place: { readonly workPoolName: string; readonly workQueueId?: string }) => Promise<void>;
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

export function bindUseCases(deps: CreateDeps & PollDeps & RecordDeps): UseCases {
  return {
    triggerRun: (request) => triggerRun(deps, request),
    createRun: (request) => createRun(deps, request),
    recordState: (request) => recordState(deps, request),
    pollRuns: (poll) => pollRuns(deps, poll),
    pollDeployments: (poll) => pollDeployments(deps, poll),
    deleteRun: (runId) => deleteRun(deps, runId),
    patchRun: (runId, patch) => patchRun(deps, runId, patch),
    wakeLanes: (place) => wakeLanes(deps, place),
  };
}
