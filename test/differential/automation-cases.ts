// Generated histories for one trigger: what happens when, and when the clock looks. The same seed, the same history.
import type { JsonObject } from '../../shared/domain/json.ts';

export type HistoryStep =
  | {
      readonly at: number;
      readonly event: JsonObject & {
        readonly id: string;
        readonly event: string;
        readonly resource: Record<string, string>;
        readonly related: Record<string, string>[];
      };
    }
  | { readonly at: number };
export type HistoryCase = { readonly trigger: JsonObject; readonly steps: readonly HistoryStep[] };

/** Mulberry32: small, and good enough to choose with. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const names = ['run.began', 'run.ended', 'run.failed', 'other'];
const patterns = [
  ['run.began'],
  ['run.ended'],
  ['run.*'],
  ['run.ended', 'run.failed'],
  [],
  ['*'],
  ['r?n.began'],
  ['run.[be]*'],
];
const matches: JsonObject[] = [
  {},
  {},
  {},
  {},
  { 'prefect.resource.id': 'thing.*' },
  { kind: ['a', 'b'] },
  { kind: '!a' },
  { 'prefect.resource.id': 'thing.1' },
  { none: '!x' },
];
const relateds: JsonObject[] = [{}, { 'prefect.resource.role': 'owner' }, { 'prefect.resource.id': 'owner.!1' }];
const keys = [[], [], ['prefect.resource.id'], ['kind', 'related:owner:prefect.resource.id']];

export function historyCase(seed: number): HistoryCase {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => {
    const chosen = list[Math.floor(random() * list.length)];
    if (chosen === undefined) throw new Error('an empty list was picked from');
    return chosen;
  };
  const posture = pick(['Reactive', 'Reactive', 'Proactive']);
  const trigger: JsonObject = {
    type: 'event',
    posture,
    expect: pick(patterns),
    after: random() < 0.4 ? pick([['run.began'], ['run.*']]) : [],
    for_each: pick(keys),
    match: pick(matches),
    match_related: random() < 0.3 ? [pick(relateds), pick(relateds)] : pick(relateds),
    threshold: pick([1, 1, 2, 3]),
    within: posture === 'Proactive' ? pick([10, 30]) : pick([0, 0, 10, 60]),
  };
  let at = 0;
  const steps = Array.from({ length: 40 }, (_, index): HistoryStep => {
    // Times differ, so that their order is never a matter of taste; pauses stay short of what is swept away.
    at += 1 + Math.floor(random() ** 2 * 25_000);
    if (random() < 0.3) return { at };
    const late = random() < 0.1 ? Math.floor(random() * 5_000) : 0;
    const id = `00000000-0000-4000-8000-${String(seed * 100 + index).padStart(12, '0')}`;
    const resource = {
      'prefect.resource.id': pick(['thing.1', 'thing.2', 'stuff.1']),
      ...(random() < 0.6 ? { kind: pick(['a', 'b', 'c']) } : {}),
    };
    const related =
      random() < 0.5 ? [{ 'prefect.resource.id': pick(['owner.1', 'owner.2']), 'prefect.resource.role': 'owner' }] : [];
    return { at: Math.max(0, at - late), event: { id, event: pick(names), resource, related, payload: {} } };
  });
  return { trigger, steps };
}
