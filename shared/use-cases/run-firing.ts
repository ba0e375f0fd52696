// Does what a firing sets off: tells of it, and performs its actions, each once. Whoever is at an action holds its
// record for a while; what has been performed is only told again. A firing keeps its deadline until nothing is open.
import {
  actionEvents,
  stateChangeEvents,
  type TriggeredAction,
  triggeredActions,
} from '../domain/automation/automation-events.ts';
import type { EventPlace } from '../domain/automation/bucket.ts';
import { allFirings } from '../domain/automation/firing.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { ActHints } from '../ports/act-hints.ts';
import type { ActionRecord, Firings, NewFiring } from '../ports/automations.ts';
import type { EventSink, EventStore } from '../ports/events.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import type { Outcome, Task } from './action-outcome.ts';
import { inParallel } from './in-parallel.ts';

export type FiringDeps = {
  readonly world: Pick<World, 'now' | 'sha256'>;
  readonly firings: Firings;
  readonly eventSink: EventSink;
  readonly eventStore: Pick<EventStore, 'list'>;
  readonly actHints: ActHints;
  readonly telemetry: Pick<Telemetry, 'actionPerformed' | 'actionFailed'>;
  readonly perform: (task: Task) => Promise<Outcome>;
};

/** Longer than any action takes: its own requests give up before. */
const leaseMs = 60_000;
/** What is tried again, and after how long; then it has failed. */
const pausesMs = [2_000, 10_000, 60_000, 300_000];
const atOnce = 10;
/** Behind this deadline the clock looks, should the hint be lost. */
const slackMs = 60_000;
/** An event that is not in the store yet is waited for that long. */
const eventPatienceMs = 60_000;

export async function runFiring(deps: FiringDeps, firingId: string): Promise<void> {
  const found = await deps.firings.read(firingId);
  if (found === undefined) return;
  const events = await readEvents(deps, found);
  if (events === undefined) {
    await deps.actHints.act([{ kind: 'firing', firingId }], { delaySeconds: 5 });
    return;
  }
  const records = await deps.firings.readActions(firingId);
  if (records.size === 0) await tellOfFiring(deps, found, events);
  const actions = triggeredActions(found.automation, found.firing, deps.world.sha256);
  const openUntil: number[] = [];
  await inParallel(actions, atOnce, async (triggered) => {
    const until = await takeAction(deps, { ...found, triggered, events }, records.get(triggered.index));
    if (until !== undefined) openUntil.push(until);
  });
  await settle(deps, firingId, openUntil);
}

/** undefined: one that this firing is about is not in the store yet. */
async function readEvents(
  deps: FiringDeps,
  { firing, event }: NewFiring,
): Promise<ReadonlyMap<string, PrefectEvent> | undefined> {
  const places = new Map(allFirings(firing).flatMap(({ by }) => (by === undefined ? [] : [[by.id, by] as const])));
  if (event !== undefined) places.delete(event.id);
  const read = (await Promise.all([...places.values()].map((place) => readEvent(deps, place)))).flat();
  const known = [...read, ...(event === undefined ? [] : [event])];
  const events = new Map(known.map((each) => [each.id, each]));
  const isMissing = firing.by !== undefined && !events.has(firing.by.id);
  return isMissing && deps.world.now() - firing.triggered < eventPatienceMs ? undefined : events;
}

/** The store knows events by their time. */
async function readEvent({ eventStore }: FiringDeps, { id, occurred }: EventPlace): Promise<readonly PrefectEvent[]> {
  for await (const page of eventStore.list({ since: occurred, until: occurred, order: 'ASC', isConsistent: true })) {
    const found = page.find((event) => event.id === id);
    if (found !== undefined) return [found];
  }
  return [];
}

function eventOf({ firing }: NewFiring, events: ReadonlyMap<string, PrefectEvent>): PrefectEvent | undefined {
  return firing.by === undefined ? undefined : events.get(firing.by.id);
}

async function tellOfFiring(
  deps: FiringDeps,
  found: NewFiring,
  events: ReadonlyMap<string, PrefectEvent>,
): Promise<void> {
  const { automation, firing } = found;
  const scene = { now: deps.world.now(), sha256: deps.world.sha256 };
  await deps.eventSink.send(stateChangeEvents({ automation, firing, by: eventOf(found, events) }, scene));
}

type Work = NewFiring & { readonly triggered: TriggeredAction; readonly events: ReadonlyMap<string, PrefectEvent> };

/** @returns until when it is open, epoch milliseconds; undefined: it is done and told */
async function takeAction(deps: FiringDeps, work: Work, before: ActionRecord | undefined): Promise<number | undefined> {
  const now = deps.world.now();
  if (before?.performed !== undefined) {
    await tellOfAction(deps, work, before.performed);
    return undefined;
  }
  if ((before?.leasedUntil ?? 0) > now) return before?.leasedUntil;
  if ((before?.nextAt ?? 0) > now) return before?.nextAt;
  const { firing, triggered } = work;
  const mine: ActionRecord = {
    ...before,
    version: before?.version ?? 0,
    attempts: (before?.attempts ?? 0) + 1,
    leasedUntil: now + leaseMs,
  };
  const write = await deps.firings.changeAction(firing.id, triggered.index, {
    ...(before === undefined ? {} : { before }),
    after: mine,
  });
  if (write === 'lost') return now + leaseMs;
  return finish(deps, work, { ...mine, version: mine.version + 1 });
}

async function finish(deps: FiringDeps, work: Work, mine: ActionRecord): Promise<number | undefined> {
  const { firing, triggered } = work;
  const outcome = await attempt(deps, work, mine);
  const now = deps.world.now();
  const pause = outcome.kind === 'again' ? pausesMs[mine.attempts - 1] : undefined;
  const { leasedUntil: _lease, nextAt: _next, ...rest } = mine;
  if (outcome.kind === 'again' && pause !== undefined) {
    note(deps, work, { attempt: mine.attempts, result: outcome.result });
    await deps.firings.changeAction(firing.id, triggered.index, {
      before: mine,
      after: { ...rest, nextAt: now + pause, sent: outcome.sent },
    });
    return now + pause;
  }
  const performed = { at: now, result: outcome.result };
  note(deps, work, { attempt: mine.attempts, result: outcome.result });
  await deps.firings.changeAction(firing.id, triggered.index, { before: mine, after: { ...rest, performed } });
  await tellOfAction(deps, work, performed);
  return undefined;
}

async function attempt(deps: FiringDeps, work: Work, { sent = [] }: ActionRecord): Promise<Outcome> {
  const { automation, firing, triggered, events } = work;
  const task: Task = {
    automation,
    firing,
    triggered,
    action: triggered.action,
    event: actionEvent(deps, work),
    events,
    sent,
  };
  try {
    return await deps.perform(task);
  } catch (error) {
    // A store that is busy, a run that changes too fast: the queue brings it again.
    const reason = error instanceof Error ? error.name : 'an unknown error';
    return {
      kind: 'again',
      result: { isSuccess: false, reason: `the action could not be performed: ${reason}`, details: {}, resources: [] },
      sent,
    };
  }
}

/** Actions of a state are told of the state change itself. */
function actionEvent(deps: FiringDeps, work: Work): PrefectEvent | undefined {
  const { automation, firing, triggered, events } = work;
  const by = eventOf(work, events);
  if (triggered.by === 'event') return by;
  const scene = { now: deps.world.now(), sha256: deps.world.sha256 };
  const changes = stateChangeEvents({ automation, firing, by }, scene);
  return changes.find(({ id }) => id === triggered.stateChangeId);
}

async function tellOfAction(
  deps: FiringDeps,
  work: Work,
  performed: NonNullable<ActionRecord['performed']>,
): Promise<void> {
  const { automation, firing, triggered } = work;
  const by = actionEvent(deps, work);
  const scene = { now: performed.at, sha256: deps.world.sha256 };
  await deps.eventSink.send(actionEvents({ automation, firing, triggered, by, result: performed.result }, scene));
}

function note(
  deps: FiringDeps,
  { automation, firing, triggered }: Work,
  { attempt: number, result }: { readonly attempt: number; readonly result: Outcome['result'] },
): void {
  const fields = {
    automationId: automation.id,
    firingId: firing.id,
    index: triggered.index,
    type: triggered.action.type,
    attempt: number,
  };
  if (result.isSuccess) deps.telemetry.actionPerformed(fields);
  else deps.telemetry.actionFailed(fields, result.reason ?? 'no reason');
}

async function settle(deps: FiringDeps, firingId: string, openUntil: readonly number[]): Promise<void> {
  if (openUntil.length === 0) {
    await deps.firings.finish(firingId);
    return;
  }
  const next = Math.min(...openUntil);
  await deps.firings.postpone(firingId, next + slackMs);
  const delaySeconds = Math.max(1, (next - deps.world.now()) / 1000);
  await deps.actHints.act([{ kind: 'firing', firingId }], { delaySeconds });
}
