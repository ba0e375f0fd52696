// The store of log lines, in the bulk table.
import type { LogLine } from '../domain/catalogue.ts';

export type Logs = {
  append(lines: readonly LogLine[]): Promise<void>;
  /** All kept lines of a run, by time. */
  readRun(flowRunId: string): Promise<readonly LogLine[]>;
};
