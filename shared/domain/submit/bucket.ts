// A token bucket, and the share of its rate that is in use: halved on throttling, creeping back.

export type Rate = {
  /** Tokens a second. */
  readonly perSecond: number;
  readonly burst: number;
};

export type Bucket = { readonly tokens: number; readonly at: number };

export type Share = {
  /** Of the configured rate. */
  readonly share: number;
  readonly throttledAt?: number;
};

/** A fifth of the share comes back each half minute without throttling. */
const recoveryMs = 30_000;
const recoveryStep = 0.2;
const minimumShare = 0.05;
/** One throttled burst halves the rate once, not once per request. */
const throttleQuietMs = 2_000;

export function fullBucket({ burst }: Rate, now: number): Bucket {
  return { tokens: burst, at: now };
}

export function shareNow({ share, throttledAt }: Share, now: number): number {
  if (throttledAt === undefined) return share;
  const steps = Math.floor((now - throttledAt) / recoveryMs);
  return Math.min(1, share + Math.max(0, steps) * recoveryStep);
}

/** AWS throttled a call: half the rate, at most once in two seconds. */
export function halved<State extends Share>(state: State, now: number): State {
  if (state.throttledAt !== undefined && now - state.throttledAt < throttleQuietMs) return state;
  return { ...state, share: Math.max(minimumShare, shareNow(state, now) / 2), throttledAt: now };
}

/** The rate that is in use now; the burst stays what it is. */
export function rateNow({ perSecond, burst }: Rate, share: Share, now: number): Rate {
  return { perSecond: perSecond * shareNow(share, now), burst };
}

export function tokensNow({ tokens, at }: Bucket, { perSecond, burst }: Rate, now: number): number {
  return Math.min(burst, tokens + (Math.max(0, now - at) / 1000) * perSecond);
}

/** Clocks differ by milliseconds: time that was counted is not counted again. */
export function bucketWith(tokens: number, { at }: Bucket, now: number): Bucket {
  return { tokens, at: Math.max(now, at) };
}

/** Milliseconds until there is a whole token. */
export function waitForToken(tokens: number, { perSecond }: Rate): number {
  return Math.max(0, Math.ceil(((1 - tokens) / perSecond) * 1000));
}
