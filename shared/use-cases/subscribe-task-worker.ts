// The life of a task worker's connection (WS /task_runs/subscriptions/scheduled): it subscribes, acknowledges what it
// is sent, and goes. Whoever comes or becomes free is handed the next task run at once.
import { ContentionError, maximumRaces } from './change-run.ts';
import { removeTaskWorker, serveTaskWorker, type TaskQueueDeps, wakeTaskWorkers } from './wake-task-workers.ts';

export type NewTaskWorker = {
  readonly connectionId: string;
  /** As Prefect's client names itself: host and process. */
  readonly clientId: string;
  readonly taskKeys: readonly string[];
  /** Epoch milliseconds after which the platform has certainly closed the connection. */
  readonly expiresAt: number;
};

/** A repeat gives back what the connection held before. */
export async function subscribeTaskWorker(deps: TaskQueueDeps, worker: NewTaskWorker): Promise<void> {
  await removeTaskWorker(deps.taskQueue, worker.connectionId);
  const now = deps.world.now();
  const taskKeys = [...new Set(worker.taskKeys)];
  await deps.taskQueue.putWorker({ ...worker, taskKeys, version: 1, connectedAt: now, idleSince: now });
  await serveTaskWorker(deps, worker.connectionId);
}

/**
 * The worker has got what it was sent; the next one follows. Frames of acknowledgement carry no id: there is only one.
 *
 * @returns false when it holds nothing or is not subscribed
 */
export async function acknowledgeTaskRun(deps: TaskQueueDeps, connectionId: string): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const worker = await deps.taskQueue.readWorker(connectionId);
    if (worker?.held === undefined) return false;
    if ((await deps.taskQueue.acknowledge(worker, deps.world.now())) === 'lost') continue;
    await serveTaskWorker(deps, connectionId);
    return true;
  }
  throw new ContentionError(`task worker ${connectionId}`);
}

/** It is gone: what it had not acknowledged goes to another one. */
export async function unsubscribeTaskWorker(deps: TaskQueueDeps, connectionId: string): Promise<void> {
  const worker = await removeTaskWorker(deps.taskQueue, connectionId);
  if (worker?.held !== undefined) await wakeTaskWorkers(deps, worker.held.task.taskKey);
}
