// Random sequences of requests to a real Prefect server and to our api: both must answer alike.
// What differs on purpose stands in kept-differences.ts, everything else fails here.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptDifferences } from './kept-differences.ts';
import { startOwnServer } from './sequences/own-server.ts';
import { startPrefectServer } from './sequences/prefect-server.ts';
import { describeFailure } from './sequences/report.ts';
import { lastingDisagreements, type Servers } from './sequences/run.ts';
import { shrink } from './sequences/shrink.ts';
import { resourceOf } from './sequences/step.ts';
import { type Sequence, writeSequence } from './sequences/write-sequence.ts';

const count = 100;
const sequences = Array.from({ length: count }, (_, index) => writeSequence(index + 1));

describe('100 sequences of requests', () => {
  let servers: Servers | undefined;

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
    if (servers === undefined) throw new Error('the servers did not start');
    const failures = await failuresOf(servers);

    expect(failures.join('\n\n')).toBe('');
  }, 900_000);
});

describe('differences kept on purpose', () => {
  const page = readFileSync(new URL('../../docs/kept-differences.md', import.meta.url), 'utf8');

  it.each(keptDifferences.map(({ reason }) => reason))('are told to readers: %s', (reason) => {
    expect(page).toContain(reason);
  });
});

async function failuresOf(both: Servers): Promise<string[]> {
  const failed: Sequence[] = [];
  // One after the other: the default pool belongs to all of them.
  for (const sequence of sequences) {
    if ((await lastingDisagreements(both, sequence.steps)).length > 0) failed.push(sequence);
  }
  const texts: string[] = [];
  // A few are enough to begin with.
  for (const { seed, steps } of failed.slice(0, 3)) texts.push(describeFailure(seed, await shrink(both, steps)));
  return failed.length === 0 ? [] : [`sequences that differ: ${failed.map(({ seed }) => seed).join(', ')}`, ...texts];
}

/** Every resource of the API document, as paths name them. */
function resources(): string[] {
  const named = [
    'flows',
    'flow runs',
    'flow run states',
    'flow run inputs',
    'task runs',
    'task run states',
    'task workers',
    'deployments',
    'deployment schedules',
    'work pools',
    'work queues',
    'workers',
    'logs',
    'variables',
    'artifacts',
    'block types',
    'block schemas',
    'block documents',
    'block capabilities',
    'saved searches',
    'concurrency limits v1',
    'concurrency limits v2',
    'concurrency leases',
    'events',
    'automations',
    'collections',
    'admin',
    'templates',
    'ui',
  ];
  return named;
}
