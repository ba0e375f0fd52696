// Builders of runs, states, attempts and tasks for tests of the rules: a test states only what matters to it.
import type { Attempt, TaskObservation } from '../../shared/domain/run/attempt.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { ProposedState, State, StateType } from '../../shared/domain/run/state.ts';

/** When the builders' things happened, epoch ms. */
export const start = Date.parse('2026-01-05T08:00:00Z');
export const second = 1_000;
export const minute = 60 * second;
export const runId = '11111111-1111-4111-8111-111111111111';
export const queueId = '22222222-2222-4222-8222-222222222222';
export const deploymentId = '33333333-3333-4333-8333-333333333333';

const stateNames = {
  SCHEDULED: 'Scheduled',
  PENDING: 'Pending',
  RUNNING: 'Running',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  CRASHED: 'Crashed',
  PAUSED: 'Paused',
  CANCELLING: 'Cancelling',
} as const satisfies Record<StateType, string>;

export function proposal(type: StateType, over: Partial<ProposedState> = {}): ProposedState {
  return { type, name: stateNames[type], details: {}, ...over };
}

export function aState(type: StateType, over: Partial<State> = {}): State {
  return { ...proposal(type), id: `state-${type.toLowerCase()}`, timestamp: start, ...over };
}

/** A run of a hybrid pool's deployment; `state` may be only a type. */
export function aRun({
  state = 'SCHEDULED',
  ...over
}: Partial<Omit<Run, 'state'>> & { state?: State | StateType }): Run {
  return {
    id: runId,
    version: 1,
    created: start,
    updated: start,
    bodyId: 'body',
    name: 'brave-otter',
    flowId: 'flow',
    deploymentId,
    autoScheduled: false,
    tags: [],
    state: typeof state === 'string' ? aState(state) : state,
    recentStates: [],
    runCount: 0,
    totalRunTimeMs: 0,
    empiricalPolicy: { pauseKeys: [], resuming: false },
    launched: false,
    attempt: 0,
    isAttemptOpen: false,
    infrastructureRestarts: 0,
    isRestart: false,
    ...over,
  };
}

/** A run of a push pool with its first attempt open. */
export function aPushRun(over: Parameters<typeof aRun>[0]): Run {
  return aRun({
    workPoolName: 'production',
    workQueueId: queueId,
    launched: true,
    attempt: 1,
    isAttemptOpen: true,
    ...over,
  });
}

/** An open engine attempt whose request was sent once, at `start`. */
export function anAttempt(over: Partial<Attempt> = {}): Attempt {
  return {
    runId,
    number: 1,
    version: 1,
    openedAt: start,
    reports: 'engine',
    workPoolName: 'production',
    workQueueId: queueId,
    cluster: 'cluster',
    family: 'family',
    container: 'prefect',
    request: {},
    currentTry: { number: 1, clientToken: `${runId}-1-1`, firstSentAt: start, lastSentAt: start, sends: 1 },
    startDeadlineSeconds: 900,
    maximumDurationSeconds: 3_600,
    dueAt: start + 10 * second,
    ...over,
  };
}

export function aTask(lastStatus: string, over: Partial<TaskObservation> = {}): TaskObservation {
  return { version: 3, lastStatus, containers: [{ name: 'prefect' }], ...over };
}

/** A task whose deciding container exited by itself. */
export function exitedTask(exitCode: number, over: Partial<TaskObservation> = {}): TaskObservation {
  return aTask('STOPPED', {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'prefect', exitCode }],
    ...over,
  });
}
