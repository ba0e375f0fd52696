// An event as the wire has it: what `/events/filter` answers and `/events/out` sends (Prefect's `ReceivedEvent`).
import { isoText } from '../iso-time.ts';
import type { JsonObject } from '../json.ts';
import type { PrefectEvent } from './event.ts';

export function eventToWire(event: PrefectEvent) {
  return {
    occurred: isoText(event.occurred),
    event: event.event,
    resource: event.resource,
    related: [...event.related],
    payload: event.payload,
    id: event.id,
    follows: event.follows ?? null,
    received: isoText(event.received),
  } satisfies JsonObject;
}
