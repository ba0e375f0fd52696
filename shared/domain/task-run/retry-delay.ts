// How long a failed task waits before it is tried again: Prefect's delays, with its jitter.
// Chance comes in as an argument, so that a test knows the answer.
import type { TaskRunPolicy } from './task-run.ts';

/**
 * Seconds until the next try. Prefect: `retry_delay` alone or the entry for this retry, the last one for all later
 * ones; with a jitter factor a random time around it.
 *
 * @param random from 0 up to 1
 */
export function retryDelaySeconds(policy: TaskRunPolicy, runCount: number, random: number): number {
  const { retryDelaySeconds: delay = 0, retryJitterFactor: jitter } = policy;
  const base = typeof delay === 'number' ? delay : (delay[Math.max(0, Math.min(runCount, delay.length) - 1)] ?? 0);
  return jitter !== undefined && jitter > 0 && base > 0 ? jitteredInterval(base, jitter, random) : base;
}

/**
 * An exponentially distributed interval with this average, cut off above at `average * (1 + factor)` and below where
 * it keeps the average about right (Prefect's `clamped_poisson_interval`).
 */
export function jitteredInterval(average: number, factor: number, random: number): number {
  if (average <= 0) return 0;
  const above = 1 + factor;
  const upper = shareBelow(above);
  const lower = shareBelow(lowerMultiple(above));
  const share = lower + (upper - lower) * random;
  return -Math.log(Math.max(1 - share, 1e-10)) * average;
}

/** How much of the distribution lies below this multiple of its average. */
function shareBelow(multiple: number): number {
  return 1 - Math.exp(-multiple);
}

function lowerMultiple(above: number): number {
  if (above >= 50) return 0;
  return Math.log2(Math.max(2 ** above / (2 ** above - 1), 1e-10));
}
