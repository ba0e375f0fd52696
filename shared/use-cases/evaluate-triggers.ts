// What automations make of events: each event trigger counts those it is about, and fires.
// Safe when events come twice (a trigger remembers which it has taken into account) and out of order (what was
// expected too early is kept until its window opens).
import {
  type Automation,
  allTriggers,
  type EventTrigger,
  type MetricTrigger,
  parentsOf,
} from '../domain/automation/automation.ts';
import { dueAt, forgottenAt, nothingKnown, react, type TriggerState } from '../domain/automation/bucket.ts';
import { bucketingKey, isInterested, isStateless, stateIdOf } from '../domain/automation/event-trigger.ts';
import { chainOf, endsChain, type Firing, firingOf, wantedFirings } from '../domain/automation/firing.ts';
import { bringsFigure } from '../domain/automation/metric.ts';
import { coversResources } from '../domain/automation/resource-match.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { KnownAutomations } from '../ports/automations.ts';
import { ContentionError } from './change-run.ts';
import { announce, climb, firingPatienceMs, type MoveDeps, mostRaces, pauseMs, readAround } from './move-trigger.ts';
import { type SampleDeps, takeSamples } from './take-samples.ts';

export type EvaluateDeps = MoveDeps & SampleDeps & { readonly knownAutomations: KnownAutomations };

/** What never triggers anything: there would be one for each line that a run logs. */
const passedOver: readonly string[] = ['prefect.log.write'];
/** A transaction takes 100 items: a window, composites, firings, and a mark for each event. */
const eventsPerMove = 40;

/** @throws ContentionError when others change a trigger faster than this can: the events come again */
export async function evaluateTriggers(deps: EvaluateDeps, events: readonly PrefectEvent[]): Promise<void> {
  const taken = events.filter(({ event }) => !passedOver.includes(event)).toSorted(byTime);
  if (taken.length === 0) return;
  const automations = await deps.knownAutomations.current();
  const work: Promise<void>[] = [];
  for (const automation of automations.filter(({ enabled }) => enabled)) {
    const ours = taken.filter((event) => !endsChain(chainOf(event), automation.id));
    for (const trigger of allTriggers(automation.trigger)) {
      if (trigger.type === 'event') work.push(...takeEvents(deps, { automation, trigger }, ours));
      if (trigger.type === 'metric') work.push(takeFigures(deps, { automation, trigger }, ours));
    }
  }
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** As they happened; of two of the same moment the one that the other follows goes first. */
function byTime(one: PrefectEvent, other: PrefectEvent): number {
  if (one.follows === other.id) return 1;
  return other.follows === one.id ? -1 : one.occurred - other.occurred;
}

type Counting = { readonly automation: Automation; readonly trigger: EventTrigger };

function takeEvents(deps: EvaluateDeps, counting: Counting, events: readonly PrefectEvent[]): Promise<void>[] {
  const { automation, trigger } = counting;
  const interesting = events.filter((event) => isInterested(trigger, event));
  if (interesting.length === 0) return [];
  const parents = parentsOf(automation.trigger, trigger.id) ?? [];
  const isPlain = isStateless(trigger) && parents.every((parent) => wantedFirings(parent) === 1);
  if (isPlain) return interesting.map((event) => fireAtOnce(deps, counting, event));
  const groups = Map.groupBy(interesting, (event) => JSON.stringify(bucketingKey(trigger, event)));
  return [...groups.values()].map((group) => takeGroup(deps, counting, group));
}

/** Nothing is counted: the event itself is the firing's name, so that it fires once. */
async function fireAtOnce(deps: EvaluateDeps, { automation, trigger }: Counting, event: PrefectEvent): Promise<void> {
  const now = deps.world.now();
  const { fired } = react(trigger, nothingKnown, occurrenceOf(event), now);
  const firings = firingsOf(deps, { trigger, key: bucketingKey(trigger, event) }, fired);
  const risen = climb({ automation, trigger }, compositesOf(automation, trigger), {
    firings,
    events: [event],
    scene: { now, sha256: deps.world.sha256 },
  });
  for (const firing of risen.firings) {
    const write = await deps.triggerStates.fire(firing, now + firingPatienceMs);
    if (write === 'written') await announce(deps, [firing]);
  }
}

/** Composites that fire with each firing remember nothing. */
function compositesOf(automation: Automation, trigger: EventTrigger) {
  return (parentsOf(automation.trigger, trigger.id) ?? []).map(({ id }) => ({ triggerId: id, version: 0, state: [] }));
}

function occurrenceOf(event: PrefectEvent) {
  const chain = chainOf(event);
  return { id: event.id, occurred: event.occurred, name: event.event, ...(chain.length === 0 ? {} : { chain }) };
}

type Fired = ReturnType<typeof react>['fired'];

function firingsOf(
  deps: EvaluateDeps,
  { trigger, key }: { readonly trigger: EventTrigger; readonly key: readonly string[] },
  fired: Fired,
): Firing[] {
  const scene = { now: deps.world.now(), sha256: deps.world.sha256 };
  return fired.map((each) => firingOf(trigger, key, { ...each, scene }));
}

/** The events of one key, oldest first. */
async function takeGroup(deps: EvaluateDeps, counting: Counting, group: readonly PrefectEvent[]): Promise<void> {
  for (let at = 0; at < group.length; at += eventsPerMove) {
    await takeTogether(deps, counting, group.slice(at, at + eventsPerMove));
  }
}

async function takeTogether(deps: EvaluateDeps, counting: Counting, group: readonly PrefectEvent[]): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  for (let race = 0; race < mostRaces; race += 1) {
    if ((await tryOnce(deps, counting, group)) === 'written') return;
    await deps.world.sleep(pauseMs(race, deps.world.sha256(`${first.id} ${race} ${deps.world.now()}`)));
  }
  throw new ContentionError(`trigger ${counting.trigger.id}`);
}

async function tryOnce(
  deps: EvaluateDeps,
  { automation, trigger }: Counting,
  group: readonly PrefectEvent[],
): Promise<'written' | 'lost'> {
  const [first] = group;
  if (first === undefined) return 'written';
  const key = bucketingKey(trigger, first);
  const [unseen, before, known] = await Promise.all([
    deps.triggerStates.unseen(
      trigger.id,
      group.map(({ id }) => id),
    ),
    deps.triggerStates.readBucket({ automationId: automation.id, triggerId: trigger.id, key }),
    readAround(deps, { automation, trigger }),
  ]);
  const events = group.filter(({ id }) => unseen.includes(id));
  const now = deps.world.now();
  const folded = fold(trigger, before.state, { events, now });
  const isSame = folded.state === before.state && folded.fired.length === 0;
  if (events.length === 0 || isSame) return 'written';
  const firings = firingsOf(deps, { trigger, key }, folded.fired);
  const climbed = climb({ automation, trigger }, known, { firings, events, scene: { now, sha256: deps.world.sha256 } });
  const due = dueAt(trigger, folded.state);
  const write = await deps.triggerStates.commit({
    bucket: {
      before,
      after: folded.state,
      forgottenAt: forgottenAt(folded.state),
      ...(due === undefined ? {} : { dueAt: due }),
    },
    ...climbed,
    seen: { triggerId: trigger.id, eventIds: events.map(({ id }) => id) },
    firingsDueAt: now + firingPatienceMs,
  });
  if (write === 'lost') return 'lost';
  const isNewDue = due !== undefined && due !== dueAt(trigger, before.state);
  await announce(
    deps,
    climbed.firings,
    isNewDue ? { stateId: stateIdOf(deps.world.sha256, before), dueAt: due } : undefined,
  );
  return 'written';
}

function fold(
  trigger: EventTrigger,
  before: TriggerState,
  { events, now }: { readonly events: readonly PrefectEvent[]; readonly now: number },
) {
  let state = before;
  const fired: Fired[number][] = [];
  for (const event of events) {
    const step = react(trigger, state, occurrenceOf(event), now);
    state = isUnchanged(state, step.state) ? state : step.state;
    fired.push(...step.fired);
  }
  return { state, fired };
}

function isUnchanged(before: TriggerState, after: TriggerState): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

async function takeFigures(
  deps: EvaluateDeps,
  { automation, trigger }: { readonly automation: Automation; readonly trigger: MetricTrigger },
  events: readonly PrefectEvent[],
): Promise<void> {
  const ours = events.filter((event) => bringsFigure(trigger, event.event) && coversResources(trigger, event));
  if (ours.length > 0) await takeSamples(deps, { automation, trigger }, ours);
}
