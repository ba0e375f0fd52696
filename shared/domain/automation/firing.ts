// A trigger that fired: what it was, when, by which event, and for which labels. Its id is derived from what made it
// fire, so that the same cause, seen again, is the same firing.
import type { PrefectEvent } from '../event/event.ts';
import { derivedId, type Sha256 } from '../identity.ts';
import type { CompositeTrigger, EventTrigger, Trigger } from './automation.ts';
import type { EventPlace, Fired } from './bucket.ts';
import { triggeringLabels } from './event-trigger.ts';

export const triggerStates = ['Triggered', 'Resolved'] as const;
export type TriggerStateName = (typeof triggerStates)[number];

export type Firing = {
  readonly id: string;
  readonly triggerId: string;
  readonly states: readonly TriggerStateName[];
  /** When it was noticed, epoch milliseconds. */
  readonly triggered: number;
  /** When it happened: the time of the event, or the end of the window. Orders the firings of a sequence. */
  readonly at: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly by?: EventPlace;
  readonly value?: number;
  /** Of the triggers inside a composite one. */
  readonly firings: readonly Firing[];
  /** Automations that led to this one: they are not triggered again by what comes of it. */
  readonly chain: readonly string[];
};

export type FiringScene = { readonly now: number; readonly sha256: Sha256 };

/** A window that fired. Reactive ones are known by their event, proactive ones by their window. */
export function firingOf(
  trigger: EventTrigger,
  key: readonly string[],
  { window, by, scene }: Fired & { readonly scene: FiringScene },
): Firing {
  const isReactive = trigger.posture === 'Reactive' && by !== undefined;
  const cause = isReactive ? ['event', by.id] : ['window', String(window.start), String(window.end)];
  return {
    id: derivedId(scene.sha256, 'firing', [trigger.id, ...key, ...cause]),
    triggerId: trigger.id,
    states: ['Triggered'],
    triggered: scene.now,
    at: isReactive ? by.occurred : window.end,
    labels: triggeringLabels(trigger, key),
    ...(by === undefined ? {} : { by }),
    firings: [],
    chain: by?.chain ?? [],
  };
}

/** The latest firing of each trigger inside a composite one. */
export type CompositeState = readonly Firing[];

/** How many of the triggers inside must have fired. */
export function wantedFirings(trigger: CompositeTrigger): number {
  if (trigger.type === 'sequence' || trigger.require === 'all') return trigger.triggers.length;
  return trigger.require === 'any' ? 1 : trigger.require;
}

export type CompositeStep = { readonly state: CompositeState; readonly fired?: Firing };

/** One more firing inside a composite trigger. A firing that is known already, or older than its successor, changes nothing. */
export function addFiring(
  trigger: CompositeTrigger,
  before: CompositeState,
  firing: Firing,
  scene: FiringScene,
): CompositeStep {
  if (wantedFirings(trigger) === 1) return { state: before, fired: compositeFiring(trigger, [firing], firing, scene) };
  const known = before.find(({ triggerId }) => triggerId === firing.triggerId);
  if (known !== undefined && known.at > firing.at) return { state: before };
  const all = [...before.filter(({ triggerId }) => triggerId !== firing.triggerId), firing];
  const state = withinWindow(trigger, all);
  if (!state.includes(firing) || !isComplete(trigger, state)) return { state };
  return { state: [], fired: compositeFiring(trigger, state, firing, scene) };
}

/** What happened too long before the newest one no longer counts. */
function withinWindow({ withinSeconds, triggers }: CompositeTrigger, firings: CompositeState): CompositeState {
  const inside = new Set(triggers.map(({ id }) => id));
  const ours = firings.filter(({ triggerId }) => inside.has(triggerId));
  if (withinSeconds === null) return ours;
  const newest = Math.max(...ours.map(({ at }) => at));
  return ours.filter(({ at }) => at >= newest - withinSeconds * 1000);
}

/** Firings of the same moment count as if they came in the wanted order. */
function isComplete(trigger: CompositeTrigger, firings: CompositeState): boolean {
  if (trigger.type === 'compound') return firings.length >= wantedFirings(trigger);
  const order = trigger.triggers.map(({ id }) => id);
  const actual = firings.toSorted(
    (one, other) => one.at - other.at || order.indexOf(one.triggerId) - order.indexOf(other.triggerId),
  );
  return actual.length === order.length && actual.every(({ triggerId }, at) => triggerId === order[at]);
}

function compositeFiring(
  trigger: Trigger,
  firings: readonly Firing[],
  last: Firing,
  { now, sha256 }: FiringScene,
): Firing {
  const ids = firings.map(({ id }) => id).toSorted();
  const ordered = firings.toSorted((one, other) => one.at - other.at);
  return {
    id: derivedId(sha256, 'firing', [trigger.id, ...ids]),
    triggerId: trigger.id,
    states: ['Triggered'],
    triggered: now,
    at: Math.max(...firings.map(({ at }) => at)),
    labels: {},
    ...(last.by === undefined ? {} : { by: last.by }),
    firings: ordered,
    chain: [...new Set(firings.flatMap(({ chain }) => chain))],
  };
}

/** A firing and all firings inside it, itself first. */
export function allFirings(firing: Firing): readonly Firing[] {
  return [firing, ...firing.firings.flatMap(allFirings)];
}

/** Prefect's `automation_chain` of our own: in the payload of what automations emit. */
const chainKey = 'automation_chain';
const longestChain = 5;

/** Which automations led to an event. Only events about automations carry it. */
export function chainOf({ event, payload }: PrefectEvent): readonly string[] {
  const chain = event.startsWith('prefect.automation.') ? payload[chainKey] : undefined;
  return Array.isArray(chain) ? chain.filter((id): id is string => typeof id === 'string') : [];
}

export function chainPayload(firing: Firing, automationId: string): { readonly [chainKey]: readonly string[] } {
  return { [chainKey]: [...firing.chain, automationId] };
}

/** No endless loops: what an automation caused, by itself or through others, does not trigger it again. */
export function endsChain(chain: readonly string[], automationId: string): boolean {
  return chain.includes(automationId) || chain.length >= longestChain;
}
