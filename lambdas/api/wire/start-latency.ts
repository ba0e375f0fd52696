// Start latency on the wire: seconds by part, null where nobody told.
import type { Latency, LatencyPart } from '../../../shared/domain/run/latency.ts';

export function startLatencyToWire({ parts, totalMs }: Latency) {
  const secondsOf = (wanted: LatencyPart) => {
    const ms = parts.find(({ part }) => part === wanted)?.ms;
    return ms === undefined ? null : ms / 1000;
  };
  return {
    queued: secondsOf('queued'),
    claimed: secondsOf('claimed'),
    provisioned: secondsOf('provisioned'),
    pulled: secondsOf('pulled'),
    started: secondsOf('started'),
    engine_up: secondsOf('engineUp'),
    total: totalMs / 1000,
  };
}
