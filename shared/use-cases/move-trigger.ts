// One step of a trigger: from the windows that fired, up through the composites around it, to what is written. All of
// it is one transaction under the versions that were read; who loses the race reads and decides again.
import { type Automation, type CompositeTrigger, parentsOf, type Trigger } from '../domain/automation/automation.ts';
import { addFiring, type CompositeState, type Firing, type FiringScene } from '../domain/automation/firing.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { ActHint, ActHints } from '../ports/act-hints.ts';
import type { KnownComposite, NewFiring, TriggerMove, TriggerStates } from '../ports/automations.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';

export type MoveDeps = {
  readonly world: Pick<World, 'now' | 'sha256' | 'sleep'>;
  readonly triggerStates: TriggerStates;
  readonly actHints: ActHints;
  readonly telemetry: Pick<Telemetry, 'automationFired'>;
};

/** A firing is looked after again when nobody has finished it by then. */
export const firingPatienceMs = 90_000;
/** Who sets a deadline nearer than this sends the hint itself; later ones are the clock's. */
const nearMs = 300_000;
/** Larger events stay in the event store; the firing names them. */
const largestEventCharacters = 32_000;

/** A busy trigger has as many rivals as there are Lambdas with its events; each round one of them gets through. */
export const mostRaces = 20;

/** Waits a little longer each time, and never as long as a rival. */
export function pauseMs(race: number, random: string): number {
  const share = Number.parseInt(random.slice(0, 4), 16) / 0xffff;
  return Math.min(500, 20 * 2 ** race) * (0.5 + share);
}

export type Around = { readonly automation: Automation; readonly trigger: Trigger };

/** The composites around a trigger, as they are stored. */
export async function readAround(deps: MoveDeps, { automation, trigger }: Around): Promise<readonly KnownComposite[]> {
  const parents = parentsOf(automation.trigger, trigger.id) ?? [];
  return parents.length === 0 ? [] : deps.triggerStates.readComposites(parents.map(({ id }) => id));
}

export type Climbed = Pick<TriggerMove, 'composites' | 'firings'>;

/** Lets firings rise: a composite takes them in, and fires when it has what it wants. */
export function climb(
  { automation, trigger }: Around,
  known: readonly KnownComposite[],
  {
    firings,
    events,
    scene,
  }: { readonly firings: readonly Firing[]; readonly events: readonly PrefectEvent[]; readonly scene: FiringScene },
): Climbed {
  const parents = parentsOf(automation.trigger, trigger.id) ?? [];
  const states = new Map<string, CompositeState>(known.map(({ triggerId, state }) => [triggerId, state]));
  const risen = firings.flatMap((firing) => rise(parents, states, { firing, scene }) ?? []);
  const composites = known
    .map((before) => ({ before, after: states.get(before.triggerId) ?? [] }))
    .filter(({ before, after }) => after !== before.state);
  return { composites, firings: risen.map((firing) => newFiring(automation, firing, events)) };
}

function rise(
  parents: readonly CompositeTrigger[],
  states: Map<string, CompositeState>,
  { firing, scene }: { readonly firing: Firing; readonly scene: FiringScene },
): Firing | undefined {
  let rising: Firing | undefined = firing;
  for (const parent of parents) {
    const before: CompositeState = states.get(parent.id) ?? [];
    const step = addFiring(parent, before, rising, scene);
    states.set(parent.id, step.state);
    rising = step.fired;
    if (rising === undefined) return undefined;
  }
  return rising;
}

function newFiring(automation: Automation, firing: Firing, events: readonly PrefectEvent[]): NewFiring {
  const event = events.find(({ id }) => id === firing.by?.id);
  const isSmall = event !== undefined && JSON.stringify(event).length <= largestEventCharacters;
  return { firing, automation, ...(isSmall ? { event } : {}) };
}

/** After the write: whoever acts is told at once. */
export async function announce(
  deps: MoveDeps,
  firings: readonly NewFiring[],
  due?: { readonly stateId: string; readonly dueAt: number },
): Promise<void> {
  for (const { firing, automation } of firings) {
    deps.telemetry.automationFired({ automationId: automation.id, firingId: firing.id, triggerId: firing.triggerId });
  }
  const hints = firings.map(({ firing }): ActHint => ({ kind: 'firing', firingId: firing.id }));
  if (hints.length > 0) await deps.actHints.act(hints);
  if (due !== undefined) await hintDue(deps, due);
}

/** Later deadlines are the clock's. */
export async function hintDue(
  { world, actHints }: { readonly world: Pick<World, 'now'>; readonly actHints: ActHints },
  { stateId, dueAt }: { readonly stateId: string; readonly dueAt: number },
): Promise<void> {
  const waitMs = dueAt - world.now();
  if (waitMs > nearMs) return;
  await actHints.act([{ kind: 'trigger', stateId }], { delaySeconds: Math.max(0, waitMs / 1000) });
}
