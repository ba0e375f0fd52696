// Automations and events that state only what matters to a test.
import { randomUUID } from 'node:crypto';
import type {
  Automation,
  CompoundTrigger,
  EventTrigger,
  SequenceTrigger,
  Trigger,
} from '../../../shared/domain/automation/automation.ts';
import type { PrefectEvent } from '../../../shared/domain/event/event.ts';

export const start = Date.parse('2026-11-23T12:00:00Z');
export const second = 1_000;
export const minute = 60_000;

export function aTrigger(over: Partial<Omit<EventTrigger, 'type'>> = {}): EventTrigger {
  return {
    type: 'event',
    id: randomUUID(),
    match: {},
    matchRelated: {},
    after: [],
    expect: ['it.happened'],
    forEach: [],
    posture: 'Reactive',
    threshold: 1,
    withinSeconds: 0,
    ...over,
  };
}

export function aCompound(
  triggers: readonly Trigger[],
  over: Partial<Omit<CompoundTrigger, 'type' | 'triggers'>> = {},
): CompoundTrigger {
  return { type: 'compound', id: randomUUID(), triggers, withinSeconds: 60, require: 'all', ...over };
}

export function aSequence(
  triggers: readonly Trigger[],
  over: Partial<Omit<SequenceTrigger, 'type' | 'triggers'>> = {},
): SequenceTrigger {
  return { type: 'sequence', id: randomUUID(), triggers, withinSeconds: 60, ...over };
}

export function anAutomation(over: Partial<Automation> = {}): Automation {
  return {
    id: randomUUID(),
    version: 1,
    created: start,
    updated: start,
    name: 'an automation',
    description: '',
    enabled: true,
    tags: [],
    trigger: aTrigger(),
    actions: [{ type: 'do-nothing' }],
    actionsOnTrigger: [],
    actionsOnResolve: [],
    ...over,
  };
}

export function anEvent(over: Partial<PrefectEvent> = {}): PrefectEvent {
  return {
    id: randomUUID(),
    occurred: start,
    received: start,
    event: 'it.happened',
    resource: { 'prefect.resource.id': 'thing.1' },
    related: [],
    payload: {},
    ...over,
  };
}
