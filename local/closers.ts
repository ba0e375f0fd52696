// What has been started and must be closed again, in the opposite order.
// Rule: one part that does not close keeps none of the others open.

import type { Report } from './report.ts';

export type Closers = {
  add(close: () => unknown): void;
  /** May be called again: what is closed is not closed twice. */
  closeAll(): Promise<void>;
};

export function collectClosers(report: Report): Closers {
  const closers: (() => unknown)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        report('a part did not close', { error });
      }
    }
  };
  return { add: (close) => void closers.push(close), closeAll };
}
