// The events that automations bring about, under Prefect's names. Their ids are derived from what they tell of, so
// that telling it twice is telling it once.
import type { EventResource, PrefectEvent } from '../event/event.ts';
import { eventToWire } from '../event/event-to-wire.ts';
import { derivedId, type Sha256 } from '../identity.ts';
import type { JsonObject } from '../json.ts';
import type { Action, Automation, Trigger } from './automation.ts';
import { automationToWire } from './automation-to-wire.ts';
import { chainPayload, type Firing, type TriggerStateName } from './firing.ts';

export type Scene = { readonly now: number; readonly sha256: Sha256 };

function resourceOf(automation: Automation): EventResource {
  return {
    'prefect.resource.id': `prefect.automation.${automation.id}`,
    'prefect.resource.name': automation.name,
  };
}

function postureOf(trigger: Trigger): EventResource {
  if (trigger.type === 'event') return { 'prefect.posture': trigger.posture };
  return trigger.type === 'metric' ? { 'prefect.posture': 'Metric' } : {};
}

function relatedEvent(id: string | undefined, role: string): readonly EventResource[] {
  return id === undefined ? [] : [{ 'prefect.resource.id': `prefect.event.${id}`, 'prefect.resource.role': role }];
}

/** `prefect.automation.created`, `.updated`, `.deleted`. */
export function lifecycleEvent(
  automation: Automation,
  action: 'created' | 'updated' | 'deleted',
  { id, now }: { readonly id: string; readonly now: number },
): PrefectEvent {
  return {
    id,
    occurred: now,
    received: now,
    event: `prefect.automation.${action}`,
    resource: resourceOf(automation),
    related: [],
    payload: automationToWire(automation),
  };
}

function stateChangeId(firing: Firing, state: TriggerStateName, sha256: Sha256): string {
  return derivedId(sha256, 'automation-state', [firing.id, state]);
}

/** `prefect.automation.triggered` and `.resolved`: for every state that a firing stands for. */
export function stateChangeEvents(
  {
    automation,
    firing,
    by,
  }: { readonly automation: Automation; readonly firing: Firing; readonly by: PrefectEvent | undefined },
  { now, sha256 }: Scene,
): readonly PrefectEvent[] {
  return firing.states.map((state) => ({
    id: stateChangeId(firing, state, sha256),
    occurred: firing.triggered,
    received: now,
    event: `prefect.automation.${state.toLowerCase()}`,
    resource: { ...resourceOf(automation), ...postureOf(automation.trigger) },
    related: relatedEvent(by?.id, 'triggering-event'),
    payload: {
      triggering_labels: firing.labels,
      triggering_event: by === undefined ? null : eventToWire(by),
      ...chainPayload(firing, automation.id),
    },
  }));
}

/** One action of a firing: what it is, and the state change event that brought it about. */
export type TriggeredAction = {
  readonly id: string;
  readonly index: number;
  readonly action: Action;
  readonly stateChangeId: string;
  /** For `actions` the event that made the trigger fire, else the state change itself. */
  readonly by: 'event' | 'state-change';
};

/** What a firing sets off, in Prefect's order: the automation's actions, then those of each state. */
export function triggeredActions(automation: Automation, firing: Firing, sha256: Sha256): readonly TriggeredAction[] {
  const primary: TriggerStateName = firing.states.includes('Triggered') ? 'Triggered' : 'Resolved';
  const onState = [
    { state: 'Triggered', actions: automation.actionsOnTrigger },
    { state: 'Resolved', actions: automation.actionsOnResolve },
  ] as const;
  const listed = [
    ...automation.actions.map((action) => ({ action, state: primary, by: 'event' as const })),
    ...onState
      .filter(({ state }) => firing.states.includes(state))
      .flatMap(({ state, actions }) => actions.map((action) => ({ action, state, by: 'state-change' as const }))),
  ];
  return listed.map(({ action, state, by }, index) => ({
    id: derivedId(sha256, 'action', [firing.id, String(index)]),
    index,
    action,
    stateChangeId: stateChangeId(firing, state, sha256),
    by,
  }));
}

export type ActionResult = {
  readonly isSuccess: boolean;
  readonly reason?: string;
  readonly details: JsonObject;
  /** What the action was done to, and what it made. */
  readonly resources: readonly EventResource[];
};

type Told = {
  readonly automation: Automation;
  readonly firing: Firing;
  readonly triggered: TriggeredAction;
  readonly by: PrefectEvent | undefined;
  readonly result: ActionResult;
};

/** An action follows its event only when both are close in time: nobody should wait for an old one. */
const tightMs = 5 * 60_000;

/** `prefect.automation.action.triggered`, then `.executed` or `.failed`. */
export function actionEvents(
  { automation, firing, triggered, by, result }: Told,
  { now, sha256 }: Scene,
): readonly PrefectEvent[] {
  const triggeredId = derivedId(sha256, 'action-event', [triggered.id, 'triggered']);
  const details = { action_index: triggered.index, action_type: triggered.action.type, invocation: triggered.id };
  const shared = {
    received: now,
    resource: {
      ...resourceOf(automation),
      'prefect.trigger-type': automation.trigger.type,
      ...(automation.trigger.type === 'event' ? postureOf(automation.trigger) : {}),
    },
    related: [
      ...result.resources,
      ...relatedEvent(triggered.stateChangeId, 'automation-triggered-event'),
      ...relatedEvent(by?.id, 'triggering-event'),
    ],
  };
  const chain = chainPayload(firing, automation.id);
  const isTight = by !== undefined && Math.abs(firing.triggered - by.occurred) < tightMs;
  const outcome = result.isSuccess ? 'executed' : 'failed';
  return [
    {
      ...shared,
      id: triggeredId,
      occurred: firing.triggered,
      event: 'prefect.automation.action.triggered',
      payload: { ...details, ...chain },
      ...(isTight ? { follows: by.id } : {}),
    },
    {
      ...shared,
      id: derivedId(sha256, 'action-event', [triggered.id, outcome]),
      occurred: now,
      event: `prefect.automation.action.${outcome}`,
      payload: {
        ...details,
        ...(result.reason === undefined ? {} : { reason: result.reason }),
        ...result.details,
        ...chain,
      },
      follows: triggeredId,
    },
  ];
}
