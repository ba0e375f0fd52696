// Events that tell what became of a thing that users keep: `prefect.<kind>.created`, `.updated`, `.deleted`.
// Payloads are Prefect's: what a reader wants to know without asking the API.
import { timedId } from '../identity.ts';
import type { JsonObject } from '../json.ts';
import type { EventResource, PrefectEvent } from './event.ts';

export type Lifecycle = {
  /** `block-document`, `variable` … */
  readonly kind: string;
  readonly action: 'created' | 'updated' | 'deleted';
  readonly id: string;
  readonly name?: string;
  readonly payload: JsonObject;
  readonly related?: readonly EventResource[];
};

export function lifecycleEvent(
  { kind, action, id, name, payload, related = [] }: Lifecycle,
  world: { readonly now: number; readonly randomId: string },
): PrefectEvent {
  return {
    id: timedId(world.now, world.randomId),
    occurred: world.now,
    received: world.now,
    event: `prefect.${kind}.${action}`,
    resource: {
      'prefect.resource.id': `prefect.${kind}.${id}`,
      ...(name === undefined ? {} : { 'prefect.resource.name': name }),
    },
    related,
    payload,
  };
}
