// Writes a new run: its body first, then its head, conditionally; a second request with the same id finds the first.
import { isPushPool } from '../domain/catalogue.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { dueOf, withDue } from '../domain/run/due.ts';
import type { Caller } from '../domain/run/policy-types.ts';
import type { EmpiricalPolicy, Run, RunBody } from '../domain/run/run.ts';
import { isTerminal, type ProposedState, type State } from '../domain/run/state.ts';
import { mintState, withTracker } from '../domain/run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type HintDeps, hintWaiting } from './change-run.ts';
import { parentageOf } from './follow-parent.ts';

export type NewRun = {
  /** Derived or the caller's own; random when absent. */
  readonly id?: string;
  readonly flowId: string;
  readonly name?: string;
  readonly deploymentId?: string;
  readonly workPoolName?: string;
  readonly workPoolType?: string;
  readonly workQueueId?: string;
  readonly workQueueName?: string;
  readonly parentTaskRunId?: string;
  /** Who asks: the task that a subflow will execute in. */
  readonly caller?: Caller;
  readonly idempotencyKey?: string;
  readonly autoScheduled?: boolean;
  readonly state: ProposedState;
  readonly tags?: readonly string[];
  readonly labels?: JsonObject;
  readonly parameters?: JsonObject;
  readonly jobVariables?: JsonObject;
  readonly context?: JsonObject;
  readonly empiricalPolicy?: Partial<EmpiricalPolicy>;
  readonly flowVersion?: string;
  readonly deploymentVersion?: string;
  readonly createdBy?: Json;
  /** Made of the body's content; random when absent. */
  readonly bodyId?: string;
};

export type RecordRunDeps = HintDeps & {
  readonly runs: Runs;
  readonly taskRuns: Pick<TaskRuns, 'read'>;
  readonly world: World;
  readonly telemetry: Telemetry;
};

export type RecordedRun = { readonly kind: 'created' | 'existing'; readonly run: Run };

/** @throws AppError too_large */
export async function recordRun(deps: RecordRunDeps, request: NewRun): Promise<RecordedRun> {
  const parentage = await parentageOf(deps, request, request.caller);
  const head: Run = { ...headOf(deps.world, request), ...parentage };
  const { kind, run } = await deps.runs.create(withDue(head, dueOf(head, undefined)), bodyOf(request), {
    mayHaveLived: request.id !== undefined,
  });
  if (kind === 'created') deps.telemetry.runRecorded(run);
  // A repeated trigger hints again: the first one may have died between its write and its hint.
  await hintWaiting(deps, run);
  return { kind: kind === 'created' ? 'created' : 'existing', run };
}

function bodyOf(request: NewRun): RunBody {
  const { flowVersion, deploymentVersion, createdBy } = request;
  return {
    parameters: request.parameters ?? {},
    jobVariables: request.jobVariables ?? {},
    context: request.context ?? {},
    labels: request.labels ?? {},
    ...(flowVersion === undefined ? {} : { flowVersion }),
    ...(deploymentVersion === undefined ? {} : { deploymentVersion }),
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}

/** Prefect gives a scheduled state without a time the time of its creation. */
function firstState(world: World, { state: proposed, parentTaskRunId }: NewRun): State {
  const now = world.now();
  const minted = mintState(undefined, proposed, { id: world.newId(), now });
  const state = { ...minted, details: withTracker(minted.details, parentTaskRunId) };
  if (state.type !== 'SCHEDULED' || state.details.scheduledTime !== undefined) return state;
  return { ...state, details: { ...state.details, scheduledTime: now } };
}

export function headOf(world: World, request: NewRun): Run {
  const { deploymentId, workPoolName, workQueueId, workQueueName, parentTaskRunId, idempotencyKey } = request;
  const state = firstState(world, request);
  const scheduledTime = state.details.scheduledTime;
  const hasStarted = state.type === 'RUNNING' || isTerminal(state.type);
  const run: Run = {
    id: request.id ?? world.newId(),
    // No version of a former life of this id comes again: a request of that time that arrives late is in vain.
    version: state.timestamp,
    created: state.timestamp,
    updated: state.timestamp,
    bodyId: request.bodyId ?? world.newId(),
    name: request.name ?? world.newName(),
    flowId: request.flowId,
    ...(deploymentId === undefined ? {} : { deploymentId }),
    ...(workPoolName === undefined ? {} : { workPoolName }),
    ...(workQueueId === undefined ? {} : { workQueueId }),
    ...(workQueueName === undefined ? {} : { workQueueName }),
    ...(parentTaskRunId === undefined ? {} : { parentTaskRunId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    autoScheduled: request.autoScheduled ?? false,
    tags: request.tags ?? [],
    state,
    recentStates: [],
    runCount: state.type === 'RUNNING' ? 1 : 0,
    ...(hasStarted ? { startTime: state.timestamp } : {}),
    ...(isTerminal(state.type) ? { endTime: state.timestamp } : {}),
    totalRunTimeMs: 0,
    expectedStartTime: scheduledTime ?? state.timestamp,
    ...(state.type === 'SCHEDULED' && scheduledTime !== undefined ? { nextScheduledStartTime: scheduledTime } : {}),
    empiricalPolicy: { pauseKeys: [], resuming: false, ...request.empiricalPolicy },
    ...launching(request),
    attempt: 0,
    isAttemptOpen: false,
    infrastructureRestarts: 0,
    isRestart: false,
  };
  return withDue(run, dueOf(run, undefined));
}

/** Rule 13: runs of a push pool are ours to launch, as soon as they are SCHEDULED. */
function launching({ workPoolType, state }: NewRun): Pick<Run, 'launched' | 'mayLaunch'> {
  if (workPoolType === undefined || !isPushPool(workPoolType)) return { launched: false };
  return state.type === 'SCHEDULED' ? { launched: true } : { launched: false, mayLaunch: true };
}
