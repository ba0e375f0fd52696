// Inputs of runs: what a flow waits for, and what it is sent, by key.
export type RunInput = {
  readonly id: string;
  readonly created: number;
  readonly runId: string;
  readonly key: string;
  readonly value: string;
  readonly sender?: string;
};

export type RunInputs = {
  /** Once for each key of a run that is there. */
  create(input: RunInput): Promise<'created' | 'exists' | 'no-run'>;
  read(runId: string, key: string): Promise<RunInput | undefined>;
  /** By the beginning of their keys, oldest first. */
  list(runId: string, prefix: string): Promise<readonly RunInput[]>;
  /** False: there was none. */
  remove(runId: string, key: string): Promise<boolean>;
};
