// The writes that create and move a task run, for its own store and for transactions of others: a flow run that moves
// the task run that stands for it in its parent does so in one transaction with its own head.
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { TaskRun } from '../../domain/task-run/task-run.ts';
import type { TaskRunMove } from '../../ports/task-runs.ts';
import type { InputsRef, Sha256 } from './task-run-items.ts';
import { naturalKeyOf, queuedTaskItem, queuedTaskOf, taskRunItem, taskStateItem } from './task-run-items.ts';

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export type TaskRunWriteOptions = {
  readonly table: string;
  readonly newId: () => string;
  readonly sha256: Sha256;
};

/** What the after-image's inputs are kept as; they must be written by then. */
type Inputs = { readonly inputs: InputsRef | undefined };

export function taskRunHeadMove({ table, newId }: TaskRunWriteOptions, move: TaskRunMove & Inputs) {
  const { before, after, inputs } = move;
  const writeId = newId();
  return {
    TableName: table,
    Item: taskRunItem({ ...after, version: before.version + 1 }, inputs, writeId),
    // The second half makes a repeat of our own write (its reply was lost) a success.
    ConditionExpression: 'version = :before OR write_id = :mine',
    ExpressionAttributeValues: { ':before': before.version, ':mine': writeId },
  };
}

/** The head, the new state in the history and, if it was queued anew, its place in the queue. */
export function taskRunMoveItems(options: TaskRunWriteOptions, move: TaskRunMove & Inputs): TransactItem[] {
  const { before, after } = move;
  const hasMoved = before.state.id !== after.state.id;
  const isQueued = after.queuedAt !== undefined && after.queuedAt !== before.queuedAt;
  return [
    { Put: taskRunHeadMove(options, move) },
    ...(hasMoved ? [{ Put: { TableName: options.table, Item: stateOf(after) } }] : []),
    ...(isQueued ? queueItems(options, after) : []),
  ];
}

export function newTaskRunHead({ table, newId }: TaskRunWriteOptions, taskRun: TaskRun, inputs: InputsRef | undefined) {
  const writeId = newId();
  return {
    TableName: table,
    Item: taskRunItem({ ...taskRun, version: 1 }, inputs, writeId),
    ConditionExpression: 'attribute_not_exists(pk) OR write_id = :mine',
    ExpressionAttributeValues: { ':mine': writeId },
  };
}

/** A natural key that nobody has, or that this task run has already. */
export function keyClaim({ table, sha256 }: TaskRunWriteOptions, taskRun: TaskRun) {
  return {
    TableName: table,
    Item: { ...naturalKeyOf(taskRun, sha256), format: 1, task_run_id: taskRun.id },
    ConditionExpression: 'attribute_not_exists(pk) OR task_run_id = :mine',
    ExpressionAttributeValues: { ':mine': taskRun.id },
  };
}

export function newTaskRunItems(
  options: TaskRunWriteOptions,
  taskRun: TaskRun,
  inputs: InputsRef | undefined,
): TransactItem[] {
  return [
    { Put: newTaskRunHead(options, taskRun, inputs) },
    { Put: keyClaim(options, taskRun) },
    { Put: { TableName: options.table, Item: stateOf(taskRun) } },
    ...queueItems(options, taskRun),
  ];
}

function stateOf({ id, flowRunId, state }: TaskRun) {
  return taskStateItem({ taskRunId: id, state, ...(flowRunId === undefined ? {} : { flowRunId }) });
}

function queueItems({ table, sha256 }: TaskRunWriteOptions, taskRun: TaskRun): TransactItem[] {
  const { queuedAt } = taskRun;
  if (queuedAt === undefined) return [];
  return [{ Put: { TableName: table, Item: queuedTaskItem(queuedTaskOf(taskRun, queuedAt), sha256) } }];
}
