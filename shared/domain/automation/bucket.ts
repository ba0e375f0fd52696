// The counting of an event trigger, in Prefect's way: one window (bucket) at a time for each key. An event falls into
// the open window, opens the next one, or comes too late for any; what a step leaves is a value, never a change.
import type { EventTrigger } from './automation.ts';
import { expects, isImmediate, meetsThreshold, startsAfter } from './event-trigger.ts';

/** Where an event stands in the event store, and which automations led to it. */
export type EventPlace = { readonly id: string; readonly occurred: number; readonly chain?: readonly string[] };

export type Bucket = {
  /** Epoch milliseconds; the end is outside. */
  readonly start: number;
  readonly end: number;
  /** -1: the event that opens the window is also one of those expected, and does not count itself. */
  readonly count: number;
  readonly last?: EventPlace;
};

/** What is known about one key of one trigger. `early`: counted events that came before the one that opens a window. */
export type TriggerState = { readonly bucket?: Bucket; readonly early: readonly EventPlace[] };

export const nothingKnown: TriggerState = { early: [] };

/** `by`: the event that completed the window, or the last one in it. */
export type Fired = { readonly window: Bucket; readonly by?: EventPlace };

export type Step = { readonly state: TriggerState; readonly fired: readonly Fired[] };

/** A new window without an opening event reaches back this far, for events that are on their way (Prefect's lookback). */
const lookBackMs = 15 * 60_000;
/** How long a window that is over is still known (Prefect's expired bucket buffer). */
const expiredBufferMs = 60_000;
const mostEarly = 32;

type Occurrence = EventPlace & { readonly name: string };

/**
 * One event that the trigger is interested in.
 * @param now epoch milliseconds: what is long over by then is forgotten
 */
export function react(trigger: EventTrigger, before: TriggerState, occurrence: Occurrence, now: number): Step {
  const known = forget(trigger, before, now);
  const { name, ...event } = occurrence;
  const { occurred } = event;
  const doesExpect = expects(trigger, name);
  const doesStart = startsAfter(trigger, name);
  const open = doesStart
    ? ensure(known.bucket, { ...windowFrom(trigger, occurred), count: doesExpect ? -1 : 0, last: event })
    : trigger.after.length === 0 && doesExpect
      ? ensure(known.bucket, {
          start: occurred - lookBackMs,
          end: windowFrom(trigger, occurred).end,
          count: 0,
          last: event,
        })
      : known.bucket;
  if (open === undefined) return { state: doesExpect ? withEarly(trigger, known, event) : known, fired: [] };
  const counted = doesExpect
    ? evaluate(trigger, open, { now: occurred, event, doesStart })
    : { bucket: open, fired: [] };
  const isNew = known.bucket === undefined && doesStart;
  return isNew
    ? replayEarly(trigger, known.early, counted)
    : { ...stateOf(counted.bucket, known.early), fired: counted.fired };
}

/**
 * A proactive trigger whose window has come to its end.
 * A key that got what was expected is forgotten, as Prefect does; without keys the next window opens.
 */
export function expire(trigger: EventTrigger, { bucket, early }: TriggerState, asOf: number): Step {
  if (bucket === undefined) return { state: { early }, fired: [] };
  const isSatisfied = bucket.end <= asOf && !meetsThreshold(trigger, bucket.count);
  if (isSatisfied && trigger.forEach.length > 0) return { ...stateOf(undefined, early), fired: [] };
  const { bucket: after, fired } = evaluate(trigger, bucket, { now: asOf });
  return { ...stateOf(after, early), fired };
}

/** When the clock must look at it, epoch milliseconds. */
export function dueAt(trigger: EventTrigger, { bucket }: TriggerState): number | undefined {
  if (trigger.posture !== 'Proactive' || bucket === undefined) return undefined;
  const mayFire = meetsThreshold(trigger, bucket.count) || trigger.after.length === 0;
  return mayFire ? bucket.end : undefined;
}

/** The window that a proactive trigger without keys begins with, before any event. */
export function firstWindow(trigger: EventTrigger, now: number): Bucket | undefined {
  if (trigger.posture !== 'Proactive' || trigger.forEach.length > 0 || trigger.after.length > 0) return undefined;
  return { ...windowFrom(trigger, now), count: 0 };
}

/** When nobody needs the state any more, epoch milliseconds. */
export function forgottenAt({ bucket, early }: TriggerState): number {
  const newest = Math.max(bucket?.end ?? 0, ...early.map(({ occurred }) => occurred + lookBackMs));
  return newest + expiredBufferMs;
}

function windowFrom({ withinSeconds }: EventTrigger, start: number): { readonly start: number; readonly end: number } {
  return { start, end: start + withinSeconds * 1000 };
}

/** An open window stays as it is, but for its last event. */
function ensure(bucket: Bucket | undefined, wanted: Bucket & { readonly last: EventPlace }): Bucket {
  return bucket === undefined ? wanted : { ...bucket, last: wanted.last };
}

function forget(trigger: EventTrigger, { bucket, early }: TriggerState, now: number): TriggerState {
  if (bucket === undefined) return { early };
  const isOver = bucket.end + expiredBufferMs <= now;
  const isDone =
    trigger.posture === 'Proactive' &&
    trigger.after.length > 0 &&
    bucket.end <= now &&
    !meetsThreshold(trigger, bucket.count);
  return isOver || isDone ? { early } : { bucket, early };
}

function stateOf(bucket: Bucket | undefined, early: readonly EventPlace[]): { readonly state: TriggerState } {
  return { state: bucket === undefined ? { early } : { bucket, early } };
}

/** Messages overtake each other: what was expected may come before what opens its window. Kept as long as Prefect waits. */
function withEarly(trigger: EventTrigger, known: TriggerState, event: EventPlace): TriggerState {
  if (trigger.expect.length === 0) return known;
  const newest = Math.max(event.occurred, ...known.early.map(({ occurred }) => occurred));
  const early = [...known.early, event]
    .filter(({ occurred }) => occurred > newest - lookBackMs)
    .toSorted((one, other) => one.occurred - other.occurred)
    .slice(-mostEarly);
  return { ...known, early };
}

function replayEarly(trigger: EventTrigger, early: readonly EventPlace[], opened: Evaluated): Step {
  const fired = [...opened.fired];
  let { bucket } = opened;
  for (const event of early) {
    if (bucket === undefined || event.occurred <= bucket.start) continue;
    const next = evaluate(trigger, bucket, { now: event.occurred, event, doesStart: false });
    fired.push(...next.fired);
    bucket = next.bucket;
  }
  return { ...stateOf(bucket, []), fired };
}

type Moment = { readonly now: number; readonly event?: EventPlace; readonly doesStart?: boolean };
type Evaluated = { readonly bucket: Bucket | undefined; readonly fired: readonly Fired[] };

function evaluate(trigger: EventTrigger, bucket: Bucket, moment: Moment): Evaluated {
  const { now, event } = moment;
  if (now < bucket.start) return { bucket, fired: [] };
  const isInside = isImmediate(trigger) || now < bucket.end;
  const current = event !== undefined && isInside ? { ...bucket, count: bucket.count + 1, last: event } : bucket;
  const isUnspent = event !== undefined && !isInside;
  const isReady = trigger.posture === 'Reactive' || current.end <= now;
  if (isReady && meetsThreshold(trigger, current.count)) {
    const by = event ?? current.last;
    const fired: Fired = { window: current, ...(by === undefined ? {} : { by }) };
    const next = following(trigger, current, { moment, isUnspent, hasFired: true });
    return { bucket: next.bucket, fired: [fired, ...next.fired] };
  }
  if (now < current.end) return { bucket: restarted(trigger, current, moment), fired: [] };
  return following(trigger, current, { moment, isUnspent, hasFired: false });
}

/** An event that is both opening and expected keeps pushing the window of a proactive trigger forward. */
function restarted(trigger: EventTrigger, bucket: Bucket, { now, event, doesStart }: Moment): Bucket {
  const isPushed =
    event !== undefined &&
    doesStart === true &&
    trigger.posture === 'Proactive' &&
    !meetsThreshold(trigger, bucket.count);
  return isPushed ? { ...windowFrom(trigger, now), count: 0, last: event } : bucket;
}

type Left = { readonly moment: Moment; readonly isUnspent: boolean; readonly hasFired: boolean };

/** The window after one that fired or is over. An event that lies behind it is counted in the next one. */
function following(trigger: EventTrigger, bucket: Bucket, { moment, isUnspent, hasFired }: Left): Evaluated {
  if (trigger.after.length > 0) return { bucket: undefined, fired: [] };
  if (trigger.withinSeconds === 0) return { bucket: hasFired ? undefined : bucket, fired: [] };
  const window = windowFrom(trigger, Math.max(bucket.end, moment.now));
  if (trigger.posture === 'Reactive' && isUnspent) return evaluate(trigger, { ...window, count: 0 }, moment);
  return { bucket: { ...window, count: isUnspent ? 1 : 0 }, fired: [] };
}
