// Who counts as alive, and until when. Push pools are always ready: their runs are started without anybody polling.
import { type Deployment, isPushPool, type Worker, type WorkPool, type WorkQueue } from '../catalogue.ts';

export type Status = 'READY' | 'NOT_READY' | 'PAUSED';

/** `until`: when it ends if nobody gives another sign, epoch milliseconds; absent where time alone changes nothing. */
export type TimedStatus = { readonly status: Status; readonly until?: number };

const defaultHeartbeatSeconds = 30;
/** Prefect's measure: three heartbeats missed. */
const missedHeartbeats = 3;
/** Prefect's time-out for queues and deployments that nobody polls any more. */
export const pollTimeoutMs = 60_000;

export function workerAliveUntil(worker: Pick<Worker, 'lastHeartbeat' | 'heartbeatIntervalSeconds'>): number {
  const interval = worker.heartbeatIntervalSeconds ?? defaultHeartbeatSeconds;
  return worker.lastHeartbeat + interval * missedHeartbeats * 1000;
}

export function timedPoolStatus(pool: WorkPool, workers: readonly Worker[], now: number): TimedStatus {
  if (pool.isPaused) return { status: 'PAUSED' };
  if (isPushPool(pool.type)) return { status: 'READY' };
  return aliveUntil(Math.max(0, ...workers.map(workerAliveUntil)), now);
}

export function timedQueueStatus(queue: WorkQueue, pool: WorkPool | undefined, now: number): TimedStatus {
  if (queue.isPaused) return { status: 'PAUSED' };
  if (pool !== undefined && isPushPool(pool.type)) return { status: 'READY' };
  return aliveUntil(polledUntil(queue.lastPolled), now);
}

export function timedDeploymentStatus(
  deployment: Deployment,
  { pool, queue }: { readonly pool?: WorkPool | undefined; readonly queue?: WorkQueue | undefined },
  now: number,
): TimedStatus {
  if (pool !== undefined && isPushPool(pool.type)) return { status: 'READY' };
  return aliveUntil(polledUntil(lastPolledAt(deployment, queue)), now);
}

/** When somebody last asked for runs of a deployment, by its id or by its queue. */
export function lastPolledAt(deployment: Deployment, queue: WorkQueue | undefined): number | undefined {
  const latest = Math.max(deployment.lastPolled ?? 0, queue?.lastPolled ?? 0);
  return latest === 0 ? undefined : latest;
}

/** Whether a poll or heartbeat is the first after a silence, or the first at all. */
export function isBackFromSilence(before: number | undefined, after: number | undefined, patienceMs: number): boolean {
  return after !== undefined && (before === undefined || after - before > patienceMs);
}

function polledUntil(lastPolled: number | undefined): number {
  return lastPolled === undefined ? 0 : lastPolled + pollTimeoutMs;
}

function aliveUntil(until: number, now: number): TimedStatus {
  return now <= until ? { status: 'READY', until } : { status: 'NOT_READY' };
}
