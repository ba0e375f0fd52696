// What a filter of a template is.
import type { Keywords, Value } from './value.ts';

/** What a filter gets behind its value: by place or by name. */
export type Arguments = {
  readonly positional: readonly Value[];
  readonly named: Keywords;
  /** Applies another filter or test by its name, for `map` and its kin. */
  readonly apply: (kind: 'filter' | 'test', name: string, values: readonly Value[]) => Value;
};
export type Filter = (value: Value, args: Arguments) => Value;
