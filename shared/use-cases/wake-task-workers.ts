// Hands queued task runs to the task workers that wait for them, by push: whoever queues one or frees a worker calls
// this, nobody polls. The store is the truth; a frame that went to a dead connection puts its task run back.

import type { TaskRun } from '../domain/task-run/task-run.ts';
import { taskRunToWire } from '../domain/task-run/to-wire.ts';
import type { ConnectionSender } from '../ports/connections.ts';
import type { TaskQueue, TaskRuns, TaskWorker } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import { nextScheduledTaskRun } from './next-scheduled-task-run.ts';

export type TaskQueueDeps = {
  readonly taskRuns: Pick<TaskRuns, 'read'>;
  readonly taskQueue: TaskQueue;
  readonly sender: Pick<ConnectionSender, 'post'>;
  readonly world: Pick<World, 'now'>;
};

/** More than a call's time allows; whoever acknowledges takes the next one himself. */
const mostHandedOut = 200;

/** Longest idle first, so that every worker gets its turn. */
export async function wakeTaskWorkers(deps: TaskQueueDeps, taskKey: string): Promise<void> {
  for (let handedOut = 0; handedOut < mostHandedOut; handedOut += 1) {
    const now = deps.world.now();
    const workers = await deps.taskQueue.workers();
    const [first] = workers
      .filter((worker) => worker.held === undefined && worker.expiresAt > now && worker.taskKeys.includes(taskKey))
      .toSorted((one, other) => one.idleSince - other.idleSince);
    if (first === undefined) return;
    if ((await handOut(deps, first.connectionId)) === 'nothing') return;
  }
}

type HandOut = 'nothing' | { readonly outcome: 'sent' | 'gone'; readonly taskKey: string };

/** The next task run for this worker, sent to it; nothing when it has one in its hands already or none waits. */
async function handOut(deps: TaskQueueDeps, connectionId: string): Promise<HandOut> {
  const taskRun = await nextScheduledTaskRun(deps, connectionId);
  if (taskRun === undefined) return 'nothing';
  const { taskKey } = taskRun;
  const ref = { kind: 'task-runs', id: connectionId } as const;
  if ((await deps.sender.post(ref, frameOf(taskRun, deps.world.now()))) === 'sent') return { outcome: 'sent', taskKey };
  await removeTaskWorker(deps.taskQueue, connectionId);
  return { outcome: 'gone', taskKey };
}

/** A worker that just came or became free gets the next task run; if it is gone by now, another one does. */
export async function serveTaskWorker(deps: TaskQueueDeps, connectionId: string): Promise<void> {
  const handed = await handOut(deps, connectionId);
  if (handed !== 'nothing' && handed.outcome === 'gone') await wakeTaskWorkers(deps, handed.taskKey);
}

/** What API Gateway surely carries in one frame (128 KB). */
const largestFrameBytes = 120_000;

/** The worker reads id, key and state; inputs that no frame can carry it can do without. */
function frameOf(taskRun: TaskRun, now: number): string {
  const frame = JSON.stringify(taskRunToWire(taskRun, now));
  if (Buffer.byteLength(frame) <= largestFrameBytes) return frame;
  return JSON.stringify(taskRunToWire({ ...taskRun, taskInputs: {} }, now));
}

/** What it held goes back to its place in the queue. @returns the worker as it was */
export async function removeTaskWorker(taskQueue: TaskQueue, connectionId: string): Promise<TaskWorker | undefined> {
  for (;;) {
    const worker = await taskQueue.readWorker(connectionId);
    if (worker === undefined) return undefined;
    if ((await taskQueue.giveBack(worker)) === 'written') return worker;
  }
}
