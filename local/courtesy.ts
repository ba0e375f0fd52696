// On AWS each Lambda has machines of its own; here all share one. What a caller waits for goes first: the sources of
// the others hold back while it is under way and for a blink after it, but never for long, so that nothing starves.

import type { Lambda } from './lambda.ts';

/** Nothing urgent for this long, in milliseconds, is a quiet moment: between a run's recording and its launch is none. */
const quietMs = 20;
/** The longest that a source holds back, in milliseconds. */
const patienceMs = 400;
/** Two sources that lost their patience go this far apart, in milliseconds: ten messages each time. */
const spacingMs = 200;

/** What the threads share: how many urgent invocations are under way, and when the last one ended. */
export type UrgentWork = SharedArrayBuffer;

export const noUrgentWork = (): UrgentWork => new SharedArrayBuffer(16);

const countOf = (shared: UrgentWork) => new Int32Array(shared, 0, 1);
const lastEndOf = (shared: UrgentWork) => new Float64Array(shared, 8, 1);
/** The same in all threads, unlike `performance.now()`. */
const now = () => performance.timeOrigin + performance.now();

/** The Lambda, with its invocations counted as urgent. */
export function urgent(lambda: Lambda, shared: UrgentWork): Lambda {
  const count = countOf(shared);
  const lastEnd = lastEndOf(shared);
  return {
    name: lambda.name,
    invoke: async (event) => {
      Atomics.add(count, 0, 1);
      try {
        return await lambda.invoke(event);
      } finally {
        Atomics.sub(count, 0, 1);
        lastEnd[0] = now();
      }
    },
  };
}

/** Milliseconds until a quiet moment, as it looks now; 0 or less in one. */
export function createQuietIn(shared: UrgentWork): () => number {
  const count = countOf(shared);
  const lastEnd = lastEndOf(shared);
  return () => (Atomics.load(count, 0) > 0 ? quietMs : (lastEnd[0] ?? 0) + quietMs - now());
}

/** Resolves in a quiet moment, or when patience is over. */
export function createTurn(shared: UrgentWork): () => Promise<void> {
  const quietIn = createQuietIn(shared);
  let lastImpatient = 0;
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const impatientAt = now() + patienceMs;
    const look = () => {
      const quiet = quietIn();
      if (quiet <= 0) return resolve();
      const impatient = Math.max(impatientAt, lastImpatient + spacingMs) - now();
      if (impatient <= 0) {
        lastImpatient = now();
        return resolve();
      }
      setTimeout(look, Math.min(quiet, impatient));
    };
    look();
    return promise;
  };
}
