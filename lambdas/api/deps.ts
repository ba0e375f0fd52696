// What the api's handlers are given: ports, and the use cases bound to theirs.
import type { Deployment, LogLine } from '../../shared/domain/catalogue.ts';
import { type Limit, tagOfLimit } from '../../shared/domain/limit/limit.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { AdmissionState } from '../../shared/domain/submit/admission.ts';
import type { Artifacts } from '../../shared/ports/artifacts.ts';
import type { Automations } from '../../shared/ports/automations.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import type { OutputLine } from '../../shared/ports/container-output.ts';
import type { EventSink, EventStore } from '../../shared/ports/events.ts';
import type { Limits } from '../../shared/ports/limits.ts';
import type { Logs, NewLogLine } from '../../shared/ports/logs.ts';
import type { Counters } from '../../shared/ports/publishing.ts';
import type { RunInputs } from '../../shared/ports/run-inputs.ts';
import type { Runs } from '../../shared/ports/runs.ts';
import type { TaskQueue, TaskRuns } from '../../shared/ports/task-runs.ts';
import type { World } from '../../shared/ports/world.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { type CreateDeps, type CreateRequest, createRun } from '../../shared/use-cases/create-run.ts';
import { type CreatedTaskRun, createTaskRun, type NewTaskRun } from '../../shared/use-cases/create-task-run.ts';
import { deleteRun } from '../../shared/use-cases/delete-run.ts';
import { deleteTaskRun } from '../../shared/use-cases/delete-task-run.ts';
import { type ExplainDeps, type Explained, explainRun } from '../../shared/use-cases/explain-run.ts';
import { freezeLaunches, type ThawDeps, thawLaunches } from '../../shared/use-cases/freeze-launches.ts';
import { hintIfAwaited, hintMoreRoom } from '../../shared/use-cases/hint-room.ts';
import { installBuiltInBlocks } from '../../shared/use-cases/install-blocks.ts';
import { nameTable } from '../../shared/use-cases/name-table.ts';
import { patchRun, type RunPatch } from '../../shared/use-cases/patch-run.ts';
import { type PlanDeps, planRuns } from '../../shared/use-cases/plan-runs.ts';
import {
  type PollDeps,
  type PolledRun,
  type PoolPoll,
  pollDeployments,
  pollRuns,
} from '../../shared/use-cases/poll-runs.ts';
import type { TriggerAnswer } from '../../shared/use-cases/record-bounded.ts';
import {
  type RecordDeps,
  recordState,
  type StateAnswer,
  type StateRequest,
} from '../../shared/use-cases/record-state.ts';
import {
  type RecordTaskStateDeps,
  recordTaskRunState,
  type TaskStateAnswer,
  type TaskStateRequest,
} from '../../shared/use-cases/record-task-run-state.ts';
import {
  type ResumeAnswer,
  type ResumeDeps,
  type ResumeRequest,
  resumeRun,
} from '../../shared/use-cases/resume-run.ts';
import { type AutomationCalls, bindAutomations, type SaveDeps } from '../../shared/use-cases/save-automation.ts';
import { type Backfill, scheduleRuns } from '../../shared/use-cases/schedule-runs.ts';
import { type TriggerRequest, triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { wakeLanes } from '../../shared/use-cases/wake-lanes.ts';

export type UseCases = {
  /** By its name a table that was restored from a backup is known; looks once a process. */
  readonly nameTable: () => Promise<void>;
  readonly triggerRun: (request: TriggerRequest) => Promise<TriggerAnswer>;
  readonly createRun: (request: CreateRequest) => Promise<TriggerAnswer>;
  /** undefined: no such run. */
  readonly recordState: (request: StateRequest) => Promise<StateAnswer | undefined>;
  /** undefined: no such run. */
  readonly resumeRun: (request: ResumeRequest) => Promise<ResumeAnswer | undefined>;
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
  readonly createTaskRun: (request: NewTaskRun) => Promise<CreatedTaskRun>;
  /** undefined: no such task run. */
  readonly recordTaskRunState: (request: TaskStateRequest) => Promise<TaskStateAnswer | undefined>;
  /** False: no such task run. */
  readonly deleteTaskRun: (taskRunId: string) => Promise<boolean>;
  /** Records what the schedules of a deployment have ahead, if it is due; it never fails, the clock would do it. */
  readonly planRuns: (deploymentId: string) => Promise<void>;
  readonly scheduleRuns: (deployment: Deployment, asked: Backfill) => Promise<void>;
  /** The block types that Prefect brings along are there once this has been waited for. */
  readonly installBlocks: () => Promise<void>;
  readonly automations: AutomationCalls;
  /** Slots of these limits came free. */
  readonly slotsFreed: (limits: readonly Pick<Limit, 'id' | 'name'>[]) => Promise<void>;
  /** A limit of a pool, queue or deployment was raised or taken away. */
  readonly moreRoom: () => Promise<void>;
  /** undefined: no such run. */
  readonly explainRun: (runId: string) => Promise<Explained | undefined>;
  /** A pool or queue takes runs again. */
  readonly wakeLanes: (place: { readonly workPoolName: string; readonly workQueueId?: string }) => Promise<void>;
  /** undefined: nothing was ever launched. */
  readonly readFreeze: () => Promise<AdmissionState | undefined>;
  readonly freeze: (reason: string) => Promise<AdmissionState>;
  readonly thaw: () => Promise<AdmissionState | undefined>;
};

export type ApiDeps = {
  readonly world: World;
  readonly runs: Runs;
  readonly runInputs: RunInputs;
  readonly taskRuns: TaskRuns;
  readonly taskQueue: Pick<TaskQueue, 'workers'>;
  readonly catalogue: Catalogue;
  readonly artifacts: Artifacts;
  readonly automations: Pick<Automations, 'read' | 'list'>;
  readonly limits: Limits;
  readonly logs: Logs;
  /** Keeps lines for as long as their pool says, and gives them their ids. */
  readonly keepLogs: (lines: readonly NewLogLine[]) => Promise<readonly LogLine[]>;
  /** What the containers of a run wrote, oldest first. */
  readonly readOutput: (runId: string) => AsyncIterable<readonly OutputLine[]>;
  /** Tells those who watch of lines that were just stored; never fails. */
  readonly announceLogs: (lines: readonly LogLine[]) => Promise<void>;
  readonly eventSink: EventSink;
  readonly eventStore: Pick<EventStore, 'list'>;
  readonly counters: Pick<Counters, 'read'>;
  readonly useCases: UseCases;
  readonly log: Log;
  /** `user:password` that callers must send (Basic); absent, everybody may call. */
  readonly readAuthString?: () => Promise<string>;
};

export function bindUseCases(
  deps: CreateDeps &
    PollDeps &
    ResumeDeps &
    RecordTaskStateDeps & { readonly taskRuns: TaskRuns } & PlanDeps &
    SaveDeps &
    ExplainDeps &
    ThawDeps,
): UseCases {
  return {
    installBlocks: onceFor(() => installBuiltInBlocks(deps)),
    triggerRun: (request) => triggerRun(deps, request),
    createRun: (request) => createRun(deps, request),
    recordState: (request) => recordState(deps, request),
    resumeRun: (request) => resumeRun(deps, request),
    pollRuns: (poll) => pollRuns(deps, poll),
    pollDeployments: (poll) => pollDeployments(deps, poll),
    deleteRun: (runId) => deleteRun(deps, runId),
    patchRun: (runId, patch) => patchRun(deps, runId, patch),
    createTaskRun: (request) => createTaskRun(deps, request),
    recordTaskRunState: (request) => recordTaskRunState(deps, request),
    deleteTaskRun: (taskRunId) => deleteTaskRun(deps, taskRunId),
    planRuns: (deploymentId) => planAtOnce(deps, deploymentId),
    scheduleRuns: (deployment, asked) => scheduleRuns(deps, deployment, asked),
    automations: bindAutomations(deps),
    slotsFreed: (limits) => hintIfAwaited(deps, deploymentLimitIds(limits)),
    moreRoom: () => hintMoreRoom(deps),
    explainRun: (runId) => explainRun(deps, runId),
    wakeLanes: (place) => wakeLanes(deps, place),
    nameTable: onceFor(() => nameTable(deps)),
    readFreeze: () => deps.admission.read(),
    freeze: (reason) => freezeLaunches(deps, reason),
    thaw: () => thawLaunches(deps),
  };
}

/** Deployments do not share the limits of tags, which tasks take and give back all the time. */
function deploymentLimitIds(limits: readonly Pick<Limit, 'id' | 'name'>[]): readonly string[] {
  return limits.filter(({ name }) => tagOfLimit(name) === undefined).map(({ id }) => id);
}

/** The deployment is saved and due: what cannot be planned now, the clock's next tick plans. */
async function planAtOnce(deps: PlanDeps & Pick<RecordDeps, 'telemetry'>, deploymentId: string): Promise<void> {
  try {
    await planRuns(deps, deploymentId);
  } catch (error) {
    deps.telemetry.planPutOff(deploymentId, error);
  }
}

/** Does it once a process; a failure is not remembered. */
function onceFor(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
