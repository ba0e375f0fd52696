// What an event trigger makes of one event: whether it is about it, what it opens or counts, and for whom.
// Names are patterns twice over in Prefect: as shell patterns, and as beginnings in which `*` stands for one character
// at least. An event must fit both.
import type { PrefectEvent } from '../event/event.ts';
import type { Sha256 } from '../identity.ts';
import type { EventTrigger } from './automation.ts';
import { type GlobToken, literalTokens, matchesGlob, matchesTokens } from './glob.ts';
import { coversResources, findLabel, matchesPattern } from './resource-match.ts';

export function isInterested(trigger: EventTrigger, event: PrefectEvent): boolean {
  return fitsName(trigger, event.event) && coversResources(trigger, event);
}

function fitsName({ expect, after }: EventTrigger, name: string): boolean {
  if (expect.length === 0) return name.length > 0;
  const patterns = [...expect, ...after];
  return (
    patterns.some((pattern) => matchesGlob(pattern, name)) &&
    patterns.some((pattern) => matchesBeginning(pattern, name))
  );
}

function matchesBeginning(pattern: string, name: string): boolean {
  const star: readonly GlobToken[] = [{ kind: 'any' }, { kind: 'rest' }];
  const parts = pattern.split('*').map(literalTokens);
  const tokens = parts.flatMap((part, at) => (at === 0 ? part : [...star, ...part]));
  return matchesTokens([...tokens, { kind: 'rest' }], name);
}

export function startsAfter({ after }: EventTrigger, name: string): boolean {
  return after.some((pattern) => matchesPattern(pattern, name));
}

export function expects({ expect }: EventTrigger, name: string): boolean {
  return expect.length === 0 || expect.some((pattern) => matchesPattern(pattern, name));
}

/** The values that part the counting, in the order of the sorted labels; a missing one is empty. */
export function bucketingKey({ forEach }: EventTrigger, event: PrefectEvent): readonly string[] {
  return forEach.toSorted().map((label) => findLabel(event, label) ?? '');
}

/** The labels of a bucket with their values: what templates call `labels`. */
export function triggeringLabels({ forEach }: EventTrigger, key: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(forEach.toSorted().map((label, at) => [label, key[at] ?? '']));
}

export function meetsThreshold({ posture, threshold }: EventTrigger, count: number): boolean {
  return posture === 'Reactive' ? count >= threshold : count < threshold;
}

/** Fires at once on each event, whatever the time. */
export function isImmediate({ posture, withinSeconds }: EventTrigger): boolean {
  return posture === 'Reactive' && withinSeconds === 0;
}

/** Whether an event alone decides: nothing is counted and nothing has to be remembered. */
export function isStateless(trigger: EventTrigger): boolean {
  return isImmediate(trigger) && trigger.after.length === 0 && trigger.threshold <= 1;
}

/** The name under which a trigger's counting for one key is kept. */
export function stateIdOf(
  sha256: Sha256,
  { triggerId, key }: { readonly triggerId: string; readonly key: readonly string[] },
): string {
  return `${triggerId}#${sha256(JSON.stringify(key)).slice(0, 32)}`;
}
