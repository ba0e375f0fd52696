// How long a refused caller waits: numbers worked out by hand from Prefect's formulas.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshWaits, type LeasedLimit } from '../../shared/domain/limit/limit.ts';
import {
  averageWaitSeconds,
  chanceOf,
  deniedAfterDecay,
  spreadWaitSeconds,
  waitsAfterRefusal,
  waitsAfterUse,
} from '../../shared/domain/limit/waiting.ts';

const now = 5_000_000;
const limit = (over: Partial<LeasedLimit> = {}): LeasedLimit => ({
  id: 'l',
  name: 'db',
  limit: 2,
  slotDecayPerSecond: 0,
  ...over,
});

describe('the wait for a slot', () => {
  it.each([
    ['a fresh limit of 2', limit(), freshWaits, 1, 1],
    ['a limit whose slots are held for long: 30 s at most', limit(), { ...freshWaits, averageSeconds: 900 }, 2, 30],
    ['a tag: 10 s at most', limit({ name: 'tag:x' }), { ...freshWaits, averageSeconds: 900 }, 2, 10],
    ['a limit that many were refused', limit(), { averageSeconds: 3, denied: 5, deniedAt: now }, 1, 9],
    ['a rate: by its own pace', limit({ slotDecayPerSecond: 0.1 }), freshWaits, 4, 40],
    ['a limit of 0', limit({ limit: 0 }), freshWaits, 1, 2],
  ])('for %s', (_what, of, waits, slots, seconds) => {
    expect(averageWaitSeconds([{ limit: of, waits }], { slots, now })).toBeCloseTo(seconds);
  });

  it('goes by the limit that is asked for most', () => {
    const calm = { limit: limit({ limit: 100 }), waits: { ...freshWaits, averageSeconds: 25 } };
    const busy = { limit: limit({ limit: 1 }), waits: { ...freshWaits, averageSeconds: 4 } };

    expect(averageWaitSeconds([calm, busy], { slots: 1, now })).toBeCloseTo(4);
    expect(averageWaitSeconds([], { slots: 1, now })).toBe(0);
  });

  it('is spread between a cut below and 30 % above, around its average', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (chance) => {
        const seconds = spreadWaitSeconds(10, chance);
        expect(seconds).toBeGreaterThanOrEqual(7.4);
        expect(seconds).toBeLessThanOrEqual(13.0001);
      }),
    );
    expect(spreadWaitSeconds(0, 0.5)).toBe(0);
    expect(spreadWaitSeconds(10, 0.1)).toBeLessThan(spreadWaitSeconds(10, 0.9));
  });

  it('has chances out of random ids', () => {
    expect(chanceOf('00000000-0000-4000-8000-000000000000')).toBe(0);
    expect(chanceOf('80000000-0000-4000-8000-000000000000')).toBe(0.5);
    expect(chanceOf('ffffffff-0000-4000-8000-000000000000')).toBeLessThan(1);
  });
});

describe('what is remembered of slots', () => {
  it('is the average of the last uses, twice as many as there are slots', () => {
    const after = waitsAfterUse(limit(), freshWaits, { slots: 1, seconds: 10 });

    expect(after.averageSeconds).toBeCloseTo(2 + 8 / 4);
  });

  it('counts a use of several slots as so much shorter ones, and none as nothing', () => {
    expect(waitsAfterUse(limit(), freshWaits, { slots: 2, seconds: 10 }).averageSeconds).toBeCloseTo(2 + 3 / 4);
    expect(waitsAfterUse(limit(), freshWaits, { slots: 1, seconds: 0 }).averageSeconds).toBeCloseTo(2 - 1.9 / 4);
    expect(waitsAfterUse(limit({ limit: 0 }), freshWaits, { slots: 1, seconds: 9 })).toEqual(freshWaits);
    expect(waitsAfterUse(limit(), freshWaits, { slots: 0, seconds: 9 })).toEqual(freshWaits);
  });

  it('is how many were refused, which fades as slots come free', () => {
    const waits = waitsAfterRefusal(
      limit(),
      { averageSeconds: 2, denied: 3, deniedAt: now - 4_000 },
      { slots: 2, now },
    );

    expect(waits).toEqual({ averageSeconds: 2, denied: 3, deniedAt: now });
    expect(deniedAfterDecay(limit(), waits, now + 1_999)).toBe(3);
    expect(deniedAfterDecay(limit(), waits, now + 2_000)).toBe(2);
    expect(deniedAfterDecay(limit({ slotDecayPerSecond: 2 }), waits, now + 1_000)).toBe(1);
    expect(deniedAfterDecay(limit(), waits, now + 600_000)).toBe(0);
  });
});
