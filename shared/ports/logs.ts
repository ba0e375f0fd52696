// The store of log lines, in the bulk table. Lines belong to a flow run, or to a task run that runs without one.
import type { LogLine } from '../domain/catalogue.ts';

/** A line on its way into the store, which gives it its id; one that it brings is not kept. */
export type NewLogLine = Omit<LogLine, 'id'> & { readonly id?: string };

export type LogRequest = {
  readonly order: 'ASC' | 'DESC';
  /** Lines outside may come along; none inside is left out. Epoch milliseconds. */
  readonly after?: number;
  readonly before?: number;
  /** Chunks without a line of this level or above are passed over. */
  readonly leastLevel?: number;
  /** Lines that the caller would drop at the beginning: whole chunks of them need not be opened. */
  readonly skip?: number;
};

/** Lines in their order, and how many were passed over before them. */
export type LogBatch = { readonly lines: readonly LogLine[]; readonly skipped: number };

export type LogsRemoval = { readonly isDone: boolean };

export type Logs = {
  /**
   * Keeps lines; a batch that comes twice is kept once. `expiresAt` (epoch ms) by owner.
   * @returns the lines with their ids
   */
  append(
    lines: readonly NewLogLine[],
    options?: { readonly expiresAt?: (ownerId: string) => number | undefined },
  ): Promise<readonly LogLine[]>;
  /** The lines of an owner, chunk by chunk: whoever reads stops when it has enough. */
  read(ownerId: string, request: LogRequest): AsyncIterable<LogBatch>;
  /** All kept lines of a run, by time. */
  readRun(flowRunId: string): Promise<readonly LogLine[]>;
  /** Deletes what an owner has; a long log may take several calls. */
  remove(ownerId: string): Promise<LogsRemoval>;
};
