// The queue of scheduled task runs and the workers that take from it. Both are read consistently, so that whoever
// queues looks for an idle worker after his write, whoever becomes idle looks for work after his, and no wake is lost.
import type { QueuedTask, TaskQueue, TaskWorker } from '../../ports/task-runs.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { taskQueuePartition, taskWorkerKey, taskWorkersPartition } from './table.ts';
import { queuedTaskItem, queuedTaskKey, queueHash, type Sha256 } from './task-run-items.ts';
import { get, pages, put, queryAll, remove, transact } from './writes.ts';

export type TaskQueueOptions = { readonly client: DocumentClient; readonly table: string; readonly sha256: Sha256 };

export function createTaskQueue({ client, table, sha256 }: TaskQueueOptions): TaskQueue {
  const moved = (before: TaskWorker, after: TaskWorker) => ({
    Put: { TableName: table, Item: workerItem({ ...after, version: before.version + 1 }), ...unchanged(before) },
  });
  const gone = (worker: TaskWorker) => ({
    Delete: { TableName: table, Key: taskWorkerKey(worker.connectionId), ...unchanged(worker) },
  });

  return {
    async putWorker(worker) {
      await put(client, { TableName: table, Item: workerItem(worker) });
    },

    async readWorker(connectionId) {
      const item = await get(client, table, taskWorkerKey(connectionId));
      return item === undefined ? undefined : fromItem<TaskWorker>(item);
    },

    async workers() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': taskWorkersPartition },
      });
      return items.map((item) => fromItem<TaskWorker>(item));
    },

    removeWorker: (worker) => remove(client, gone(worker).Delete),

    async waiting(taskKey, limit) {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': taskQueuePartition(queueHash(taskKey, sha256)) },
        Limit: limit + 20,
      };
      const waiting: QueuedTask[] = [];
      for await (const page of pages(client, query)) {
        waiting.push(...page.filter((item) => item['held_by'] === undefined).map((item) => fromItem<QueuedTask>(item)));
        if (waiting.length >= limit) break;
      }
      return waiting.slice(0, limit);
    },

    async hold(worker, task, now) {
      const held: QueuedTask = { ...task, heldBy: worker.connectionId };
      const queued = {
        TableName: table,
        Item: queuedTaskItem(held, sha256),
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(held_by)',
      };
      return transact(client, [{ Put: queued }, moved(worker, { ...worker, held: { task: held, since: now } })]);
    },

    async acknowledge(worker, now) {
      const { held, ...rest } = worker;
      if (held === undefined) return 'lost';
      const queued = { Delete: { TableName: table, Key: queuedTaskKey(held.task, sha256) } };
      return transact(client, [queued, moved(worker, { ...rest, idleSince: now })]);
    },

    async giveBack(worker) {
      const { held } = worker;
      if (held === undefined) return remove(client, gone(worker).Delete);
      const { heldBy: _heldBy, ...free } = held.task;
      return transact(client, [{ Put: { TableName: table, Item: queuedTaskItem(free, sha256) } }, gone(worker)]);
    },

    async drop(task) {
      await remove(client, { TableName: table, Key: queuedTaskKey(task, sha256) });
    },
  };
}

function workerItem(worker: TaskWorker): Item {
  return toItem(taskWorkerKey(worker.connectionId), worker, {
    version: worker.version,
    expires_at: Math.ceil(worker.expiresAt / 1000),
  });
}

function unchanged({ version }: TaskWorker) {
  return { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };
}
