// Statuses on the wire: what is alive now, read off the signs of life.
import type { Deployment, Worker, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import {
  type Status,
  timedDeploymentStatus,
  timedPoolStatus,
  timedQueueStatus,
  workerAliveUntil,
} from '../../../shared/domain/work-pool/status.ts';

export function workerStatus(worker: Worker, now: number): 'ONLINE' | 'OFFLINE' {
  return now <= workerAliveUntil(worker) ? 'ONLINE' : 'OFFLINE';
}

export function workPoolStatus(pool: WorkPool, workers: readonly Worker[], now: number): Status | null {
  return pool.type === 'prefect-agent' ? null : timedPoolStatus(pool, workers, now).status;
}

export function workQueueStatus(queue: WorkQueue, pool: WorkPool | undefined, now: number): Status {
  return timedQueueStatus(queue, pool, now).status;
}

export function deploymentStatus(
  deployment: Deployment,
  around: { readonly pool?: WorkPool; readonly queue?: WorkQueue },
  now: number,
): 'READY' | 'NOT_READY' {
  return timedDeploymentStatus(deployment, around, now).status === 'READY' ? 'READY' : 'NOT_READY';
}
