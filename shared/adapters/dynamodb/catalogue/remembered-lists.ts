// The lists of pools and queues as they were at most a second ago: the pump asks for them in each of its calls.
// Only what is paused and what goes first is read from them; a run's job is rendered from the items themselves.
import type { Catalogue } from '../../../ports/catalogue.ts';

/** A pause takes hold this long after it was written, in milliseconds, at the latest. */
const rememberedMs = 1_000;

export function rememberLists(catalogue: Catalogue, now: () => number): Catalogue {
  return {
    ...catalogue,
    workPools: { ...catalogue.workPools, list: remembered(now, () => catalogue.workPools.list()) },
    workQueues: {
      ...catalogue.workQueues,
      list: perPool(now, (workPoolName) => catalogue.workQueues.list(workPoolName)),
    },
  };
}

function remembered<T>(now: () => number, read: () => Promise<T>): () => Promise<T> {
  let known: { readonly until: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (known !== undefined && now() < known.until) return known.value;
    const value = read();
    known = { until: now() + rememberedMs, value };
    value.catch(() => {
      known = undefined;
    });
    return value;
  };
}

function perPool<T>(now: () => number, read: (name?: string) => Promise<T>): (name?: string) => Promise<T> {
  const lists = new Map<string | undefined, () => Promise<T>>();
  return (name) => {
    const list = lists.get(name) ?? remembered(now, () => read(name));
    lists.set(name, list);
    return list();
  };
}
