// What the pump asks for in each of its calls, as it was at most a second ago: the lists of pools and queues, and flows.
// Of pools and queues only what is paused and what goes first is read from them; a run's job is rendered from the items
// themselves. Of a flow its task shows the name, which no request changes.
import type { Catalogue } from '../../../ports/catalogue.ts';

/** A pause takes hold this long after it was written, in milliseconds, at the latest. */
const rememberedMs = 1_000;

export function rememberReads(catalogue: Catalogue, now: () => number): Catalogue {
  return {
    ...catalogue,
    flows: { ...catalogue.flows, read: byName(now, (id: string) => catalogue.flows.read(id)) },
    workPools: { ...catalogue.workPools, list: remembered(now, () => catalogue.workPools.list()) },
    workQueues: {
      ...catalogue.workQueues,
      list: byName(now, (workPoolName?: string) => catalogue.workQueues.list(workPoolName)),
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

/** Names at a time: flows are many where pools are few. */
const namesKept = 1_000;

function byName<Name, T>(now: () => number, read: (name: Name) => Promise<T>): (name: Name) => Promise<T> {
  const reads = new Map<Name, () => Promise<T>>();
  return (name) => {
    const there = reads.get(name);
    if (there !== undefined) return there();
    if (reads.size === namesKept) reads.clear();
    const first = remembered(now, () => read(name));
    reads.set(name, first);
    return first();
  };
}
