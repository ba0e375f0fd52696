// The net under the queues of background tasks, once a minute: workers whose connection is gone without a word give
// back what they held, and task runs that wait beside idle workers are handed out. Costs one query while nobody works.
import type { ConnectionRef, Connections } from '../ports/connections.ts';
import type { TaskWorkerHints } from '../ports/events-queue.ts';
import type { TaskQueue, TaskWorker } from '../ports/task-runs.ts';
import { unsubscribeTaskWorker } from './subscribe-task-worker.ts';
import { type TaskQueueDeps, wakeTaskWorkers } from './wake-task-workers.ts';

export type CheckTaskWorkersDeps = TaskQueueDeps & { readonly connections: Pick<Connections, 'read'> };

/** A worker that is busy does not read its socket: only after this long without a word do we ask whether it lives. */
const silenceMs = 30_000;

export async function checkTaskWorkers(deps: CheckTaskWorkersDeps): Promise<void> {
  const workers = await deps.taskQueue.workers();
  const silent = workers.filter((worker) => isSilent(worker, deps.world.now()));
  for (const { connectionId } of silent) {
    const ref: ConnectionRef = { kind: 'task-runs', id: connectionId };
    if ((await deps.connections.read(ref)) === undefined) await unsubscribeTaskWorker(deps, connectionId);
  }
  const idleKeys = new Set(workers.filter(({ held }) => held === undefined).flatMap(({ taskKeys }) => taskKeys));
  for (const taskKey of idleKeys) {
    const [waiting] = await deps.taskQueue.waiting(taskKey, 1);
    if (waiting !== undefined) await wakeTaskWorkers(deps, taskKey);
  }
}

function isSilent({ held, idleSince, expiresAt }: TaskWorker, now: number): boolean {
  return expiresAt <= now || now - (held?.since ?? idleSince) > silenceMs;
}

/** The clock's part: it asks for the check while anybody works, and sends no frames itself. */
export async function wakeTaskWorkerCheck(deps: {
  readonly taskQueue: Pick<TaskQueue, 'workers'>;
  readonly taskWorkerHints: TaskWorkerHints;
}): Promise<void> {
  if ((await deps.taskQueue.workers()).length > 0) await deps.taskWorkerHints.send();
}
