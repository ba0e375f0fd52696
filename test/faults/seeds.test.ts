// Random worlds: whatever a seed injects, every history keeps every invariant. `npm run faults` plays more of them.
import { describe, expect, it } from 'vitest';
import { playSeed, type SeedReport } from '../support/world/play.ts';
import { sabotages } from '../support/world/sabotages.ts';
import { describeFailure } from '../support/world/timeline.ts';

const seedsAtOnce = 10;
const batches = Array.from({ length: 2 }, (_, batch) => 1 + batch * seedsAtOnce);

function sumOf({ injected }: SeedReport): { faults: number; kinds: number } {
  const kinds = new Set([...injected.keys()].map((cell) => cell.split(' ')[0]));
  return { faults: [...injected.values()].reduce((sum, count) => sum + count, 0), kinds: kinds.size };
}

describe('worlds', () => {
  it.each(batches)('from seed %d on keep every invariant under at least 30 faults of 6 kinds', async (first) => {
    for (let seed = first; seed < first + seedsAtOnce; seed += 1) {
      const report = await playSeed({ seed });

      expect(report.violations.length, describeFailure(report)).toBe(0);
      const { faults, kinds } = sumOf(report);
      expect(faults).toBeGreaterThanOrEqual(30);
      expect(kinds).toBeGreaterThanOrEqual(6);
      expect(report.runs).toBeGreaterThanOrEqual(20);
    }
  });

  it('are the same whenever their seed is played', async () => {
    const [one, other] = [await playSeed({ seed: 77 }), await playSeed({ seed: 77 })];

    expect(other.lines).toEqual(one.lines);
    expect(other.calls).toEqual(one.calls);
  });
});

describe('a seed that fails', () => {
  it('says by which command it is played again, and what happened', async () => {
    const { 'hint-only': sabotage } = sabotages;
    const report = await playSeed({ seed: 1, ...(sabotage === undefined ? {} : { sabotage }) });

    const text = describeFailure(report, ' --sabotage hint-only');

    expect(report.violations.map(({ invariant }) => invariant)).toContain('every accepted run ended');
    expect(text).toContain('npm run faults -- --seed 1 --sabotage hint-only');
    expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3} ecs: RunTask/);
  });
});
