// When a run waits for the pump, and in which lane.
import type { Lane, Run } from './run.ts';

/** The pool and queue of runs that have a deployment and no pool: served flows poll them by deployment. */
const noPool = { workPoolName: '-', workQueueId: '-' } as const;

/** The lane of a run, or none when nobody can take it. Setting a limit moves no run from one lane to another. */
export function laneOf(run: Pick<Run, 'workPoolName' | 'workQueueId' | 'deploymentId'>): Lane | undefined {
  const { workPoolName, workQueueId, deploymentId } = run;
  const ofDeployment = deploymentId === undefined ? {} : { deploymentId };
  if (workPoolName !== undefined && workQueueId !== undefined) return { workPoolName, workQueueId, ...ofDeployment };
  return deploymentId === undefined ? undefined : { ...noPool, deploymentId };
}

/** The same text for the same lane, whatever order its members came in: stores keep none. */
export function laneName({ workPoolName, workQueueId, deploymentId }: Lane): string {
  return JSON.stringify([workPoolName, workQueueId, deploymentId]);
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
