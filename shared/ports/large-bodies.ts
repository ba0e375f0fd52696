// What the store of runs needs for bodies that no item of the table holds.

export type LargeBodies = {
  /** Whole or not at all; what is under the key already is replaced. */
  put(key: string, text: string): Promise<void>;
  /** Consistent; undefined: nothing is there. */
  read(key: string): Promise<string | undefined>;
  /** A key that nothing has is passed over. */
  remove(key: string): Promise<void>;
};
