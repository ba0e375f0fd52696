// Cuts a sequence down to the steps without which the servers would agree.
// Each try has names of its own, because both servers still hold what the tries before it made.
import { type Disagreement, renamed, runSequence, type Servers } from './run.ts';
import type { Step } from './step.ts';

export type Shrunk = { readonly steps: readonly Step[]; readonly found: readonly Disagreement[] };

const mostTries = 120;

/** The first disagreement's steps, as few as can be found; all steps when it does not come again. */
export async function shrink(servers: Servers, steps: readonly Step[]): Promise<Shrunk> {
  let tries = 0;
  const attempt = async (given: readonly Step[]): Promise<readonly Disagreement[]> => {
    tries += 1;
    return runSequence(servers, renamed(given, tries), true);
  };
  let found = await attempt(steps);
  const [wanted] = found;
  if (wanted === undefined) return { steps, found };
  let kept = steps.slice(0, wanted.index + 1);
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // The last step is the one that shows it.
    for (let start = 0; start < kept.length - 1 && tries < mostTries; ) {
      const fewer = kept.filter((_, index) => index < start || index >= start + size || index === kept.length - 1);
      const again = await attempt(fewer);
      const isSame = again.some(({ route, at }) => route === wanted.route && at === wanted.at);
      if (isSame && fewer.length < kept.length) {
        kept = fewer;
        found = again;
      } else {
        start += size;
      }
    }
  }
  return { steps: kept, found };
}
