// Who goes next: by queue priority, then by due time, in turns over the pools.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, orderCandidates } from '../../shared/domain/submit/order.ts';

const candidate = (runId: string, pool = 'a', priority = 1, scheduledTime = 0): Candidate => ({
  runId,
  priority,
  scheduledTime,
  lane: { workPoolName: pool, workQueueId: 'q' },
});
const ids = (candidates: readonly Candidate[]) => orderCandidates(candidates).map(({ runId }) => runId);

const lists = fc.array(
  fc.record({
    runId: fc.uuid(),
    priority: fc.integer({ min: 1, max: 3 }),
    scheduledTime: fc.nat(5),
    lane: fc.record({ workPoolName: fc.constantFrom('a', 'b', 'c'), workQueueId: fc.constantFrom('q', 'r') }),
  }),
  { maxLength: 40 },
);

describe('within a pool', () => {
  it('the queue with the lower number goes first, however long others wait', () => {
    expect(ids([candidate('old', 'a', 2, 1), candidate('urgent', 'a', 1, 9)])).toEqual(['urgent', 'old']);
  });

  it('who is due longer goes first, and ids decide between equals', () => {
    expect(ids([candidate('z', 'a', 1, 5), candidate('b', 'a', 1, 3), candidate('a', 'a', 1, 3)])).toEqual([
      'a',
      'b',
      'z',
    ]);
  });
});

describe('over the pools', () => {
  it('a pool with thousands does not keep another waiting', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => candidate(`m${at}`, 'big', 1, at));

    expect(ids([...many, candidate('one', 'small', 5, 99)]).indexOf('one')).toBe(1);
  });

  it('who waited longest is first in each turn, so that no pool is always last', () => {
    expect(ids([candidate('young', 'a', 1, 9), candidate('old', 'b', 1, 1), candidate('next', 'a', 1, 10)])).toEqual([
      'old',
      'young',
      'next',
    ]);
  });
});

describe('any candidates', () => {
  it('come out once each', () => {
    fc.assert(
      fc.property(lists, (list) => {
        expect([...orderCandidates(list)].sort(byId)).toEqual([...list].sort(byId));
      }),
    );
  });

  it('are ordered within each pool', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const ordered = orderCandidates(list);
        for (const pool of ['a', 'b', 'c']) {
          const rank = ordered
            .filter(({ lane }) => lane.workPoolName === pool)
            .map(({ priority, scheduledTime }) => priority * 100 + scheduledTime);
          expect(rank).toEqual([...rank].sort((one, other) => one - other));
        }
      }),
    );
  });

  it('give each pool its turn before another has two more', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const left = new Map(['a', 'b', 'c'].map((pool) => [pool, sizeOf(list, pool)]));
        const taken = new Map(['a', 'b', 'c'].map((pool) => [pool, 0]));
        for (const { lane } of orderCandidates(list)) {
          taken.set(lane.workPoolName, (taken.get(lane.workPoolName) ?? 0) + 1);
          const behind = [...taken].filter(([pool, count]) => count < (left.get(pool) ?? 0)).map(([, count]) => count);
          expect(Math.max(...taken.values()) - Math.min(...behind, Infinity)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('are left as they were given', () => {
    const list = [candidate('b'), candidate('a')];

    orderCandidates(list);

    expect(list.map(({ runId }) => runId)).toEqual(['b', 'a']);
    expect(orderCandidates([])).toEqual([]);
  });
});

const byId = (one: Candidate, other: Candidate) => (one.runId < other.runId ? -1 : 1);
const sizeOf = (list: readonly Candidate[], pool: string) =>
  list.filter(({ lane }) => lane.workPoolName === pool).length;
