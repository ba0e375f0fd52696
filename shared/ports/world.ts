// Time and ids: arguments, never imports, so that tests and the fault harness own them.
export type World = {
  /** Epoch milliseconds. */
  now(): number;
  /** A UUID (version 7): random, after the millisecond in which it was made. */
  newId(): string;
  /** Waits; only the pump and the api use it, for seconds at most. */
  sleep(milliseconds: number): Promise<void>;
  /** A readable name for a run nobody named. */
  newName(): string;
  /** Hex SHA-256. */
  sha256(text: string): string;
};
