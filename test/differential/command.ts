// Sends random sequences to a real Prefect server and to ours: `npm run differential -- --sequences N [--seed S]`.
// A sequence on which they disagree is cut down to the steps that it takes, and printed with the command for it.
import { parseArgs } from 'node:util';
import { startOwnServer } from './sequences/own-server.ts';
import { startPrefectServer } from './sequences/prefect-server.ts';
import { describeFailure, summarize } from './sequences/report.ts';
import { type Disagreement, lastingDisagreements, type Servers } from './sequences/run.ts';
import { shrink } from './sequences/shrink.ts';
import { writeSequence } from './sequences/write-sequence.ts';

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    /** Only count what differs. */
    summary: { type: 'boolean', default: false },
  },
});

async function main(servers: Servers): Promise<number> {
  const count = Number(values.sequences);
  const first = Number(values.seed);
  const all: { readonly seed: number; readonly found: readonly Disagreement[] }[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const { steps } = writeSequence(seed);
    const found = await lastingDisagreements(servers, steps);
    if (found.length > 0) all.push({ seed, found });
    const isTime = (seed - first + 1) % 10 === 0 || seed === first + count - 1;
    if (isTime) console.log(`${seed - first + 1} of ${count} sequences, ${all.length} with differences`);
    if (found.length > 0 && !values.summary) {
      console.log(describeFailure(seed, await shrink(servers, steps)));
    }
  }
  console.log(summarize(all));
  return all.length === 0 ? 0 : 1;
}

const [theirs, ours] = await Promise.all([startPrefectServer(), startOwnServer()]);
try {
  process.exitCode = await main({ theirs, ours });
} finally {
  await Promise.all([theirs.close(), ours.close()]);
}
