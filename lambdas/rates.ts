// How the quotas of the ECS API and of Fargate are divided: what RunTask may use and what is StopTask's.
import type { LaunchRate } from '../shared/domain/submit/admission.ts';
import type { Rate } from '../shared/domain/submit/bucket.ts';

type ApiRate = {
  readonly SLIPWAY_API_RATE: number;
  readonly SLIPWAY_API_BURST: number;
  readonly SLIPWAY_STOP_SHARE: number;
};
type LaunchVariables = ApiRate & { readonly SLIPWAY_LAUNCH_RATE: number; readonly SLIPWAY_LAUNCH_BURST: number };

function partOf(env: ApiRate, share: number): Rate {
  return { perSecond: env.SLIPWAY_API_RATE * share, burst: Math.max(1, Math.floor(env.SLIPWAY_API_BURST * share)) };
}

export function launchRateOf(env: LaunchVariables): LaunchRate {
  return {
    perSecond: env.SLIPWAY_LAUNCH_RATE,
    burst: env.SLIPWAY_LAUNCH_BURST,
    calls: partOf(env, 1 - env.SLIPWAY_STOP_SHARE),
  };
}

export function stopRateOf(env: ApiRate): Rate {
  return partOf(env, env.SLIPWAY_STOP_SHARE);
}
