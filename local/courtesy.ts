// On AWS each Lambda has machines of its own; here all share one. What a caller waits for goes first: the sources of
// the others hold back while it is under way, for a moment at most, so that nothing starves.

import type { Lambda } from './lambda.ts';

/** The longest that a source holds back, in milliseconds. */
const patienceMs = 200;

export type Courtesy = {
  /** The Lambda, with its invocations counted as urgent. */
  urgent(lambda: Lambda): Lambda;
  /** Resolves when nothing urgent is under way, or when patience is over. */
  turn(): Promise<void>;
};

export function createCourtesy(): Courtesy {
  let underWay = 0;
  let waiting: (() => void)[] = [];
  const ended = () => {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return {
    urgent: (lambda) => ({
      name: lambda.name,
      invoke: async (event) => {
        underWay += 1;
        try {
          return await lambda.invoke(event);
        } finally {
          ended();
        }
      },
    }),
    turn: () => {
      if (underWay === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      const timer = setTimeout(resolve, patienceMs);
      return promise.finally(() => clearTimeout(timer));
    },
  };
}
