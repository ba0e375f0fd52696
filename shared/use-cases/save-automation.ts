// Saves automations and tells of it. What its triggers begin with is written together with the automation, so that a
// trigger that waits for nothing to happen has its deadline from the moment it is switched on.
import { type Automation, allTriggers, withNewIds } from '../domain/automation/automation.ts';
import { lifecycleEvent } from '../domain/automation/automation-events.ts';
import { firstWindow } from '../domain/automation/bucket.ts';
import { stateIdOf } from '../domain/automation/event-trigger.ts';
import { metricStepMs } from '../domain/automation/metric.ts';
import { timedId } from '../domain/identity.ts';
import type { ActHints } from '../ports/act-hints.ts';
import type { Automations, FirstState } from '../ports/automations.ts';
import type { EventSink } from '../ports/events.ts';
import type { Write } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { hintDue } from './move-trigger.ts';

export type SaveDeps = {
  readonly world: Pick<World, 'now' | 'newId' | 'sha256'>;
  readonly automations: Automations;
  readonly eventSink: EventSink;
  readonly actHints: ActHints;
  readonly telemetry: Pick<Telemetry, 'hintsLost'>;
};

/** What a caller decides about an automation. */
export type WantedAutomation = Omit<Automation, 'id' | 'version' | 'created' | 'updated' | 'ownerResource'>;

async function createAutomation(deps: SaveDeps, wanted: WantedAutomation, ownerResource?: string): Promise<Automation> {
  const now = deps.world.now();
  for (let race = 0; race < maximumRaces; race += 1) {
    const automation: Automation = {
      ...wanted,
      id: deps.world.newId(),
      version: 1,
      created: now,
      updated: now,
      trigger: withNewIds(wanted.trigger, deps.world.newId),
      ...(ownerResource === undefined ? {} : { ownerResource }),
    };
    const first = firstStates(automation, now);
    if ((await deps.automations.create(automation, first)) === 'lost') continue;
    await hintFirst(deps, first);
    await tell(deps, automation, 'created');
    return automation;
  }
  throw new ContentionError('the list of automations');
}

/** @returns undefined when there is no such automation */
function replaceAutomation(deps: SaveDeps, id: string, wanted: WantedAutomation): Promise<Automation | undefined> {
  return changeAutomation(deps, id, (before) => ({
    ...before,
    ...wanted,
    // What the old triggers remember is about other triggers now.
    trigger: withNewIds(wanted.trigger, deps.world.newId),
  }));
}

/** @returns undefined when there is no such automation */
function switchAutomation(deps: SaveDeps, id: string, enabled: boolean): Promise<Automation | undefined> {
  return changeAutomation(deps, id, (before) => ({ ...before, enabled }));
}

async function changeAutomation(
  deps: SaveDeps,
  id: string,
  change: (before: Automation) => Automation,
): Promise<Automation | undefined> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const before = await deps.automations.read(id);
    if (before === undefined) return undefined;
    const now = deps.world.now();
    const after = { ...change(before), updated: now };
    const isFresh = after.trigger.id !== before.trigger.id || !before.enabled;
    const first = isFresh ? firstStates(after, now) : [];
    if ((await deps.automations.change(before, after, first)) === 'lost') continue;
    await hintFirst(deps, first);
    await tell(deps, after, 'updated');
    return after;
  }
  throw new ContentionError(`automation ${id}`);
}

/** @returns false when there is no such automation */
async function removeAutomation(deps: SaveDeps, id: string): Promise<boolean> {
  const removed = await removing(deps, id);
  if (removed === undefined) return false;
  await tell(deps, removed, 'deleted');
  return true;
}

/** As in Prefect, nobody is told of automations that go with their owner. */
async function removeAutomationsOwnedBy(deps: SaveDeps, ownerResource: string): Promise<void> {
  const owned = (await deps.automations.list()).filter((automation) => automation.ownerResource === ownerResource);
  for (const { id } of owned) await removing(deps, id);
}

async function removing({ automations }: SaveDeps, id: string): Promise<Automation | undefined> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const before = await automations.read(id);
    if (before === undefined) return undefined;
    const write: Write = await automations.remove(before);
    if (write === 'written') return before;
  }
  throw new ContentionError(`automation ${id}`);
}

function firstStates(automation: Automation, now: number): FirstState[] {
  if (!automation.enabled) return [];
  return allTriggers(automation.trigger).flatMap((trigger): FirstState[] => {
    if (trigger.type === 'metric') {
      return [{ kind: 'metric', triggerId: trigger.id, state: { is: 'Resolved', nextAt: now + metricStepMs } }];
    }
    const bucket = trigger.type === 'event' ? firstWindow(trigger, now) : undefined;
    if (bucket === undefined) return [];
    return [{ kind: 'bucket', triggerId: trigger.id, state: { bucket, early: [] }, dueAt: bucket.end }];
  });
}

async function hintFirst(deps: SaveDeps, first: readonly FirstState[]): Promise<void> {
  for (const state of first) {
    const due =
      state.kind === 'metric'
        ? { stateId: state.triggerId, dueAt: state.state.nextAt }
        : { stateId: stateIdOf(deps.world.sha256, { triggerId: state.triggerId, key: [] }), dueAt: state.dueAt };
    await hintDue(deps, due);
  }
}

/** The automation is saved, whether it can be told or not. */
async function tell(deps: SaveDeps, automation: Automation, action: 'created' | 'updated' | 'deleted'): Promise<void> {
  const now = deps.world.now();
  try {
    await deps.eventSink.send([lifecycleEvent(automation, action, { id: timedId(now, deps.world.newId()), now })]);
  } catch (error) {
    deps.telemetry.hintsLost('events', 1, error);
  }
}

export type AutomationCalls = {
  readonly create: (wanted: WantedAutomation, ownerResource?: string) => Promise<Automation>;
  /** undefined: no such automation. */
  readonly replace: (id: string, wanted: WantedAutomation) => Promise<Automation | undefined>;
  readonly switch: (id: string, enabled: boolean) => Promise<Automation | undefined>;
  readonly remove: (id: string) => Promise<boolean>;
  readonly removeOwnedBy: (ownerResource: string) => Promise<void>;
};

export function bindAutomations(deps: SaveDeps): AutomationCalls {
  return {
    create: (wanted, ownerResource) => createAutomation(deps, wanted, ownerResource),
    replace: (id, wanted) => replaceAutomation(deps, id, wanted),
    switch: (id, enabled) => switchAutomation(deps, id, enabled),
    remove: (id) => removeAutomation(deps, id),
    removeOwnedBy: (ownerResource) => removeAutomationsOwnedBy(deps, ownerResource),
  };
}
