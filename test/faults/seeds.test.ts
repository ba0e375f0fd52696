// Random worlds: whatever a seed injects, every history keeps every invariant. `npm run faults` plays more of them.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { batchesFrom, expectNoViolation } from '../support/world/batches.ts';
import { playSeed, type SeedReport } from '../support/world/play.ts';
import { sabotages } from '../support/world/sabotages.ts';
import { describeFailure } from '../support/world/timeline.ts';

describe('worlds', () => {
  it.each(batchesFrom(1, 10))(
    'from seed %d on keep every invariant under at least 30 faults of 6 kinds',
    {
      timeout: 60_000,
    },
    expectNoViolation,
  );

  it('are the same whenever their seed is played', async () => {
    const [one, other] = [await playSeed({ seed: 77 }), await playSeed({ seed: 77 })];

    expect(other.lines).toEqual(one.lines);
    expect(other.calls).toEqual(one.calls);
  });
});

const mostSeeds = 400;

/** Plays until somebody notices that a guard is off, the seed first that noticed it before. */
async function firstCaught(name: string): Promise<{ report: SeedReport; caughtBy: readonly string[] }> {
  const sabotage = sabotages[name];
  if (sabotage === undefined) throw new Error(`no sabotage ${name}`);
  const others = Array.from({ length: mostSeeds }, (_, at) => at + 1);
  for (const seed of sabotage.seed === undefined ? others : [sabotage.seed, ...others]) {
    const report = await playSeed({ seed, sabotage });
    const caughtBy = report.violations.map(({ invariant }) => invariant);
    if (sabotage.caughtBy.some((invariant) => caughtBy.includes(invariant))) return { report, caughtBy };
  }
  throw new Error(`nobody noticed ${name} in ${mostSeeds} seeds`);
}

describe('a guard that is switched off', () => {
  it('is named with the file that it stands in, and with the invariant that must notice', () => {
    const named = Object.values(sabotages);

    expect(named.length).toBeGreaterThanOrEqual(15);
    for (const { file, guard, caughtBy } of named) {
      expect(existsSync(file), file).toBe(true);
      expect([guard, ...caughtBy]).not.toContain('');
      expect(caughtBy.length).toBeGreaterThan(0);
    }
  });

  it.each(Object.keys(sabotages))(
    'is noticed by the invariant that it names: %s',
    { timeout: 180_000 },
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
