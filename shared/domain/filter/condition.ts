// The parts that Prefect's filters are made of, by their wire names. What a filter leaves out holds for everything.

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

/** `undefined` where a condition was not asked for. */
type Conditions = readonly (boolean | undefined)[];

/** No condition at all holds. */
export function combine(operator: Operator | undefined, conditions: Conditions): boolean {
  const asked = conditions.filter((condition) => condition !== undefined);
  if (asked.length === 0) return true;
  return operator === 'or_' ? asked.some(Boolean) : asked.every(Boolean);
}

export function all(conditions: Conditions): boolean {
  return combine('and_', conditions);
}

/** An unknown value is in no list, and as in SQL it is not outside of one either. */
export function anyOf<T>(wanted: Maybe<readonly T[]>, value: T | undefined): boolean | undefined {
  return isAsked(wanted) ? value !== undefined && wanted.includes(value) : undefined;
}

/** An empty list excludes nothing. */
export function notAnyOf<T>(unwanted: Maybe<readonly T[]>, value: T | undefined): boolean | undefined {
  if (!isAsked(unwanted) || unwanted.length === 0) return undefined;
  return value !== undefined && !unwanted.includes(value);
}

export function like(part: Maybe<string>, value: string): boolean | undefined {
  if (!isAsked(part) || part === '') return undefined;
  return value.toLowerCase().includes(part.toLowerCase());
}

export function isNull(wanted: Maybe<boolean>, value: unknown): boolean | undefined {
  return isAsked(wanted) ? (value === undefined) === wanted : undefined;
}

function notLater(bound: Maybe<number>, value: number | undefined): boolean | undefined {
  return isAsked(bound) ? value !== undefined && value <= bound : undefined;
}

function notEarlier(bound: Maybe<number>, value: number | undefined): boolean | undefined {
  return isAsked(bound) ? value !== undefined && value >= bound : undefined;
}

export function between(filter: Between, value: number | undefined): boolean {
  return all([notLater(filter.before_, value), notEarlier(filter.after_, value)]);
}

export function named(filter: Like, name: string): boolean {
  return all([anyOf(filter.any_, name), like(filter.like_, name)]);
}

export function identified(filter: NotAnyOf, id: string): boolean {
  return all([anyOf(filter.any_, id), notAnyOf(filter.not_any_, id)]);
}

export function tagged(filter: Tags, tags: readonly string[]): boolean {
  const { all_: every, any_: some } = filter;
  return combine(filter.operator, [
    isAsked(every) && every.length > 0 ? every.every((tag) => tags.includes(tag)) : undefined,
    isAsked(some) ? some.some((tag) => tags.includes(tag)) : undefined,
    isAsked(filter.is_null_) ? (tags.length === 0) === filter.is_null_ : undefined,
  ]);
}

/** Applies a part of a filter when it was given. */
export function given<Filter>(filter: Maybe<Filter>, judge: (filter: Filter) => boolean): boolean | undefined {
  return isAsked(filter) ? judge(filter) : undefined;
}

function isAsked<T>(value: Maybe<T>): value is T {
  return value !== undefined && value !== null;
}
