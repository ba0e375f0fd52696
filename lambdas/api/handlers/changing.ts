// Read, change, write conditionally, and again when somebody else was faster.
import type { Write } from '../../../shared/ports/runs.ts';
import { Refusal } from '../refusal.ts';

const mostRaces = 8;

/**
 * @param change undefined when there is nothing to change
 * @returns what is there now; undefined when there is no such thing
 */
export async function changing<T>(
  store: { readonly read: () => Promise<T | undefined>; readonly write: (before: T, after: T) => Promise<Write> },
  change: (before: T) => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  for (let race = 0; race < mostRaces; race += 1) {
    const before = await store.read();
    if (before === undefined) return undefined;
    const after = await change(before);
    if (after === undefined) return before;
    if ((await store.write(before, after)) === 'written') return after;
  }
  throw new Refusal('unavailable', 'this is changed by others faster than the change can be made, please try again');
}
