// The events of limits, as Prefect sends them; limits on tags are global limits here, and so are their events.
import type { Limit } from '../../../shared/domain/limit/limit.ts';
import type { ApiDeps } from '../deps.ts';
import { announce } from './announce.ts';

export function announceLimit(
  deps: ApiDeps,
  action: 'created' | 'updated' | 'deleted',
  { id, name, limit, active, slotDecayPerSecond }: Limit,
): Promise<void> {
  const payload = { name, limit, active, slot_decay_per_second: slotDecayPerSecond };
  return announce(deps, { kind: 'concurrency-limit', action, id, name, payload });
}
