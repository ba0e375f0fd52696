// What the clock finds due among triggers: a window that ends without what was expected, or a figure to be judged.
// Idempotent: the state is read first, and what is not due any more is left alone.
import {
  type Automation,
  allTriggers,
  type EventTrigger,
  type MetricTrigger,
} from '../domain/automation/automation.ts';
import { dueAt, expire, forgottenAt } from '../domain/automation/bucket.ts';
import { stateIdOf } from '../domain/automation/event-trigger.ts';
import { type Firing, type FiringScene, firingOf, type TriggerStateName } from '../domain/automation/firing.ts';
import { figureAt, judgeMetric, minuteOf } from '../domain/automation/metric.ts';
import { derivedId } from '../domain/identity.ts';
import type { Automations, KnownBucket, KnownMetric } from '../ports/automations.ts';
import { ContentionError } from './change-run.ts';
import { announce, climb, firingPatienceMs, type MoveDeps, mostRaces, pauseMs, readAround } from './move-trigger.ts';

export type ProactiveDeps = MoveDeps & { readonly automations: Pick<Automations, 'read'> };

/** A hint that is early by less waits; by more, it is sent again. */
const shortWaitMs = 2_000;
/** Who is called later than this judges the window by the clock on the wall: events of the time between were lost on it. */
const punctualMs = 60_000;

/** @throws ContentionError */
export async function fireProactive(deps: ProactiveDeps, stateId: string): Promise<void> {
  for (let race = 0; race < mostRaces; race += 1) {
    const found = await deps.triggerStates.readDue(stateId);
    if (found === undefined) return;
    const write =
      'bucket' in found ? await visitBucket(deps, stateId, found.bucket) : await visitMetric(deps, found.metric);
    if (write === 'written') return;
    await deps.world.sleep(pauseMs(race, deps.world.sha256(`${stateId} ${race} ${deps.world.now()}`)));
  }
  throw new ContentionError(`trigger state ${stateId}`);
}

async function findTrigger<Type extends 'event' | 'metric'>(
  deps: ProactiveDeps,
  { automationId, triggerId }: { readonly automationId: string; readonly triggerId: string },
  type: Type,
): Promise<
  | { readonly automation: Automation; readonly trigger: Extract<EventTrigger | MetricTrigger, { type: Type }> }
  | undefined
> {
  const automation = await deps.automations.read(automationId);
  if (automation === undefined || !automation.enabled) return undefined;
  const isWanted = (
    trigger: ReturnType<typeof allTriggers>[number],
  ): trigger is Extract<EventTrigger | MetricTrigger, { type: Type }> =>
    trigger.id === triggerId && trigger.type === type;
  const trigger = allTriggers(automation.trigger).find(isWanted);
  return trigger === undefined ? undefined : { automation, trigger };
}

async function visitBucket(deps: ProactiveDeps, stateId: string, before: KnownBucket): Promise<'written' | 'lost'> {
  const found = await findTrigger(deps, before, 'event');
  const now = deps.world.now();
  const shared = { composites: [], firings: [], firingsDueAt: now + firingPatienceMs };
  // The automation is gone, off, or has other triggers now.
  if (found === undefined)
    return deps.triggerStates.commit({ bucket: { before, after: { early: [] }, forgottenAt: now }, ...shared });
  const { trigger } = found;
  const due = dueAt(trigger, before.state);
  if (due === undefined) {
    return deps.triggerStates.commit({
      bucket: { before, after: before.state, forgottenAt: forgottenAt(before.state) },
      ...shared,
    });
  }
  if (due > now + shortWaitMs) {
    await deps.actHints.act([{ kind: 'trigger', stateId }], { delaySeconds: (due - now) / 1000 });
    return 'written';
  }
  if (due > now) await deps.world.sleep(due - now);
  return closeWindow(deps, found, { before, due });
}

async function closeWindow(
  deps: ProactiveDeps,
  { automation, trigger }: { readonly automation: Automation; readonly trigger: EventTrigger },
  { before, due }: { readonly before: KnownBucket; readonly due: number },
): Promise<'written' | 'lost'> {
  const now = deps.world.now();
  const known = await readAround(deps, { automation, trigger });
  const { state, fired } = expire(trigger, before.state, now - due < punctualMs ? due : now);
  const scene: FiringScene = { now, sha256: deps.world.sha256 };
  const firings = fired.map((each) => firingOf(trigger, before.key, { ...each, scene }));
  const climbed = climb({ automation, trigger }, known, { firings, events: [], scene });
  const next = dueAt(trigger, state);
  const write = await deps.triggerStates.commit({
    bucket: { before, after: state, forgottenAt: forgottenAt(state), ...(next === undefined ? {} : { dueAt: next }) },
    ...climbed,
    firingsDueAt: now + firingPatienceMs,
  });
  if (write === 'lost') return 'lost';
  const stateId = stateIdOf(deps.world.sha256, before);
  await announce(deps, climbed.firings, next === undefined ? undefined : { stateId, dueAt: next });
  return 'written';
}

async function visitMetric(deps: ProactiveDeps, before: KnownMetric): Promise<'written' | 'lost'> {
  const now = deps.world.now();
  const found = await findTrigger(deps, before, 'metric');
  const shared = { composites: [], firings: [], firingsDueAt: now + firingPatienceMs };
  if (found === undefined) return deps.triggerStates.commit({ metric: { before, after: undefined }, ...shared });
  if (before.state.nextAt > now + shortWaitMs) return 'written';
  const { automation, trigger } = found;
  const [slots, known] = await Promise.all([
    deps.triggerStates.readSlots(trigger.id, minuteOf(now - trigger.metric.rangeSeconds * 1000)),
    readAround(deps, { automation, trigger }),
  ]);
  const figure = figureAt(trigger, slots, now);
  const { state, fires } = judgeMetric(trigger, before.state, { figure, now });
  const scene: FiringScene = { now, sha256: deps.world.sha256 };
  const firings = fires === undefined ? [] : [metricFiring(trigger, { is: fires, figure, scene })];
  const climbed = climb({ automation, trigger }, known, { firings, events: [], scene });
  const write = await deps.triggerStates.commit({ ...shared, metric: { before, after: state }, ...climbed });
  if (write === 'written') await announce(deps, climbed.firings);
  return write;
}

function metricFiring(
  trigger: MetricTrigger,
  {
    is,
    figure,
    scene,
  }: { readonly is: TriggerStateName; readonly figure: number | undefined; readonly scene: FiringScene },
): Firing {
  return {
    id: derivedId(scene.sha256, 'firing', [trigger.id, is, String(minuteOf(scene.now))]),
    triggerId: trigger.id,
    states: [is],
    triggered: scene.now,
    at: scene.now,
    labels: {},
    ...(figure === undefined ? {} : { value: figure }),
    firings: [],
    chain: [],
  };
}
