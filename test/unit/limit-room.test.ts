// Room under a limit: holders count until they are given back, expired ones until somebody needs their room.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyGate, type Gate, type Holder } from '../../shared/domain/limit/limit.ts';
import { activeSlots, gateAfter, type Limited, planTaking, spentAfterDecay } from '../../shared/domain/limit/room.ts';

const now = 1_000_000;
const holder = (key: string, over: Partial<Holder> = {}): Holder => ({ key, slots: 1, since: now, ...over });
const gateOf = (holders: readonly Holder[], over: Partial<Gate> = {}): Gate => ({
  ...emptyGate('g'),
  holders,
  ...over,
});
const limited = (limit: number, holders: readonly Holder[], over: Partial<Gate> = {}): Limited => ({
  gate: gateOf(holders, over),
  limit,
  slotDecayPerSecond: 0,
});
const rate = (limit: number, decay: number, spent: Gate['spent']): Limited => ({
  gate: gateOf([], { id: 'rate', spent }),
  limit,
  slotDecayPerSecond: decay,
});

describe('room under a limit', () => {
  it.each([
    ['nobody holds a slot', [], 1, 'take'],
    ['one of two is held', [holder('a')], 1, 'take'],
    ['two of two are held', [holder('a'), holder('b')], 1, 'full'],
    ['one holder has both', [holder('a', { slots: 2 })], 1, 'full'],
    ['two are wanted and one is left', [holder('a')], 2, 'full'],
    ['a forgiven holder is left', [holder('a', { slots: 0 }), holder('b')], 1, 'take'],
    ['an expired holder is in the way', [holder('a', { until: now }), holder('b')], 1, 'free'],
    ['an expired holder is not in the way', [holder('a', { until: now - 1 })], 1, 'take'],
    ['a lease that still runs is in the way', [holder('a', { until: now + 1 }), holder('b')], 1, 'full'],
    ['freeing who is expired would not do', [holder('a', { until: now }), holder('b')], 2, 'full'],
    ['the holder itself is there already', [holder('new'), holder('b')], 1, 'take'],
  ] as const)('of 2 when %s', (_when, holders, slots, kind) => {
    expect(planTaking([limited(2, holders)], { holder: holder('new', { slots }), now }).kind).toBe(kind);
  });

  it('names every gate that is full, and takes nothing from the others', () => {
    const full = { ...limited(1, [holder('a')]), gate: gateOf([holder('a')], { id: 'full' }) };

    const plan = planTaking([limited(2, []), full], { holder: holder('new'), now });

    expect(plan).toEqual({ kind: 'full', gateIds: ['full'] });
  });

  it('takes under the version that was read, at every gate', () => {
    const other = { ...limited(2, []), gate: gateOf([], { id: 'h', version: 4 }) };

    const plan = planTaking([limited(2, []), other], { holder: holder('new'), now });

    expect(plan).toEqual({
      kind: 'take',
      takings: [
        { gateId: 'g', version: 0, holder: holder('new') },
        { gateId: 'h', version: 4, holder: holder('new') },
      ],
    });
  });

  it('frees only who ran out', () => {
    const expired = holder('old', { until: now - 5 });

    const plan = planTaking([limited(2, [expired, holder('a', { until: now + 5 })])], { holder: holder('new'), now });

    expect(plan).toEqual({ kind: 'free', expired: [{ gateId: 'g', key: 'old', holder: expired }] });
  });

  it('is never overdrawn by one who takes again and again without reading', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }), fc.nat({ max: 12 }), (wishes, limit) => {
        let gate = emptyGate('g');
        for (const [at, slots] of wishes.entries()) {
          const plan = planTaking([{ gate, limit, slotDecayPerSecond: 0 }], {
            holder: holder(`${at}`, { slots }),
            now,
          });
          if (plan.kind === 'take') for (const taking of plan.takings) gate = gateAfter(gate, taking);
        }
        expect(activeSlots(gate, 0, now)).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('a rate', () => {
  it('gives whole slots back as time goes by', () => {
    const spent = { slots: 5, at: now };

    expect(spentAfterDecay(spent, 0.5, now + 1_999)).toEqual({ slots: 5, at: now });
    expect(spentAfterDecay(spent, 0.5, now + 2_000)).toEqual({ slots: 4, at: now + 2_000 });
    expect(spentAfterDecay(spent, 0.5, now + 60_000).slots).toBe(0);
  });

  it('keeps the part of a slot that has decayed when it is looked at', () => {
    const looked = spentAfterDecay({ slots: 5, at: now }, 0.5, now + 3_000);

    expect(spentAfterDecay(looked, 0.5, now + 4_000).slots).toBe(3);
  });

  it('has room by what is left of it, and puts no holder', () => {
    const wanted = rate(2, 1, { slots: 2, at: now - 1_500 });

    const plan = planTaking([wanted], { holder: holder('new'), now });

    expect(plan).toEqual({
      kind: 'take',
      takings: [{ gateId: 'rate', version: 0, spent: { slots: 2, at: now - 500 } }],
    });
    expect(planTaking([wanted], { holder: holder('new', { slots: 2 }), now }).kind).toBe('full');
    expect(activeSlots(wanted.gate, 1, now)).toBe(1);
  });
});

describe('slots in use', () => {
  it('are those of holders that did not run out', () => {
    const gate = gateOf([holder('a', { slots: 3 }), holder('b', { until: now }), holder('c', { until: now + 1 })]);

    expect(activeSlots(gate, 0, now)).toBe(4);
  });
});
