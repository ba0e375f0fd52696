// The arithmetic of admission: one lease with an epoch, and launch time taken from token buckets (rules 7 and 14):
// one for each capacity type that AWS paces, and the part of the API's that is kept for RunTask.
import { timing } from '../run/timing.ts';
import type { CapacityType } from '../task/capacity.ts';
import {
  type Bucket,
  bucketWith,
  fullBucket,
  halved,
  type Rate,
  rateNow,
  shareNow,
  tokensNow,
  waitForToken,
} from './bucket.ts';

/** Capacity types whose launches AWS paces, each by itself. */
export const pacedTypes = ['FARGATE', 'FARGATE_SPOT'] as const satisfies readonly CapacityType[];
export type PacedType = (typeof pacedTypes)[number];

export function isPaced(type: CapacityType): type is PacedType {
  return pacedTypes.some((paced) => paced === type);
}

export type LaunchRate = Rate & {
  /** RunTask's part of the API's rate: StopTask has its own, so neither can starve the other. */
  readonly calls: Rate;
};

type ByType<T> = { readonly [Type in PacedType]?: T };

export type Freeze = { readonly since: number; readonly reason: string };

export type Restored = {
  /** Identity of the table that was backed up. */
  readonly from: string;
  /** When that was noticed, epoch ms. */
  readonly since: number;
  /** Somebody asked to thaw: it thaws by itself once what ECS knows is matched. */
  readonly thawAskedAt?: number;
};

export type AdmissionState = {
  readonly version: number;
  /** Raised with every lease: what an older epoch reserved may no longer be written under its name. */
  readonly epoch: number;
  readonly leaseUntil: number;
  readonly more: boolean;
  /** Somebody froze launches (rule 14). */
  readonly freeze?: Freeze;
  /** The table is another than the one that this state was written for: it was restored. */
  readonly restored?: Restored;
  /** When the last reservation that was given runs out, epoch ms. @default none was given */
  readonly reservedUntil?: number;
  /** RunTask calls. */
  readonly launches: Bucket;
  /** Launches by capacity type; a full bucket where there is none. */
  readonly byType?: ByType<Bucket>;
  /** Share of the configured rate in use: halved on throttling, creeping back to 1. */
  readonly share: number;
  readonly throttledAt?: number;
};

export const emptyAdmission = (rate: LaunchRate, now: number): AdmissionState => ({
  version: 0,
  epoch: 0,
  leaseUntil: 0,
  more: false,
  launches: fullBucket(rate.calls, now),
  share: 1,
});

const unlimited = { perSecond: 0, burst: Number.MAX_SAFE_INTEGER };

/** Where nothing was launched yet all launch time is left; how much that is, the pump knows. */
export const untouchedAdmission = (now: number): AdmissionState =>
  emptyAdmission({ ...unlimited, calls: unlimited }, now);

export type Reservation = {
  readonly epoch: number;
  /** RunTask calls in all. */
  readonly count: number;
  /** Of them at most so many of a paced type; of any other as many as there are. */
  readonly byType: ByType<number>;
  readonly expiresAt: number;
};

export type Grant =
  | { readonly kind: 'granted'; readonly after: AdmissionState; readonly reservation: Reservation }
  /** Somebody else holds the lease: `after` raises `more` so that he goes round again. */
  | { readonly kind: 'held'; readonly after: AdmissionState }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'exhausted'; readonly waitMs: number };

export type Wanted = {
  readonly count: number;
  readonly now: number;
  /** The capacity types that are wanted, where all of them are known: without room for any, nothing is given. */
  readonly types?: readonly CapacityType[];
};

export function isFrozen({ freeze, restored }: AdmissionState): boolean {
  return freeze !== undefined || restored !== undefined;
}

/** No reservation is given any more; the ones that were given run out. Who froze first is remembered. */
export function frozen({ restored, ...state }: AdmissionState, freeze: Freeze): AdmissionState {
  const { thawAskedAt: _takenBack, ...still } = restored ?? {};
  return { ...state, freeze: state.freeze ?? freeze, ...('from' in still ? { restored: still } : {}) };
}

/** As it is read in another table than it was written for: whatever was launched since then is not in this table. */
export function inRestoredTable(state: AdmissionState, restored: Restored): AdmissionState {
  return { ...state, restored };
}

/** Reservations are given again; a restored table only notes that this is wanted. */
export function thawed({ freeze: _freeze, restored, ...state }: AdmissionState, now: number): AdmissionState {
  if (restored === undefined) return state;
  return { ...state, restored: { ...restored, thawAskedAt: restored.thawAskedAt ?? now } };
}

/** What ECS knows is matched, so the table is like any other, if somebody asked for it. */
export function matched({ restored, ...state }: AdmissionState): AdmissionState {
  return restored === undefined || restored.thawAskedAt !== undefined ? state : { ...state, restored };
}

/** Takes the lease and reserves up to `count` launches, or says why not. */
export function grant(state: AdmissionState, rate: LaunchRate, wanted: Wanted): Grant {
  const { now } = wanted;
  if (state.leaseUntil > now && !isFrozen(state)) return { kind: 'held', after: { ...state, more: true } };
  const lease = { epoch: state.epoch + 1, leaseUntil: now + timing.pumpLease, more: false };
  return reserve({ ...state, ...lease }, rate, wanted);
}

/** Launch time for repeating one try: no lease is needed, since nothing is claimed. */
export function grantRepeat(
  state: AdmissionState,
  rate: LaunchRate,
  { now, type }: { readonly now: number; readonly type: CapacityType },
): Exclude<Grant, { kind: 'held' }> {
  return reserve(state, rate, { count: 1, now, types: [type] });
}

type Left = { readonly type: PacedType; readonly bucket: Bucket; readonly tokens: number };

/** What each paced type has left. */
function leftByType(state: AdmissionState, rate: Rate, now: number): readonly Left[] {
  return pacedTypes.map((type) => {
    const bucket = state.byType?.[type] ?? fullBucket(rate, now);
    return { type, bucket, tokens: tokensNow(bucket, rate, now) };
  });
}

function reserve(state: AdmissionState, rate: LaunchRate, wanted: Wanted): Exclude<Grant, { kind: 'held' }> {
  if (isFrozen(state)) return { kind: 'frozen' };
  const { count, now } = wanted;
  const calls = rateNow(rate.calls, state, now);
  const pace = rateNow(rate, state, now);
  const tokens = tokensNow(state.launches, calls, now);
  const left = leftByType(state, pace, now);
  const granted = Math.min(count, Math.floor(tokens));
  const waitMs = Math.max(waitForToken(tokens, calls), waitForTypes(left, pace, wanted));
  if (granted < 1 || waitMs > 0) return { kind: 'exhausted', waitMs };
  // A repeat wants one type, and takes of no other's.
  const taken = left
    .filter(({ type }) => wanted.types === undefined || wanted.types.includes(type))
    .map((one) => ({ ...one, count: Math.min(granted, Math.floor(one.tokens)) }));
  const buckets = taken.map((one) => [one.type, bucketWith(one.tokens - one.count, one.bucket, now)] as const);
  return {
    kind: 'granted',
    after: {
      ...state,
      launches: bucketWith(tokens - granted, state.launches, now),
      byType: { ...state.byType, ...Object.fromEntries(buckets) },
      reservedUntil: Math.max(state.reservedUntil ?? 0, now + timing.reservation),
    },
    reservation: {
      epoch: state.epoch,
      count: granted,
      byType: Object.fromEntries(taken.map((one) => [one.type, one.count])),
      expiresAt: now + timing.reservation,
    },
  };
}

/** Milliseconds until one of the types that are wanted has launch time; 0 when one has or is not paced. */
function waitForTypes(left: readonly Left[], pace: Rate, { types }: Pick<Wanted, 'types'>): number {
  if (types === undefined || types.length === 0 || types.some((type) => !isPaced(type))) return 0;
  const waits = left.filter(({ type }) => types.includes(type)).map(({ tokens }) => waitForToken(tokens, pace));
  return Math.min(...waits);
}

/** For whoever asks why a run waits: the share of the rate in use, and milliseconds until a launch can be granted. */
export function launchTime(state: AdmissionState, rate: LaunchRate, now: number): { share: number; waitMs: number } {
  const calls = rateNow(rate.calls, state, now);
  const pace = rateNow(rate, state, now);
  const waitForCall = waitForToken(tokensNow(state.launches, calls, now), calls);
  const waitForType = waitForTypes(leftByType(state, pace, now), pace, { types: ['FARGATE'] });
  return { share: shareNow(state, now), waitMs: Math.max(waitForCall, waitForType) };
}

/** What a reservation has left. */
export type Unused = { readonly calls: number; readonly byType: ByType<number> };

const nothingUnused: Unused = { calls: 0, byType: {} };

/**
 * Gives back the lease and the launches of its reservation that nobody used; refused (undefined) when another holds it.
 * `hasMore`: somebody asked the holder to go round again.
 */
export function release(
  state: AdmissionState,
  epoch: number,
  unused: Unused = nothingUnused,
): { after: AdmissionState; hasMore: boolean } | undefined {
  if (state.epoch !== epoch) return undefined;
  const launches = { ...state.launches, tokens: state.launches.tokens + unused.calls };
  const buckets = pacedTypes.flatMap((type) => {
    const bucket = state.byType?.[type];
    return bucket === undefined
      ? []
      : [[type, { ...bucket, tokens: bucket.tokens + (unused.byType[type] ?? 0) }] as const];
  });
  const byType = { ...state.byType, ...Object.fromEntries(buckets) };
  return { after: { ...state, leaseUntil: 0, more: false, launches, byType }, hasMore: state.more };
}

/** AWS throttled a launch: half the rate, at most once in two seconds. */
export function throttled(state: AdmissionState, now: number): AdmissionState {
  return halved(state, now);
}
