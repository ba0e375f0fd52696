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

/** Plays until somebody notices that a guard is off; others of the sabotages take more seeds (docs/faults.md). */
async function firstCaught(name: string): Promise<{ report: SeedReport; caughtBy: readonly string[] }> {
  const sabotage = sabotages[name];
  if (sabotage === undefined) throw new Error(`no sabotage ${name}`);
  for (let seed = 1; seed <= 40; seed += 1) {
    const report = await playSeed({ seed, sabotage });
    const caughtBy = report.violations.map(({ invariant }) => invariant);
    if (sabotage.caughtBy.some((invariant) => caughtBy.includes(invariant))) return { report, caughtBy };
  }
  throw new Error(`nobody noticed ${name} in 40 seeds`);
}

describe('a guard that is switched off', () => {
  it.each(['slot-kept', 'key-ignored', 'no-checkpoint', 'open-attempt-not-checked', 'index-trusted'])(
    'is noticed by the invariant that it names: %s',
    async (name) => {
      const { caughtBy } = await firstCaught(name);

      expect(caughtBy).not.toHaveLength(0);
    },
  );
});

describe('a seed that fails', () => {
  it('says by which command it is played again, and what happened', async () => {
    const { report } = await firstCaught('open-attempt-not-checked');

    const text = describeFailure(report, ' --sabotage open-attempt-not-checked');

    expect(text).toContain(`npm run faults -- --seed ${report.seed} --sabotage open-attempt-not-checked`);
    expect(text).toContain('a run has one open attempt at most');
    expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3} ecs: RunTask/);
  });
});
