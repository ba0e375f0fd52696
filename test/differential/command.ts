// Sends random sequences to a real Prefect server and to ours: `npm run differential -- --sequences N [--seed S]`.
// A sequence on which they disagree is cut down to the steps that it takes, and printed with the command for it.
import { type CommandOptions, readOptions, usage } from './command-options.ts';
import { startOwnServer } from './sequences/own-server.ts';
import { startPrefectServer } from './sequences/prefect-server.ts';
import { describeFailure, progress, summarize } from './sequences/report.ts';
import { type Disagreement, lastingDisagreements, type Servers } from './sequences/run.ts';
import { shrink } from './sequences/shrink.ts';
import { writeSequence } from './sequences/write-sequence.ts';

const interruption = new AbortController();

async function main(argv: readonly string[]): Promise<number> {
  const options = tryToReadOptions(argv);
  if (typeof options === 'string') return options === 'help' ? 0 : 2;
  console.log('starting a real Prefect server and ours');
  const [theirs, ours] = await Promise.all([startPrefectServer(), startOwnServer()]);
  process.once('SIGINT', () => interruption.abort());
  try {
    return await compare({ theirs, ours }, options);
  } catch (error) {
    // A terminal's Ctrl-C ends the real server as well: what was asked of it then is cut off.
    if (!interruption.signal.aborted) throw error;
    return 130;
  } finally {
    await Promise.all([theirs.close(), ours.close()]);
  }
}

function tryToReadOptions(argv: readonly string[]): ReturnType<typeof readOptions> | 'wrong' {
  try {
    const options = readOptions(argv);
    if (options === 'help') console.log(usage);
    return options;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 'wrong';
  }
}

async function compare(servers: Servers, { sequences, firstSeed, detail }: CommandOptions): Promise<number> {
  const all: { readonly seed: number; readonly found: readonly Disagreement[] }[] = [];
  const startedAt = performance.now();
  for (let done = 0; done < sequences && !interruption.signal.aborted; done += 1) {
    const seed = firstSeed + done;
    const { steps } = writeSequence(seed);
    const found = await lastingDisagreements(servers, steps);
    if (found.length > 0) all.push({ seed, found });
    const isTime = (done + 1) % 10 === 0 || done + 1 === sequences;
    if (isTime) console.log(progress({ done: done + 1, of: sequences, differing: all.length, startedAt }));
    if (found.length > 0 && detail === 'steps') console.log(describeFailure(seed, await shrink(servers, steps)));
  }
  console.log(summarize(all));
  return all.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
