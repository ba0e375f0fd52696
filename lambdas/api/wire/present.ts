// Leaves out what is undefined: the wire says `field: undefined` where the domain says that there is no field.

type Undefinable<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];

export type Present<T> = Omit<T, Undefinable<T>> & { [Key in Undefinable<T>]?: Exclude<T[Key], undefined> };

/** The object without the fields that are undefined. Null stays. */
export function present<T extends object>(value: T): Present<T>;
export function present(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
}

/** `null` on the wire is "none" inside. */
export function orNone<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}
