// Who counts as alive. Push pools are always ready: their runs are started without anybody polling.
import {
  type Deployment,
  isPushPool,
  type Worker,
  type WorkPool,
  type WorkQueue,
} from '../../../shared/domain/catalogue.ts';

const defaultHeartbeatSeconds = 30;
/** Prefect's measure: three heartbeats missed. */
const missedHeartbeats = 3;
/** Prefect's time-out for queues and deployments that nobody polls any more. */
const pollTimeoutMilliseconds = 60_000;

export function workerStatus(worker: Worker, now: number): 'ONLINE' | 'OFFLINE' {
  const interval = worker.heartbeatIntervalSeconds ?? defaultHeartbeatSeconds;
  return now - worker.lastHeartbeat <= interval * missedHeartbeats * 1000 ? 'ONLINE' : 'OFFLINE';
}

export function workPoolStatus(
  pool: WorkPool,
  workers: readonly Worker[],
  now: number,
): 'READY' | 'NOT_READY' | 'PAUSED' | null {
  if (pool.type === 'prefect-agent') return null;
  if (pool.isPaused) return 'PAUSED';
  if (isPushPool(pool.type)) return 'READY';
  return workers.some((worker) => workerStatus(worker, now) === 'ONLINE') ? 'READY' : 'NOT_READY';
}

function isPolled(lastPolled: number | undefined, now: number): boolean {
  return lastPolled !== undefined && now - lastPolled <= pollTimeoutMilliseconds;
}

export function workQueueStatus(
  queue: WorkQueue,
  pool: WorkPool | undefined,
  now: number,
): 'READY' | 'NOT_READY' | 'PAUSED' {
  if (queue.isPaused) return 'PAUSED';
  if (pool !== undefined && isPushPool(pool.type)) return 'READY';
  return isPolled(queue.lastPolled, now) ? 'READY' : 'NOT_READY';
}

export function deploymentStatus(
  deployment: Deployment,
  { pool, queue }: { readonly pool?: WorkPool; readonly queue?: WorkQueue },
  now: number,
): 'READY' | 'NOT_READY' {
  if (pool !== undefined && isPushPool(pool.type)) return 'READY';
  return isPolled(deployment.lastPolled, now) || isPolled(queue?.lastPolled, now) ? 'READY' : 'NOT_READY';
}
