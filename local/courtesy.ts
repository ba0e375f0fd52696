// On AWS each Lambda has machines of its own; here all share one. What a caller waits for goes first: the sources of
// the others hold back while it is under way and for a blink after it, but never for long, so that nothing starves.

import type { Lambda } from './lambda.ts';

/** Nothing urgent for this long, in milliseconds, is a quiet moment: between a run's recording and its launch is none. */
const quietMs = 20;
/** The longest that a source holds back, in milliseconds. */
const patienceMs = 400;

/** Two sources that lost their patience go this far apart, in milliseconds: ten messages each time. */
const spacingMs = 200;

export type Courtesy = {
  /** The Lambda, with its invocations counted as urgent. */
  urgent(lambda: Lambda): Lambda;
  /** Resolves in a quiet moment, or when patience is over. */
  turn(): Promise<void>;
};

export function createCourtesy(): Courtesy {
  let underWay = 0;
  let lastEnd = Number.NEGATIVE_INFINITY;
  let lastImpatient = Number.NEGATIVE_INFINITY;
  const quietIn = () => (underWay > 0 ? quietMs : lastEnd + quietMs - performance.now());
  return {
    urgent: (lambda) => ({
      name: lambda.name,
      invoke: async (event) => {
        underWay += 1;
        try {
          return await lambda.invoke(event);
        } finally {
          underWay -= 1;
          lastEnd = performance.now();
        }
      },
    }),
    turn: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const impatientAt = performance.now() + patienceMs;
      const look = () => {
        const now = performance.now();
        const quiet = quietIn();
        if (quiet <= 0) return resolve();
        const impatient = Math.max(impatientAt, lastImpatient + spacingMs) - now;
        if (impatient <= 0) {
          lastImpatient = now;
          return resolve();
        }
        setTimeout(look, Math.min(quiet, impatient));
      };
      look();
      return promise;
    },
  };
}
