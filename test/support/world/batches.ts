// Batches of seeds for tests: each seed must keep every invariant and be as rough as seeds are meant to be.
import { expect } from 'vitest';
import { playSeed } from './play.ts';
import { describeFailure } from './timeline.ts';

const seedsAtOnce = 10;

/** First seeds of so many batches. */
export const batchesFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, batch) => first + batch * seedsAtOnce);

/** Plays a batch; the seed that fails says by which command it is played again. */
export async function expectNoViolation(first: number): Promise<void> {
  for (let seed = first; seed < first + seedsAtOnce; seed += 1) {
    const report = await playSeed({ seed });
    const kinds = new Set([...report.injected.keys()].map((cell) => cell.split(' ')[0]));
    const faults = [...report.injected.values()].reduce((sum, count) => sum + count, 0);

    expect(report.violations.length, describeFailure(report)).toBe(0);
    expect(faults).toBeGreaterThanOrEqual(30);
    expect(kinds.size).toBeGreaterThanOrEqual(6);
    expect(report.runs).toBeGreaterThanOrEqual(20);
  }
}
