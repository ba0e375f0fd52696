// How RunTask and StopTask share the quota of the ECS API: the same for both steps that call it.
import type { Settings } from '../settings.ts';

export function apiRateVariables({ apiRate, apiBurst, stopShare }: Settings) {
  return {
    SLIPWAY_API_RATE: String(apiRate),
    SLIPWAY_API_BURST: String(apiBurst),
    SLIPWAY_STOP_SHARE: String(stopShare),
  };
}
