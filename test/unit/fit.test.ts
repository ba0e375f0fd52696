// Which waiting runs fit: each lane by its own gates, in order, never beyond a limit.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deploymentTerms } from '../../shared/domain/limit/deployment-slot.ts';
import { emptyGate, type Gate, type Holder, type Limit } from '../../shared/domain/limit/limit.ts';
import type { Lane } from '../../shared/domain/run/run.ts';
import { fitCandidates, type LaneLimits, type Room, slotsOfClaim } from '../../shared/domain/submit/fit.ts';
import type { Candidate } from '../../shared/domain/submit/order.ts';

const now = 1_000_000;
const limit = (over: Partial<Limit> = {}): Limit => ({
  id: 'limit',
  version: 1,
  created: 0,
  updated: 0,
  name: 'limit',
  limit: 1,
  active: true,
  slotDecayPerSecond: 0,
  ...over,
});
const holder = (key: string, over: Partial<Holder> = {}): Holder => ({ key, slots: 1, since: 0, ...over });
const gate = (id: string, holders: readonly Holder[] = [], over: Partial<Gate> = {}): Gate => ({
  ...emptyGate(id),
  version: 7,
  holders,
  ...over,
});
const waits = (runId: string, deploymentId = 'd', scheduledTime = now - 1_000): Candidate => ({
  runId,
  scheduledTime,
  priority: 1,
  lane: { workPoolName: 'p', workQueueId: 'q', deploymentId },
});
const room = (limits: Record<string, LaneLimits>, gates: readonly Gate[], over: Partial<Room> = {}): Room => ({
  limitsOf: ({ deploymentId = '' }: Lane) => limits[deploymentId] ?? { place: [] },
  gates: new Map(gates.map((each) => [each.id, each])),
  now,
  overtaken: new Map(),
  most: { runs: 40, takers: 16 },
  ...over,
});
const ids = (list: readonly { candidate: Candidate }[]) => list.map(({ candidate }) => candidate.runId);
const pool: LaneLimits = { place: [{ gateId: 'pool', limit: 2 }] };
const own = (over: Partial<Limit> = {}, options = {}): LaneLimits => ({
  place: [],
  deployment: deploymentTerms(limit(over), options),
});

describe('candidates', () => {
  it('without limits all fit, and take nothing', () => {
    const { fit, rest } = fitCandidates([waits('a'), waits('b')], room({}, []));

    expect([ids(fit), fit.flatMap(({ takings }) => takings), rest]).toEqual([['a', 'b'], [], 0]);
  });

  it('of a full lane are passed over, whoever stands behind them', () => {
    const full = gate('pool', [holder('x'), holder('y')]);
    const { fit, rest } = fitCandidates([waits('a'), waits('b', 'free')], room({ d: pool }, [full]));

    expect([ids(fit), rest]).toEqual([['b'], 0]);
  });

  it('of one gate all take under the version that was read', () => {
    const { fit } = fitCandidates([waits('a'), waits('b'), waits('c')], room({ d: pool }, [gate('pool')]));

    expect(ids(fit)).toEqual(['a', 'b']);
    expect(fit.flatMap(({ takings }) => takings.map(({ version }) => version))).toEqual([7, 7]);
  });

  it('beyond what one pass or one transaction takes are left for the next', () => {
    const many = ['a', 'b', 'c'].map((id) => waits(id));
    const wide = { d: { place: [{ gateId: 'pool', limit: 9 }] } };

    expect(fitCandidates(many, room(wide, [gate('pool')], { most: { runs: 40, takers: 2 } })).rest).toBe(1);
    expect(fitCandidates(many, room({}, [], { most: { runs: 1, takers: 2 } })).rest).toBe(2);
  });

  it('that somebody keeps out whose lease ran out name him', () => {
    const late = holder('x', { until: now - 1 });
    const { fit, expired } = fitCandidates([waits('a')], room({ d: own() }, [gate('limit', [late])]));

    expect([ids(fit), expired.map(({ key }) => key)]).toEqual([[], ['x']]);
  });

  it('overtaken by their schedule are skipped with the reason, full or not', () => {
    const overtaken = new Map([['a', 'why']]);
    const { fit, skipped } = fitCandidates([waits('a'), waits('b')], room({ d: pool }, [gate('pool')], { overtaken }));

    expect([ids(fit), skipped]).toEqual([['b'], [{ candidate: waits('a'), reason: 'why' }]]);
  });

  it('too late for their lane are skipped, full or not', () => {
    const skipping = { ...pool, skipAfterMs: 500 };
    const { fit, skipped } = fitCandidates([waits('a'), waits('b', 'd', now)], room({ d: skipping }, [gate('pool')]));

    expect([ids(fit), skipped.map(({ candidate }) => candidate.runId)]).toEqual([['b'], ['a']]);
  });
});

describe('the limit of a deployment', () => {
  it('that is full is awaited, a rate until a slot has decayed', () => {
    const full = fitCandidates([waits('a')], room({ d: own() }, [gate('limit', [holder('x')])]));
    const spent = gate('limit', [], { spent: { slots: 1, at: now } });
    const rate = fitCandidates([waits('a')], room({ d: own({ slotDecayPerSecond: 0.5 }) }, [spent]));

    expect(full.awaited).toEqual([{ limitId: 'limit' }]);
    expect(rate.awaited).toEqual([{ limitId: 'limit', roomAt: now + 2_000 }]);
  });

  it('that is a rate lets one run a pass go', () => {
    const rate = own({ limit: 5, slotDecayPerSecond: 1 });

    const { fit, rest } = fitCandidates([waits('a'), waits('b')], room({ d: rate }, [gate('limit')]));

    expect([ids(fit), rest]).toEqual([['a'], 1]);
  });

  it.each([
    ['held by others', [holder('x')], 1, { surplus: ['a', 'b'], fit: [], rest: 0 }],
    ['about to be held', [], 1, { surplus: [], fit: ['a'], rest: 1 }],
    ['of 0', [], 0, { surplus: [], fit: [], rest: 0 }],
  ] as const)('that wants no collision and is %s', (_how, holders, most, expected) => {
    const cancelling = own({ limit: most }, { collision_strategy: 'CANCEL_NEW' });

    const found = fitCandidates([waits('a'), waits('b')], room({ d: cancelling }, [gate('limit', holders)]));

    const surplus = found.surplus.map(({ runId }) => runId);
    expect({ surplus, fit: ids(found.fit), rest: found.rest }).toEqual(expected);
  });

  it('gives a claim its lease, and pool and queue their place on the attempt', () => {
    const both = { ...own(), ...pool };
    const [fit] = fitCandidates([waits('a')], room({ d: both }, [gate('pool'), gate('limit')])).fit;
    if (fit === undefined) throw new Error('nothing fits');

    const slots = slotsOfClaim(fit, { leaseId: 'lease', now });

    expect(slots).toMatchObject({
      placeGateIds: ['pool'],
      lease: { id: 'lease', key: 'run#a', limits: [{ id: 'limit' }] },
    });
    expect(slots.lease).not.toHaveProperty('until');
  });
});

describe('any candidates under any limits', () => {
  it('never fill a gate beyond its limit, and go in their order', () => {
    const limits = fc.record({ a: fc.nat(3), b: fc.nat(3), shared: fc.nat(5) });
    const lanes = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
    fc.assert(
      fc.property(limits, lanes, fc.nat(3), (most, of, held) => {
        const place = (name: 'a' | 'b'): LaneLimits => ({
          place: [
            { gateId: name, limit: most[name] },
            { gateId: 'shared', limit: most.shared },
          ],
        });
        const holders = Array.from({ length: held }, (_, at) => holder(`h${at}`));
        const gates = [gate('a', holders), gate('b'), gate('shared')];
        const candidates = of.map((lane, at) => waits(`run ${String(at).padStart(2, '0')}`, lane));

        const { fit } = fitCandidates(candidates, room({ a: place('a'), b: place('b') }, gates));

        const taken = (id: string) =>
          fit.flatMap(({ takings }) => takings).filter(({ gateId }) => gateId === id).length;
        expect(taken('a')).toBeLessThanOrEqual(Math.max(0, most.a - held));
        expect(taken('b')).toBeLessThanOrEqual(most.b);
        expect(taken('shared')).toBeLessThanOrEqual(most.shared);
        expect(ids(fit)).toEqual(ids(fit).toSorted());
        expect(fit.filter(({ candidate }) => candidate.lane.deploymentId === 'c')).toHaveLength(
          of.filter((lane) => lane === 'c').length,
        );
      }),
    );
  });
});
