// One function per business event: what happened, with the run's id in `flow_run_id`.
import type { Log } from './log.ts';

export type Telemetry = ReturnType<typeof createTelemetry>;

export function createTelemetry(log: Log) {
  return {
    runRecorded: (run: { id: string; launched: boolean }) =>
      log('INFO', 'run recorded', { flow_run_id: run.id, launched: run.launched }),
    runClaimed: (attempt: { runId: string; number: number }) =>
      log('INFO', 'run claimed', { flow_run_id: attempt.runId, attempt: attempt.number }),
    taskLaunched: (attempt: { runId: string; number: number }, taskArn: string) =>
      log('INFO', 'task launched', { flow_run_id: attempt.runId, attempt: attempt.number, task_arn: taskArn }),
    launchRefused: (
      attempt: { runId: string; number: number },
      refusal: { code: string; reason: string; class: string },
    ) => log('WARN', 'launch refused', { flow_run_id: attempt.runId, attempt: attempt.number, ...refusal }),
    launchUnknown: (attempt: { runId: string; number: number }, reason: string) =>
      log('WARN', 'launch outcome unknown', { flow_run_id: attempt.runId, attempt: attempt.number, reason }),
    jobNotRenderable: (runId: string, problem: string) =>
      log('WARN', 'job template not renderable', { flow_run_id: runId, problem }),
    stateChanged: (runId: string, state: { type: string; name: string }) =>
      log('INFO', 'run state changed', { flow_run_id: runId, state_type: state.type, state_name: state.name }),
    stopRequested: (attempt: { runId: string; number: number }, cause: string) =>
      log('INFO', 'task stop requested', { flow_run_id: attempt.runId, attempt: attempt.number, cause }),
    attemptClosed: (attempt: { runId: string; number: number }, end: string) =>
      log('INFO', 'attempt closed', { flow_run_id: attempt.runId, attempt: attempt.number, end }),
    hintsLost: (queue: string, count: number, error: unknown) =>
      log('WARN', 'hints lost', { queue, count, problem: error instanceof Error ? error.message : String(error) }),
    foreignTask: (taskArn: string) => log('WARN', 'task of no open attempt', { task_arn: taskArn }),
    staleTick: (scheduledTime: string) => log('WARN', 'stale clock tick dropped', { scheduled_time: scheduledTime }),
    sweepCutShort: (cluster: string, unseen: number) => log('WARN', 'sweep of tasks cut short', { cluster, unseen }),
    clockTicked: (counts: { runs: number; attempts: number; lanes: number; plans: number; differences: number }) =>
      log('INFO', 'clock ticked', counts),
    runsPlanned: (deploymentId: string, count: number) =>
      log('INFO', 'runs planned', { deployment_id: deploymentId, count }),
    planPutOff: (deploymentId: string, error: unknown) =>
      log('WARN', 'plan put off', { deployment_id: deploymentId, error: String(error) }),
    launchesFrozen: (reason: string) => log('WARN', 'launches frozen', { reason }),
    launchesThawed: () => log('WARN', 'launches thawed', {}),
    tasksMatched: (counts: { tasks: number; adopted: number; open: number }) =>
      log('INFO', 'tasks matched with the table', counts),
    taskAdopted: (attempt: { runId: string; number: number }, taskArn: string) =>
      log('WARN', 'task adopted', { flow_run_id: attempt.runId, attempt: attempt.number, task_arn: taskArn }),
    pumpHeld: () => log('INFO', 'pump held elsewhere', {}),
    requestRefused: (reason: string) => log('WARN', 'run request refused', { reason }),
    frameNotCarried: (ref: { kind: string; id: string }, bytes: number) =>
      log('WARN', 'frame too large for the platform', { socket: ref.kind, connection: ref.id, bytes }),
    watcherCutOff: (ref: { kind: string; id: string }, error: unknown) =>
      log('WARN', 'watcher cut off', {
        socket: ref.kind,
        connection: ref.id,
        problem: error instanceof Error ? error.message : String(error),
      }),
    logsNotAnnounced: (count: number, error: unknown) =>
      log('WARN', 'log lines not announced', {
        count,
        problem: error instanceof Error ? error.message : String(error),
      }),
    taskRunsIncomplete: (runId: string) => log('WARN', 'task runs incomplete', { flow_run_id: runId }),
    backfillCutShort: (ref: { kind: string; id: string }) =>
      log('WARN', 'backfill cut short', { socket: ref.kind, connection: ref.id }),
    automationFired: (fired: { automationId: string; firingId: string; triggerId: string }) =>
      log('INFO', 'automation fired', {
        automation_id: fired.automationId,
        firing_id: fired.firingId,
        trigger_id: fired.triggerId,
      }),
    actionPerformed: (action: {
      automationId: string;
      firingId: string;
      index: number;
      type: string;
      attempt: number;
    }) => log('INFO', 'automation action performed', actionFields(action)),
    actionFailed: (
      action: { automationId: string; firingId: string; index: number; type: string; attempt: number },
      reason: string,
    ) => log('WARN', 'automation action failed', { ...actionFields(action), reason }),
  };
}

function actionFields(action: {
  automationId: string;
  firingId: string;
  index: number;
  type: string;
  attempt: number;
}) {
  const { automationId, firingId, index, type, attempt } = action;
  return { automation_id: automationId, firing_id: firingId, action_index: index, action_type: type, attempt };
}
