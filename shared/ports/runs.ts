// What use cases need from the store of runs and attempts. Every write names the version it read.
import type { Attempt } from '../domain/run/attempt.ts';
import type { Lane, Run, RunBody } from '../domain/run/run.ts';
import type { State, StateType } from '../domain/run/state.ts';
import type { RunInput } from './run-inputs.ts';
import type { SlotMove } from './slot-move.ts';

/** A lost race is a normal outcome: read again and decide again. */
export type Write = 'written' | 'lost';

export type WaitingRun = { readonly runId: string; readonly scheduledTime: number };

export type DueItem =
  | { readonly kind: 'run'; readonly runId: string; readonly dueAt: number; readonly lane?: Lane }
  | { readonly kind: 'attempt'; readonly runId: string; readonly attempt: number; readonly dueAt: number }
  | { readonly kind: 'lane'; readonly lane: Lane; readonly dueAt: number }
  /** A deployment whose schedules are to be planned. */
  | { readonly kind: 'plan'; readonly deploymentId: string; readonly dueAt: number }
  /** A run whose signs of life stopped. */
  | { readonly kind: 'heartbeat'; readonly runId: string; readonly dueAt: number }
  /** A trigger whose window ends, or whose figure is to be judged. */
  | { readonly kind: 'trigger'; readonly stateId: string; readonly dueAt: number }
  /** A firing whose actions are open. */
  | { readonly kind: 'firing'; readonly firingId: string; readonly dueAt: number };

/** An open attempt as the index knows it: enough to compare with what ECS lists. */
export type OpenAttempt = {
  readonly runId: string;
  readonly attempt: number;
  readonly dueAt: number;
  readonly cluster?: string;
  readonly taskArn?: string;
};

/**
 * What is written in one transaction with a head: slots taken for it, an input that its flow waits for. Not asked for but
 * written as well: slots that the head lists no longer are given back, and the task run that stands for it in its parent
 * enters its new state.
 */
export type Along = { readonly slots?: SlotMove; readonly input?: RunInput };

export type Page<T> = { readonly items: readonly T[]; readonly cursor?: string };

export type Runs = {
  /** One conditional write of the head, its body written first. An id that exists answers with the run that is there. */
  create(
    run: Run,
    body: RunBody,
    /** Whether the id may have been deleted before: one that is derived or the caller's own. */
    options: { readonly mayHaveLived: boolean },
  ): Promise<{ readonly kind: 'created' | 'exists'; readonly run: Run }>;
  /** Consistent. */
  read(id: string): Promise<Run | undefined>;
  readMany(ids: readonly string[]): Promise<readonly Run[]>;
  /** The body that this head names (`bodyId`). */
  readBody(run: Run): Promise<RunBody>;
  /** By run id. */
  readBodies(runs: readonly Run[]): Promise<ReadonlyMap<string, RunBody>>;
  /** Written before a head that names it; a body whose head lost its race is an orphan that nobody reads. */
  writeBody(runId: string, bodyId: string, body: RunBody): Promise<void>;
  /** One conditional write; a state that leaves the head is copied beside it first. */
  change(before: Run, after: Run, along?: Along): Promise<Write>;
  /** The history, oldest first, the current state last. */
  readStates(id: string): Promise<readonly State[]>;
  /** A state by its id alone is found through the run that it names. */
  readState(runId: string, stateId: string): Promise<State | undefined>;
  /** Claims: puts the attempt, takes its slots and moves the head in one transaction. */
  openAttempt(
    before: Run,
    after: Run,
    opening: { readonly attempt: Attempt; readonly slots?: SlotMove },
  ): Promise<Write>;
  /** Ends the attempt, gives back the slots listed on it and moves the head (when it changes) in one transaction. */
  closeAttempt(
    attempt: { readonly before: Attempt; readonly after: Attempt },
    run?: { readonly before: Run; readonly after: Run },
  ): Promise<Write>;
  readAttempt(runId: string, number: number): Promise<Attempt | undefined>;
  readAttempts(runId: string): Promise<readonly Attempt[]>;
  changeAttempt(before: Attempt, after: Attempt): Promise<Write>;
  /**
   * Deletes the run; a tombstone keeps the last attempt number (rule 4). Its open attempt stays until STOPPED and is
   * changed in the same transaction: nobody but its deadline may ever come to stop its task.
   */
  remove(run: Run, attempt?: { readonly before: Attempt; readonly after: Attempt }): Promise<Write>;
  /** Consistent: the number of the last attempt that the table knows of a run, deleted ones included. */
  lastAttempt(runId: string): Promise<number | undefined>;
  /** A run that the table does not know had so many attempts: whoever creates it counts on from there (rule 4). */
  bury(runId: string, attempt: number): Promise<Write>;
  /** Consistent: every run that was ever recorded under a task run of this one. Some may be deleted. */
  children(runId: string): Promise<readonly string[]>;
  /** The runs under these task runs, from an index. */
  ofParents(parentTaskRunIds: readonly string[]): Promise<readonly string[]>;
  /** Newest expected start first, over all shards; a page is bounded. */
  list(request: {
    readonly limit: number;
    readonly cursor?: string;
    readonly before?: number;
    readonly after?: number;
  }): Promise<Page<string>>;
  /**
   * Runs by expected start over all shards, page by page, from an index. With `types` only those whose state is one of
   * them; `read` counts the entries that were looked at for the page, the others included.
   */
  walk(request: {
    readonly order: 'ASC' | 'DESC';
    readonly before?: number;
    readonly after?: number;
    readonly types?: readonly StateType[];
  }): AsyncIterable<{ readonly ids: readonly string[]; readonly read: number }>;
  /** Runs that wait in a lane, by scheduled time. From an index: claims decide on the base item. */
  waiting(lane: Lane, request: { readonly until: number; readonly limit: number }): Promise<readonly WaitingRun[]>;
  /** Open obligations by due time, from an index. */
  due(kind: DueItem['kind'], request: { readonly until: number; readonly limit: number }): Promise<readonly DueItem[]>;
  /** Every open attempt, page by page, whatever its due time. */
  openAttempts(): AsyncIterable<OpenAttempt>;
};

export type LaneRecord = {
  readonly lane: Lane;
  readonly version: number;
  readonly emptySince?: number;
  readonly dueAt: number;
};

export type Lanes = {
  /** Puts the lane (or raises its version): the pool's partition then shows it. */
  touch(lane: Lane, dueAt: number): Promise<void>;
  ofPool(workPoolName: string): Promise<readonly LaneRecord[]>;
  markEmpty(record: LaneRecord, at: number): Promise<Write>;
  remove(record: LaneRecord): Promise<Write>;
};
