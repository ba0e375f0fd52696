// When a run waits for the pump, and in which lane.
import type { Lane, Run } from './run.ts';

/** The lane of a run, or none when it has no pool. Setting a limit moves no run from one lane to another. */
export function laneOf(run: Pick<Run, 'workPoolName' | 'workQueueId' | 'deploymentId'>): Lane | undefined {
  if (run.workPoolName === undefined || run.workQueueId === undefined) return undefined;
  return {
    workPoolName: run.workPoolName,
    workQueueId: run.workQueueId,
    ...(run.deploymentId === undefined ? {} : { deploymentId: run.deploymentId }),
  };
}

/**
 * Whether a run waits to be started by the pump or by a hybrid worker.
 * A retry that belongs to a living engine (rule 9) is never listed, hinted or claimed.
 */
export function isWaiting(run: Run): boolean {
  return run.state.type === 'SCHEDULED' && !run.isAttemptOpen && run.empiricalPolicy.retryType !== 'in_process';
}

/** When a waiting run may start, epoch ms: its scheduled time, at once without one. */
export function startsAt(run: Run): number {
  return run.state.details.scheduledTime ?? run.nextScheduledStartTime ?? run.state.timestamp;
}
