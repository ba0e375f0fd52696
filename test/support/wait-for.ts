// Waits until something observed in the outside world is as wanted. A test never sleeps: it waits here, with a
// deadline, and the error says what was seen last.

import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

export type WaitOptions = {
  /** @default 10 */
  readonly deadlineSeconds?: number;
  /** Pause between two looks. @default 20 */
  readonly everyMilliseconds?: number;
};

type Look<Value> = () => Promise<Value> | Value;
type Seen<Found> =
  | { readonly kind: 'found'; readonly value: Found }
  | { readonly kind: 'not-yet'; readonly text: string }
  | { readonly kind: 'silent' };

/**
 * Looks again and again until `look` gives something other than undefined or false, and returns that.
 * A look that throws counts as "not yet"; a look that never answers is given up at the deadline.
 * @param what completes the sentence "waited 10 s for …"
 */
export function waitFor<Found>(
  what: string,
  look: Look<Found | undefined | false>,
  options: WaitOptions = {},
): Promise<Found> {
  return lookUntilFound(what, async () => judge(await look()), options);
}

/**
 * Looks until `isWanted` accepts what `look` gives, for values where undefined and false mean something, or where
 * the error should show the value that was refused last.
 */
export function waitUntil<Value>(
  what: string,
  question: { readonly look: Look<Value>; readonly isWanted: (value: Value) => boolean },
  options: WaitOptions = {},
): Promise<Value> {
  const ask = async (): Promise<Seen<Value>> => {
    const value = await question.look();
    return question.isWanted(value) ? { kind: 'found', value } : { kind: 'not-yet', text: show(value) };
  };
  return lookUntilFound(what, ask, options);
}

async function lookUntilFound<Found>(
  what: string,
  ask: () => Promise<Seen<Found>>,
  options: WaitOptions,
): Promise<Found> {
  const deadlineSeconds = options.deadlineSeconds ?? 10;
  const deadline = performance.now() + deadlineSeconds * 1000;
  let lastSeen = 'nothing, the first look did not answer';
  while (true) {
    const seen = await askBefore(deadline, ask);
    if (seen.kind === 'found') return seen.value;
    if (seen.kind === 'not-yet') lastSeen = seen.text;
    if (seen.kind === 'silent' || performance.now() >= deadline) {
      throw new Error(`waited ${deadlineSeconds} s for ${what}; last seen: ${lastSeen}`);
    }
    await pause(options.everyMilliseconds ?? 20);
  }
}

async function askBefore<Found>(deadline: number, ask: () => Promise<Seen<Found>>): Promise<Seen<Found>> {
  const timer = new AbortController();
  const answer = ask().catch((error: unknown) => ({ kind: 'not-yet', text: show(error) }) as const);
  const silence = pause(Math.max(deadline - performance.now(), 0) + 1, { kind: 'silent' } as const, {
    signal: timer.signal,
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    timer.abort();
    silence.catch(() => undefined);
  }
}

function judge<Found>(value: Found | undefined | false): Seen<Found> {
  if (value === undefined || value === false) return { kind: 'not-yet', text: show(value) };
  return { kind: 'found', value };
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return inspect(value, { depth: 6, breakLength: 120, maxStringLength: 2000 }).slice(0, 2000);
}
