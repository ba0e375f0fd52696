// When a StopTask may be sent: its own part of the API's rate, so that a storm of launches cannot hold up cancels, nor
// cancels the launches. Who finds the bucket empty is told his time, and so nobody asks twice.
import { type Bucket, bucketWith, fullBucket, halved, type Rate, rateNow, type Share, tokensNow } from './bucket.ts';

export type StopPace = Share & { readonly version: number; readonly stops: Bucket };

export function freshStopPace(rate: Rate, now: number): StopPace {
  return { version: 0, stops: fullBucket(rate, now), share: 1 };
}

/** The time of one StopTask, epoch ms: now, or when those before it are through. */
export function reserveStop(
  state: StopPace,
  rate: Rate,
  now: number,
): { readonly after: StopPace; readonly at: number } {
  const pace = rateNow(rate, state, now);
  const tokens = tokensNow(state.stops, pace, now) - 1;
  const waitMs = tokens >= 0 ? 0 : Math.ceil((-tokens / pace.perSecond) * 1000);
  return { after: { ...state, stops: bucketWith(tokens, state.stops, now) }, at: now + waitMs };
}

/** AWS throttled a StopTask: half the rate, at most once in two seconds. */
export function stopThrottled(state: StopPace, now: number): StopPace {
  return halved(state, now);
}

/** Takes a StopTask that can be sent now; undefined when there is none. */
export function grabStop(state: StopPace, rate: Rate, now: number): StopPace | undefined {
  const { after, at } = reserveStop(state, rate, now);
  return at > now ? undefined : after;
}
