// What use cases need from the stores of task runs, of cached results and of the queue for task workers.
// Every write names the version it read.
import type { State } from '../domain/run/state.ts';
import type { NaturalKey, TaskRun } from '../domain/task-run/task-run.ts';
import type { Page, Write } from './runs.ts';

/** A task run before and after a change. Its state is kept in its history by the same write when it is a new one. */
export type TaskRunMove = { readonly before: TaskRun; readonly after: TaskRun };

export type TaskStateOfRun = { readonly taskRunId: string; readonly flowRunId?: string; readonly state: State };

export type TaskRuns = {
  /** Consistent. */
  read(id: string): Promise<TaskRun | undefined>;
  readMany(ids: readonly string[]): Promise<readonly TaskRun[]>;
  /**
   * Creates it with its natural key, its first state and, where it is queued, its place in the queue.
   * `exists`: the natural key has a task run already; `taken`: its id has another natural key.
   */
  create(
    taskRun: TaskRun,
  ): Promise<{ readonly kind: 'created' | 'exists'; readonly taskRun: TaskRun } | { readonly kind: 'taken' }>;
  /** The id that the natural key belongs to: this one, unless somebody was earlier. */
  claimKey(key: NaturalKey, id: string): Promise<string>;
  /** Writes states into histories, whatever the heads say; the same state again changes nothing. */
  keepStates(states: readonly TaskStateOfRun[]): Promise<void>;
  /** A task run whose states and natural key are kept already. `lost`: it exists. */
  putRecorded(taskRun: TaskRun): Promise<Write>;
  /** The head alone: its states are kept already. */
  changeRecorded(move: TaskRunMove): Promise<Write>;
  /** The head with its new state and, where it was queued anew, its place in the queue. */
  change(move: TaskRunMove): Promise<Write>;
  /** The history, oldest first. */
  readStates(id: string): Promise<readonly State[]>;
  /** From an index: a state that was written a moment ago may be missing. */
  readState(stateId: string): Promise<TaskStateOfRun | undefined>;
  /** With its states and its natural key. */
  remove(taskRun: TaskRun): Promise<Write>;
  /** Many of them, whatever becomes of them meanwhile: their flow run goes. */
  removeAll(ids: readonly string[]): Promise<void>;
  /** Newest expected start first, over all shards; a page is bounded. */
  list(request: {
    readonly limit: number;
    readonly cursor?: string;
    readonly before?: number;
    readonly after?: number;
  }): Promise<Page<string>>;
  /** Ids of a flow run's task runs by expected start, oldest first, at most `limit`. From an index. */
  ofFlowRun(flowRunId: string, limit: number): Promise<readonly string[]>;
  /** How many task runs there are, or undefined when there are more than `limit`. From an index. */
  count(limit: number): Promise<number | undefined>;
};

export type CachedResult = { readonly cacheKey: string; readonly taskRunId: string; readonly state: State };

export type TaskCache = {
  /** The newest completed state under this key that has not run out and whose task run still is. */
  find(cacheKey: string, now: number): Promise<State | undefined>;
  put(result: CachedResult): Promise<void>;
};

/** A task run's place in the queue of its task. */
export type QueuedTask = {
  readonly taskKey: string;
  readonly taskRunId: string;
  readonly queuedAt: number;
  /** Retries go before everything else. */
  readonly isRetry: boolean;
  /** Whose hands it is in until he says that he got it. */
  readonly heldBy?: string;
};

/** A connected task worker: one connection, which holds at most one task run that it has not acknowledged. */
export type TaskWorker = {
  readonly connectionId: string;
  readonly version: number;
  readonly clientId: string;
  readonly taskKeys: readonly string[];
  readonly connectedAt: number;
  /** After this the platform has certainly closed the connection. */
  readonly expiresAt: number;
  /** Since when it has had nothing in its hands. */
  readonly idleSince: number;
  readonly held?: { readonly task: QueuedTask; readonly since: number };
};

export type TaskQueue = {
  putWorker(worker: TaskWorker): Promise<void>;
  readWorker(connectionId: string): Promise<TaskWorker | undefined>;
  /** Consistent: whoever queues a task run before this call, or frees a worker before it, is seen. */
  workers(): Promise<readonly TaskWorker[]>;
  /** `lost`: it changed meanwhile. */
  removeWorker(worker: TaskWorker): Promise<Write>;
  /** What nobody holds, in the order of its turn, at most `limit`. Consistent. */
  waiting(taskKey: string, limit: number): Promise<readonly QueuedTask[]>;
  /** Out of the queue, into the worker's hands: one transaction. */
  hold(worker: TaskWorker, task: QueuedTask, now: number): Promise<Write>;
  /** The worker has got it: it leaves the queue. */
  acknowledge(worker: TaskWorker, now: number): Promise<Write>;
  /** Back into the queue, at its old place; the worker goes. */
  giveBack(worker: TaskWorker): Promise<Write>;
  /** What nobody means any more. */
  drop(task: QueuedTask): Promise<void>;
};
