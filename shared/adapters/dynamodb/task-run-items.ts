// How task runs lie in the control table: a small head, its states beside it, large inputs in pieces.
// Rule: a head names only what was written before it or is written with it.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { derivedId } from '../../domain/identity.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { State } from '../../domain/run/state.ts';
import { type NaturalKey, naturalKeyText, type TaskRun } from '../../domain/task-run/task-run.ts';
import type { QueuedTask, TaskStateOfRun } from '../../ports/task-runs.ts';
import { packHead, unpack } from './head-codec.ts';
import { fromItem, type Item, toItem } from './items.ts';
import {
  format,
  type Key,
  listAt,
  shardOf,
  taskInputsKey,
  taskListKey,
  taskNaturalKey,
  taskQueueKey,
  taskRunKey,
  taskStateIndexKey,
  taskStateKey,
  tasksOfRunKey,
} from './table.ts';

export type Sha256 = (text: string) => string;

/** Inputs up to this many characters are part of the head. */
const smallInputs = 400;
/** A state up to this many characters is whole on the head. */
const smallState = 1_200;
const pieceBytes = 350_000;

type Stored = Omit<TaskRun, 'taskInputs' | 'state'> & {
  readonly state: State;
  /** The state's data, and all but the beginning of its message, are with the state's own item. */
  readonly isStateBeside?: boolean;
  readonly taskInputs?: JsonObject;
  /** Large inputs: the id and number of their pieces. */
  readonly inputs?: InputsRef;
};

export type InputsRef = { readonly id: string; readonly pieces: number };

export type StoredTaskRun = {
  readonly taskRun: TaskRun;
  readonly inputs?: InputsRef;
  readonly isStateBeside: boolean;
};

type LargeInputs = { readonly ref: InputsRef; readonly items: readonly Item[] };

/** Large inputs as items of their own, the same for the same inputs; undefined where the head takes them. */
export function largeInputs(taskRun: TaskRun, sha256: Sha256): LargeInputs | undefined {
  const text = JSON.stringify(taskRun.taskInputs);
  if (text.length <= smallInputs) return undefined;
  const bytes = deflateRawSync(text);
  const pieces = Math.ceil(bytes.length / pieceBytes);
  const id = derivedId(sha256, 'task-inputs', [text]);
  const items = Array.from({ length: pieces }, (_, piece) => ({
    ...taskInputsKey(taskRun.id, id, piece),
    format,
    doc: bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes),
  }));
  return { ref: { id, pieces }, items };
}

export function inputsKeys(taskRunId: string, { id, pieces }: InputsRef): Key[] {
  return Array.from({ length: pieces }, (_, piece) => taskInputsKey(taskRunId, id, piece));
}

/** The pieces in their order, as they were read. */
export function inputsFromItems(items: readonly Item[]): JsonObject {
  const inOrder = items.toSorted((one, other) => (String(one['sk']) < String(other['sk']) ? -1 : 1));
  const pieces = inOrder.flatMap(({ doc }) => (doc instanceof Uint8Array ? [doc] : []));
  return JSON.parse(inflateRawSync(Buffer.concat(pieces)).toString());
}

export function taskRunItem(taskRun: TaskRun, inputs: InputsRef | undefined, writeId: string): Item {
  const { taskInputs, state, ...rest } = taskRun;
  const stored: Stored = {
    ...rest,
    ...headState(state),
    ...(inputs === undefined ? { taskInputs } : { inputs }),
  };
  // No state type beside `doc`: a change of state then costs the indexes nothing.
  return {
    ...taskRunKey(taskRun.id),
    format,
    doc: packHead(JSON.stringify(stored)),
    version: taskRun.version,
    write_id: writeId,
    list_key: taskListKey(shardOf(taskRun.id)),
    list_at: placeInLists(taskRun),
    ...(taskRun.flowRunId === undefined
      ? {}
      : { parent_key: tasksOfRunKey(taskRun.flowRunId), parent_at: placeInLists(taskRun) }),
  };
}

function placeInLists({ expectedStartTime, created, id }: TaskRun): string {
  return listAt(expectedStartTime ?? created, id);
}

function headState(state: State): Pick<Stored, 'state' | 'isStateBeside'> {
  if (JSON.stringify(state).length <= smallState) return { state };
  const { data: _data, message, ...small } = state;
  return {
    state: { ...small, ...(message === undefined ? {} : { message: message.slice(0, 200) }) },
    isStateBeside: true,
  };
}

export function taskRunFromItem(item: Item): StoredTaskRun {
  const { doc } = item;
  if (!(doc instanceof Uint8Array)) throw new Error(`item ${String(item['pk'])} holds no task run`);
  const { inputs, isStateBeside = false, taskInputs = {}, ...rest }: Stored = JSON.parse(unpack(doc));
  return { taskRun: { ...rest, taskInputs }, isStateBeside, ...(inputs === undefined ? {} : { inputs }) };
}

type KeptState = { readonly state: State; readonly flowRunId?: string };

export function taskStateItem({ taskRunId, flowRunId, state }: TaskStateOfRun): Item {
  const kept: KeptState = { state, ...(flowRunId === undefined ? {} : { flowRunId }) };
  return toItem(taskStateKey(taskRunId, state), kept, {
    parent_key: taskStateIndexKey(state.id),
    parent_at: taskRunId,
  });
}

export function taskStateFromItem(item: Item): KeptState {
  return fromItem<KeptState>(item);
}

export function naturalKeyOf(key: NaturalKey, sha256: Sha256): Key {
  return taskNaturalKey(derivedId(sha256, 'task-run', [naturalKeyText(key)]));
}

export function queueHash(taskKey: string, sha256: Sha256): string {
  return derivedId(sha256, 'task-queue', [taskKey]);
}

export function queuedTaskKey(task: QueuedTask, sha256: Sha256): Key {
  return taskQueueKey(queueHash(task.taskKey, sha256), task);
}

export function queuedTaskItem(task: QueuedTask, sha256: Sha256): Item {
  const { heldBy } = task;
  return toItem(queuedTaskKey(task, sha256), task, heldBy === undefined ? {} : { held_by: heldBy });
}

/** The place in the queue that a task run's head speaks of. */
export function queuedTaskOf(taskRun: TaskRun, queuedAt: number): QueuedTask {
  const isRetry = taskRun.state.name === 'AwaitingRetry';
  return { taskKey: taskRun.taskKey, taskRunId: taskRun.id, queuedAt, isRetry };
}
