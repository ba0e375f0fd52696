// A limit, and the gate where its slots are taken: slots are holders (design rule 6), never a counter.
// A limit whose slots decay is a rate: what was taken goes by itself, whoever holds it.

/** Who holds slots, as Prefect's clients say it. */
export const holderTypes = ['flow_run', 'task_run', 'deployment'] as const;
export type Who = { readonly type: (typeof holderTypes)[number]; readonly id: string };

/** Prefect's global concurrency limit. Times are epoch milliseconds. */
export type Limit = {
  readonly id: string;
  readonly version: number;
  readonly created: number;
  readonly updated: number;
  readonly name: string;
  readonly limit: number;
  /** An inactive limit holds nobody back and takes no slots. */
  readonly active: boolean;
  /** Above 0 it is a rate: so many slots come free a second. */
  readonly slotDecayPerSecond: number;
};

/** One entry of a gate's list. */
export type Holder = {
  /** Unique in its gate: a lease's id, a run's, or a random one. */
  readonly key: string;
  /** 0: forgiven by whoever set the number of slots in use; it may still be renewed and given back. */
  readonly slots: number;
  readonly since: number;
  /** Absent: held until it is given back. */
  readonly until?: number;
  readonly who?: Who;
};

/** Which holder, of which gate. */
export type HolderRef = { readonly gateId: string; readonly key: string };

/** Slots of a rate that were taken by `at`; a whole one goes each `1 / slotDecayPerSecond` seconds. */
export type Spent = { readonly slots: number; readonly at: number };

/** What tells a refused caller how long to wait. Approximate: whoever writes last wins. */
export type Waits = {
  readonly averageSeconds: number;
  readonly denied: number;
  readonly deniedAt: number;
};

/** Where the slots of one limit are taken: its version is raised by everybody who takes, its holders are the truth. */
export type Gate = {
  readonly id: string;
  /** 0 before anybody took a slot. */
  readonly version: number;
  readonly holders: readonly Holder[];
  readonly spent: Spent;
  readonly waits: Waits;
};

/** A limit as it was when slots of it were leased. */
export type LeasedLimit = Pick<Limit, 'id' | 'name' | 'limit' | 'slotDecayPerSecond'>;

/** What was taken together and is given back together: a holder of one key at each limit's gate. */
export type Lease = {
  readonly id: string;
  /** The holders' key, the same at every gate. */
  readonly key: string;
  readonly slots: number;
  readonly created: number;
  /** Absent: it does not run out. */
  readonly until?: number;
  readonly limits: readonly LeasedLimit[];
};

/** The holders of a lease. A rate has none: what was spent decays. */
export function leaseHolders({ key, limits }: Pick<Lease, 'key' | 'limits'>): readonly HolderRef[] {
  return limits.filter((limit) => limit.slotDecayPerSecond <= 0).map(({ id }) => ({ gateId: id, key }));
}

export function leasedLimit({ id, name, limit, slotDecayPerSecond }: Limit): LeasedLimit {
  return { id, name, limit, slotDecayPerSecond };
}

export const freshWaits: Waits = { averageSeconds: 2, denied: 0, deniedAt: 0 };

export function emptyGate(id: string): Gate {
  return { id, version: 0, holders: [], spent: { slots: 0, at: 0 }, waits: freshWaits };
}

const tagPrefix = 'tag:';

/** A limit on a task tag is the global limit of this name. */
export const tagLimitName = (tag: string): string => `${tagPrefix}${tag}`;

/** undefined: not a limit on a tag. */
export function tagOfLimit(name: string): string | undefined {
  return name.startsWith(tagPrefix) ? name.slice(tagPrefix.length) : undefined;
}

/** The limit that Prefect makes for a deployment's own `concurrency_limit`. */
export const deploymentLimitName = (deploymentId: string): string => `deployment:${deploymentId}`;

/** Gates of pools and queues, whose limits stand on themselves; a global limit's gate has the limit's id. */
export const poolGateId = (workPoolId: string): string => `pool:${workPoolId}`;
export const queueGateId = (workQueueId: string): string => `queue:${workQueueId}`;

/** A run holds a slot once, however often it asks. */
export const runHolderKey = (runId: string): string => `run#${runId}`;
export const leaseHolderKey = (leaseId: string): string => `lease#${leaseId}`;
const plainPrefix = 'plain#';
export const plainHolderKey = (id: string): string => `${plainPrefix}${id}`;

/** Taken without a lease: nobody knows by whom, and only `decrement` gives it back. */
export function isPlain({ key }: Holder): boolean {
  return key.startsWith(plainPrefix);
}
