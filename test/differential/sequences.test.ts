// Random sequences of requests to a real Prefect server and to our api: both must answer alike.
// What differs on purpose stands in kept-differences.ts, everything else fails here.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keptDifferences } from './kept-differences.ts';
import { isRecord } from './sequences/compare.ts';
import { startOwnServer } from './sequences/own-server.ts';
import { startPrefectServer } from './sequences/prefect-server.ts';
import { describeFailure } from './sequences/report.ts';
import { lastingDisagreements, type Servers } from './sequences/run.ts';
import type { Answer, Server } from './sequences/server.ts';
import { shrink } from './sequences/shrink.ts';
import { resourceOf } from './sequences/step.ts';
import { type Sequence, writeSequence } from './sequences/write-sequence.ts';

const count = 100;
const sequences = Array.from({ length: count }, (_, index) => writeSequence(index + 1));

/** What Prefect said, each kind of answer with the seeds of the sequences that got it. */
type Heard = ReadonlyMap<string, ReadonlySet<number>>;
type Outcome = { readonly failures: readonly string[]; readonly heard: Heard };

describe('100 sequences of requests', () => {
  let servers: Servers | undefined;
  let running: Promise<Outcome> | undefined;
  /** Everything is sent once, whichever test asks first. */
  const outcome = () => {
    if (servers === undefined) throw new Error('the servers did not start');
    running ??= sendAll(servers);
    return running;
  };

  beforeAll(async () => {
    const [theirs, ours] = await Promise.all([startPrefectServer(), startOwnServer()]);
    servers = { theirs, ours };
  }, 600_000);

  afterAll(async () => {
    await Promise.all([servers?.theirs.close(), servers?.ours.close()]);
  });

  it('have at least 30 requests each', () => {
    const shortest = Math.min(...sequences.map(({ steps }) => steps.length));

    expect(shortest).toBeGreaterThanOrEqual(30);
  });

  it.each(resources())('ask for %s in at least ten of them', (resource) => {
    const asking = sequences.filter(({ steps }) => steps.some(({ path }) => resourceOf(path) === resource));

    expect(asking.length).toBeGreaterThanOrEqual(10);
  });

  it('are answered alike by a real Prefect server and by ours', async () => {
    const { failures } = await outcome();

    expect(failures.join('\n\n')).toBe('');
  }, 900_000);

  it.each(['a refused state', '404', '409', '422'])(
    'get %s from Prefect in at least ten of them',
    async (kind) => {
      const { heard } = await outcome();

      expect(heard.get(kind)?.size ?? 0).toBeGreaterThanOrEqual(10);
    },
    900_000,
  );
});

describe('differences kept on purpose', () => {
  const page = readFileSync(new URL('../../docs/kept-differences.md', import.meta.url), 'utf8');

  it.each(keptDifferences.map(({ reason }) => reason))('are told to readers: %s', (reason) => {
    expect(page).toContain(reason);
  });
});

async function sendAll(servers: Servers): Promise<Outcome> {
  const heard = new Map<string, Set<number>>();
  const failed: Sequence[] = [];
  // One after the other: the default pool belongs to all of them.
  for (const sequence of sequences) {
    const theirs = overheard(servers.theirs, (answer) => {
      const kind = kindOf(answer);
      heard.set(kind, (heard.get(kind) ?? new Set()).add(sequence.seed));
    });
    if ((await lastingDisagreements({ ...servers, theirs }, sequence.steps)).length > 0) failed.push(sequence);
  }
  return { heard, failures: await describeAll(servers, failed) };
}

async function describeAll(servers: Servers, failed: readonly Sequence[]): Promise<string[]> {
  if (failed.length === 0) return [];
  const texts = [`sequences that differ: ${failed.map(({ seed }) => seed).join(', ')}`];
  // A few are enough to begin with.
  for (const { seed, steps } of failed.slice(0, 3)) texts.push(describeFailure(seed, await shrink(servers, steps)));
  return texts;
}

function overheard(server: Server, listen: (answer: Answer) => void): Server {
  return {
    ...server,
    ask: async (...request) => {
      const answer = await server.ask(...request);
      listen(answer);
      return answer;
    },
  };
}

function kindOf({ status, body }: Answer): string {
  const became = isRecord(body) && 'details' in body ? body['status'] : undefined;
  return became === 'REJECT' || became === 'ABORT' ? 'a refused state' : String(status);
}

/** Every resource of Prefect's API document. */
function resources(): string[] {
  const file = new URL('../contract/prefect-operations.json', import.meta.url);
  const document = z.object({ operations: z.array(z.object({ path: z.string() })) });
  const { operations } = document.parse(JSON.parse(readFileSync(file, 'utf8')));
  return [...new Set(operations.map(({ path }) => resourceOf(path)))].sort();
}
