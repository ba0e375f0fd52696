// The parts that Prefect's filters are made of, by their wire names.

/** A field that may be left out or be null; both mean "no condition". */
export type Maybe<T> = T | null | undefined;

export type Operator = 'and_' | 'or_';

export type AnyOf<T = string> = { readonly any_?: Maybe<readonly T[]> };
export type NotAnyOf<T = string> = AnyOf<T> & { readonly not_any_?: Maybe<readonly T[]> };
export type Like = AnyOf & { readonly like_?: Maybe<string> };
export type IsNull = { readonly is_null_?: Maybe<boolean> };
/** Epoch milliseconds. */
export type Between = { readonly before_?: Maybe<number>; readonly after_?: Maybe<number> };
export type WithOperator = { readonly operator?: Operator | undefined };
export type Tags = WithOperator & AnyOf & IsNull & { readonly all_?: Maybe<readonly string[]> };
