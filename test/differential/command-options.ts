// What `npm run differential` can be asked, and what it says of itself.
import { parseArgs } from 'node:util';

export const usage = `usage: npm run differential -- [--sequences N] [--seed S] [--summary]

Sends random sequences of requests to a real Prefect server and to ours, and shows where their answers differ.
The real server comes from the package index, into .cache, on first use.

  --sequences N  how many sequences, 1 or more (default 100)
  --seed S       the seed of the first one, 1 or more (default 1); the others count on from it
  --summary      only count what differs, and cut nothing down to the steps that it takes
  --help         this text

Exit codes: 0 all answers agree, 1 some differ, 2 the command line is wrong.`;

export type CommandOptions = {
  readonly sequences: number;
  readonly firstSeed: number;
  readonly detail: 'steps' | 'summary';
};

/** @throws Error with what is wrong, and what was wanted */
export function readOptions(argv: readonly string[]): CommandOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      sequences: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      summary: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    sequences: readCount('--sequences', values.sequences),
    firstSeed: readCount('--seed', values.seed),
    detail: values.summary ? 'summary' : 'steps',
  };
}

function readCount(option: string, text: string): number {
  // Seeds are 32 bits of luck; a sequence takes about two seconds.
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${option} must be a whole number from 1 to 999999999, got ${JSON.stringify(text)}`);
}
