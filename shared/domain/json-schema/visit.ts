// Where a validation stands.
import type { Json, JsonObject } from '../json.ts';
import type { Step } from './problem.ts';

export type Known = {
  /** What could not be filled in, by path (`a.b[0]`): told in place of everything else there. */
  readonly problems: ReadonlyMap<string, string>;
  /** Whether this very value stands for one that is not known yet. */
  readonly isOpen: (value: Json) => boolean;
};

export type Visit = {
  readonly root: JsonObject;
  readonly known: Known;
  readonly path: readonly Step[];
  /** References that were followed since the last step down. */
  readonly references: number;
};
