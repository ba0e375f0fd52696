// Events for tests: a builder that states only what matters.
import { randomUUID } from 'node:crypto';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';

export function anEvent(over: Partial<PrefectEvent> = {}): PrefectEvent {
  const occurred = over.occurred ?? Date.parse('2026-11-23T11:00:00Z');
  return {
    id: randomUUID(),
    occurred,
    received: occurred,
    event: 'shop.opened',
    resource: { 'prefect.resource.id': 'shop.1', 'prefect.resource.name': 'corner' },
    related: [],
    payload: {},
    ...over,
  };
}

/** A related resource. */
export function related(role: string, id: string, labels: Readonly<Record<string, string>> = {}) {
  return { 'prefect.resource.id': id, 'prefect.resource.role': role, ...labels };
}
