// Remembers for a while what was read: names and tags that many events of one batch, and of the next, need again.

export type Remembering = {
  readonly now: () => number;
  readonly milliseconds: number;
  /** More than these, and the oldest is forgotten. */
  readonly most: number;
};

export type Memory<T> = {
  /** What is remembered, or else read. A read that fails is not remembered. */
  read(key: string): Promise<T>;
  /** What was seen elsewhere. */
  note(key: string, value: T): void;
};

export function createMemory<T>(
  { now, milliseconds, most }: Remembering,
  read: (key: string) => Promise<T>,
): Memory<T> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  const keep = (key: string, value: Promise<T>) => {
    known.delete(key);
    known.set(key, { at: now(), value });
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
  };
  return {
    read: (key) => {
      const found = known.get(key);
      if (found !== undefined && now() - found.at < milliseconds) return found.value;
      const value = read(key);
      keep(key, value);
      value.catch(() => known.delete(key));
      return value;
    },
    note: (key, value) => keep(key, Promise.resolve(value)),
  };
}
