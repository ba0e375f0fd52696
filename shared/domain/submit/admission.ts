// The arithmetic of admission: one lease with an epoch, and launch time taken from a token bucket (rules 7 and 14).
import { timing } from '../run/timing.ts';

export type LaunchRate = {
  /** Launches a second. */
  readonly perSecond: number;
  readonly burst: number;
};

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
  readonly launches: { readonly tokens: number; readonly at: number };
  /** Share of the configured rate in use: halved on throttling, creeping back to 1. */
  readonly share: number;
  readonly throttledAt?: number;
};

export const emptyAdmission = (rate: LaunchRate, now: number): AdmissionState => ({
  version: 0,
  epoch: 0,
  leaseUntil: 0,
  more: false,
  launches: { tokens: rate.burst, at: now },
  share: 1,
});

export type Reservation = {
  readonly epoch: number;
  readonly count: number;
  readonly expiresAt: number;
};

/** A fifth of the share comes back each half minute without throttling. */
const recoveryMs = 30_000;
const recoveryStep = 0.2;
const minimumShare = 0.05;
/** One throttled burst halves the rate once, not once per request. */
const throttleQuietMs = 2_000;

function shareNow(state: AdmissionState, now: number): number {
  if (state.throttledAt === undefined) return state.share;
  const steps = Math.floor((now - state.throttledAt) / recoveryMs);
  return Math.min(1, state.share + Math.max(0, steps) * recoveryStep);
}

function tokensNow(state: AdmissionState, rate: LaunchRate, now: number): number {
  const elapsedSeconds = Math.max(0, now - state.launches.at) / 1000;
  return Math.min(rate.burst, state.launches.tokens + elapsedSeconds * rate.perSecond * shareNow(state, now));
}

/** For whoever asks why a run waits: the share of the rate in use, and milliseconds until a launch can be granted. */
export function launchTime(state: AdmissionState, rate: LaunchRate, now: number): { share: number; waitMs: number } {
  const share = shareNow(state, now);
  const tokens = tokensNow(state, rate, now);
  return { share, waitMs: tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / (rate.perSecond * share)) * 1000) };
}

export type Grant =
  | { readonly kind: 'granted'; readonly after: AdmissionState; readonly reservation: Reservation }
  /** Somebody else holds the lease: `after` raises `more` so that he goes round again. */
  | { readonly kind: 'held'; readonly after: AdmissionState }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'exhausted'; readonly waitMs: number };

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

/** Takes the lease and reserves up to `wanted` launches, or says why not. */
export function grant(state: AdmissionState, rate: LaunchRate, wanted: { count: number; now: number }): Grant {
  const { now } = wanted;
  if (state.leaseUntil > now && !isFrozen(state)) return { kind: 'held', after: { ...state, more: true } };
  const lease = { epoch: state.epoch + 1, leaseUntil: now + timing.pumpLease, more: false };
  return reserve({ ...state, ...lease }, rate, wanted);
}

/** Launch time for repeating one try: no lease is needed, since nothing is claimed. */
export function grantRepeat(state: AdmissionState, rate: LaunchRate, now: number): Exclude<Grant, { kind: 'held' }> {
  return reserve(state, rate, { count: 1, now });
}

function reserve(
  state: AdmissionState,
  rate: LaunchRate,
  { count, now }: { count: number; now: number },
): Exclude<Grant, { kind: 'held' }> {
  if (isFrozen(state)) return { kind: 'frozen' };
  const tokens = tokensNow(state, rate, now);
  const granted = Math.min(count, Math.floor(tokens));
  if (granted < 1) {
    return { kind: 'exhausted', waitMs: launchTime(state, rate, now).waitMs };
  }
  return {
    kind: 'granted',
    // Clocks differ by milliseconds: time that was counted is not counted again.
    after: {
      ...state,
      launches: { tokens: tokens - granted, at: Math.max(now, state.launches.at) },
      reservedUntil: Math.max(state.reservedUntil ?? 0, now + timing.reservation),
    },
    reservation: { epoch: state.epoch, count: granted, expiresAt: now + timing.reservation },
  };
}

/**
 * Gives back the lease and the launches of its reservation that nobody used; refused (undefined) when another holds it.
 * `hasMore`: somebody asked the holder to go round again.
 */
export function release(
  state: AdmissionState,
  epoch: number,
  unused = 0,
): { after: AdmissionState; hasMore: boolean } | undefined {
  if (state.epoch !== epoch) return undefined;
  const launches = { ...state.launches, tokens: state.launches.tokens + unused };
  return { after: { ...state, leaseUntil: 0, more: false, launches }, hasMore: state.more };
}

/** AWS throttled a launch: half the rate, at most once in two seconds. */
export function throttled(state: AdmissionState, now: number): AdmissionState {
  if (state.throttledAt !== undefined && now - state.throttledAt < throttleQuietMs) return state;
  return { ...state, share: Math.max(minimumShare, shareNow(state, now) / 2), throttledAt: now };
}
