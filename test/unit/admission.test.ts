// The arithmetic of admission: the pump's lease, launch time from a token bucket, throttling and the freeze switch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdmissionState,
  emptyAdmission,
  type Grant,
  grant,
  grantRepeat,
  type LaunchRate,
  release,
  throttled,
} from '../../shared/domain/submit/admission.ts';
import {
  freshStopPace,
  grabStop,
  reserveStop,
  type StopPace,
  stopThrottled,
} from '../../shared/domain/submit/stop-pace.ts';
import { launchTimeOf } from '../../shared/use-cases/launch-time.ts';
import { second, start } from '../support/run-builders.ts';

/** Of calls and of each capacity type, so that both are spent alike where a test does not tell them apart. */
const rate: LaunchRate = { perSecond: 20, burst: 100, calls: { perSecond: 20, burst: 100 } };
const fresh = emptyAdmission(rate, start);
/** All buckets hold as much. */
const bucket = (tokens: number, over: Partial<AdmissionState> = {}): AdmissionState => ({
  ...fresh,
  launches: { tokens, at: start },
  byType: { FARGATE: { tokens, at: start }, FARGATE_SPOT: { tokens, at: start } },
  ...over,
});
const onFargate = (now = start) => ({ now, type: 'FARGATE' }) as const;
const both = (count: number) => ({ FARGATE: count, FARGATE_SPOT: count });

function granted(answer: Grant): Extract<Grant, { kind: 'granted' }> {
  if (answer.kind !== 'granted') throw new Error(`not granted: ${answer.kind}`);
  return answer;
}

const take = (state: AdmissionState, count: number, now = start) => granted(grant(state, rate, { count, now }));

describe('the lease', () => {
  it('is given for 10 s with a new epoch and its reservation', () => {
    const { after, reservation } = take(bucket(100, { epoch: 7, more: true }), 40);

    expect(after).toMatchObject({ epoch: 8, leaseUntil: start + 10 * second, more: false });
    expect(reservation).toEqual({ epoch: 8, count: 40, byType: both(40), expiresAt: start + 10 * second });
  });

  it('that is held is asked for more, and given to nobody else', () => {
    const held = take(fresh, 1).after;

    expect(grant(held, rate, { count: 1, now: start + 10 * second - 1 })).toEqual({
      kind: 'held',
      after: { ...held, more: true },
    });
  });

  it('of a dead holder expires', () => {
    const held = take(fresh, 1).after;

    expect(take(held, 1, start + 10 * second).reservation.epoch).toBe(2);
  });

  it('is given back by its holder only, who hears whether there is more', () => {
    const { after } = take(fresh, 1);

    expect(release(after, 1)).toEqual({ after: { ...after, leaseUntil: 0 }, hasMore: false });
    expect(release({ ...after, more: true }, 1)).toEqual({ after: { ...after, leaseUntil: 0 }, hasMore: true });
    expect(release(after, 0)).toBeUndefined();
    expect(release(after, 2)).toBeUndefined();
  });

  it('is given back with the launch time that nobody used', () => {
    const { after } = take(fresh, 40);

    const released = release(after, 1, { calls: 15, byType: { FARGATE: 15, FARGATE_SPOT: 40 } });

    expect(released?.after.launches.tokens).toBe(75);
    expect(released?.after.byType).toMatchObject({ FARGATE: { tokens: 75 }, FARGATE_SPOT: { tokens: 100 } });
    expect(take(released?.after ?? after, 100).reservation.count).toBe(75);
  });
});

describe('launch time', () => {
  it('is what the burst holds at first', () => {
    expect(take(fresh, 1_000).reservation.count).toBe(100);
    expect(take(fresh, 30).after.launches).toEqual({ tokens: 70, at: start });
  });

  it('comes back at the rate, up to the burst', () => {
    expect(take(bucket(0), 1_000, start + second).reservation.count).toBe(20);
    expect(take(bucket(0.5), 1_000, start + second).after.launches.tokens).toBe(0.5);
    expect(take(bucket(0), 1_000, start + 3_600 * second).reservation.count).toBe(100);
  });

  it('that is spent says when there is some again', () => {
    const answer = grant(bucket(0), rate, { count: 5, now: start });

    expect(answer).toEqual({ kind: 'exhausted', waitMs: 50 });
    expect(grant(bucket(0.9), rate, { count: 5, now: start })).toEqual({ kind: 'exhausted', waitMs: 5 });
    expect(take(bucket(0), 5, start + 50).reservation.count).toBe(1);
  });

  it('is not counted twice when clocks disagree', () => {
    const first = take(bucket(10), 10).after;
    const behind = take({ ...bucket(1, { epoch: first.epoch }), leaseUntil: 0 }, 1, start - 5 * second).after;

    expect(behind.launches.at).toBe(start);
    expect(grant({ ...behind, leaseUntil: 0 }, rate, { count: 1, now: start }).kind).toBe('exhausted');
  });

  it('is given to nobody while frozen', () => {
    const frozen = { ...fresh, freeze: { since: start, reason: 'a test' } };

    expect(grant(frozen, rate, { count: 1, now: start })).toEqual({ kind: 'frozen' });
    expect(grantRepeat(frozen, rate, onFargate())).toEqual({ kind: 'frozen' });
  });
});

describe('launch time for repeating a try', () => {
  it('needs no lease and leaves the holder his', () => {
    const held = { ...take(fresh, 99).after, more: true };

    const answer = granted(grantRepeat(held, rate, onFargate()));

    const none = { tokens: 0, at: start };
    expect(answer.after).toEqual({ ...held, launches: none, byType: { ...held.byType, FARGATE: none } });
    expect(answer.reservation).toEqual({
      epoch: 1,
      count: 1,
      byType: { FARGATE: 1 },
      expiresAt: start + 10 * second,
    });
  });

  it('comes from the same bucket', () => {
    expect(grantRepeat(bucket(0.5), rate, onFargate())).toEqual({ kind: 'exhausted', waitMs: 25 });
  });
});

describe('capacity types', () => {
  const spotSpent = bucket(50, { byType: { FARGATE_SPOT: { tokens: 0, at: start } } });

  it('have a bucket each, and calls of RunTask one for all', () => {
    expect(take(spotSpent, 40).reservation).toMatchObject({ count: 40, byType: { FARGATE: 40, FARGATE_SPOT: 0 } });
    expect(take({ ...fresh, launches: { tokens: 3, at: start } }, 40).reservation).toMatchObject({
      count: 3,
      byType: both(3),
    });
  });

  it('that are known and have no launch time get no lease', () => {
    const wanted = { count: 5, now: start };

    expect(grant(spotSpent, rate, { ...wanted, types: ['FARGATE_SPOT'] })).toEqual({ kind: 'exhausted', waitMs: 50 });
    expect(
      granted(grant(spotSpent, rate, { ...wanted, types: ['FARGATE_SPOT', 'FARGATE'] })).reservation.byType,
    ).toEqual({ FARGATE: 5, FARGATE_SPOT: 0 });
  });

  it('that AWS does not pace need calls of RunTask alone', () => {
    const spent = bucket(50, { byType: bucket(0).byType ?? {} });

    expect(granted(grant(spent, rate, { count: 5, now: start, types: ['PROVIDER'] })).reservation.count).toBe(5);
    expect(granted(grantRepeat(spent, rate, { now: start, type: 'EC2' })).reservation.byType).toEqual({});
    expect(grantRepeat(spent, rate, onFargate()).kind).toBe('exhausted');
  });

  it('are spent claim by claim, and what is left is known', () => {
    const time = launchTimeOf({ epoch: 1, count: 3, byType: { FARGATE: 1, FARGATE_SPOT: 0 }, expiresAt: start });

    const taken = (['FARGATE_SPOT', 'FARGATE', 'FARGATE', 'EC2', 'EC2', 'EC2'] as const).map(time.take);
    time.giveBack('FARGATE');

    expect(taken).toEqual([false, true, false, true, true, false]);
    expect(time.unused()).toEqual({ calls: 1, byType: { FARGATE: 1, FARGATE_SPOT: 0 } });
  });
});

describe('StopTask', () => {
  const stopRate = { perSecond: 10, burst: 25 };
  const times = (state: StopPace, count: number) =>
    Array.from({ length: count }).reduce<{ state: StopPace; at: number[] }>(
      (before) => {
        const { after, at } = reserveStop(before.state, stopRate, start);
        return { state: after, at: [...before.at, at - start] };
      },
      { state, at: [] },
    );

  it('goes at once while the burst lasts, then each has a time of its own at the rate', () => {
    const { at } = times(freshStopPace(stopRate, start), 28);

    expect(at.slice(0, 25)).toEqual(Array.from({ length: 25 }, () => 0));
    expect(at.slice(25)).toEqual([100, 200, 300]);
  });

  it('that need not be waited for takes only what is there now', () => {
    const { state } = times(freshStopPace(stopRate, start), 25);

    expect(grabStop(state, stopRate, start)).toBeUndefined();
    expect(grabStop(state, stopRate, start + 100)?.stops.tokens).toBeCloseTo(0);
  });

  it('slows down by half on throttling, and creeps back', () => {
    const empty: StopPace = { ...freshStopPace(stopRate, start), stops: { tokens: 0, at: start } };
    const slow = stopThrottled(empty, start);

    expect(slow).toMatchObject({ share: 0.5, throttledAt: start });
    expect(stopThrottled(slow, start + second)).toBe(slow);
    expect(reserveStop(slow, stopRate, start).at - start).toBe(200);
    expect(
      reserveStop({ ...slow, stops: { tokens: 0, at: start + 90 * second } }, stopRate, start + 90 * second).at,
    ).toBe(start + 90 * second + 100);
  });
});

describe('throttling', () => {
  it('halves the share once a burst', () => {
    const once = throttled(fresh, start);

    expect(once).toMatchObject({ share: 0.5, throttledAt: start });
    expect(throttled(once, start + 2 * second - 1)).toBe(once);
    expect(throttled(once, start + 2 * second).share).toBe(0.25);
  });

  it('leaves a twentieth at the least', () => {
    let state = fresh;
    for (let at = 0; at < 10; at += 1) state = throttled(state, start + at * 2 * second);

    expect(state.share).toBe(0.05);
  });

  it('slows the bucket down', () => {
    expect(take(bucket(0, { share: 0.5, throttledAt: start }), 100, start + second).reservation.count).toBe(10);
    expect(grant(bucket(0, { share: 0.5, throttledAt: start }), rate, { count: 1, now: start })).toEqual({
      kind: 'exhausted',
      waitMs: 100,
    });
  });

  it('is forgotten by a fifth each half minute, however often launches are granted meanwhile', () => {
    let state: AdmissionState = { ...bucket(0), share: 0.2, throttledAt: start };
    const perSecond: number[] = [];
    for (let elapsed = 1; elapsed <= 150; elapsed += 1) {
      const { after, reservation } = take({ ...state, leaseUntil: 0 }, 100, start + elapsed * second);
      if (elapsed % 30 === 0) perSecond.push(reservation.count);
      state = after;
    }

    expect(perSecond).toEqual([8, 12, 16, 20, 20]);
  });

  it('counts from where the share had come back to', () => {
    expect(throttled({ ...fresh, share: 0.4, throttledAt: start }, start + 60 * second).share).toBeCloseTo(0.4);
  });
});

/** Pumps that come at any time, with clocks that may lag, some of which are throttled or give launches back. */
const visits = fc.array(
  fc.record({
    elapsed: fc.integer({ min: 0, max: 8_000 }),
    lag: fc.integer({ min: 0, max: 2_000 }),
    count: fc.integer({ min: 1, max: 150 }),
    kind: fc.constantFrom('pump', 'pump', 'repeat', 'throttle'),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 60 },
);

describe('any sequence of pumps', () => {
  it('never launches more than the burst and the rate allow, over any window', () => {
    fc.assert(
      fc.property(visits, (list) => {
        const launches = launchesOf(list);
        launches.forEach((first, from) => {
          let sum = 0;
          for (const { at, count } of launches.slice(from)) {
            sum += count;
            // A clock that lags begins the window earlier by as much.
            const windowMs = at - first.at + first.lag;
            expect(sum).toBeLessThanOrEqual(rate.burst + (windowMs / 1000) * rate.perSecond + 1e-6);
          }
        });
      }),
    );
  });
});

type Visit = { elapsed: number; lag: number; count: number; kind: string; used: number };

/** True time of each launch, and how far the clock lagged that granted it. */
function launchesOf(list: readonly Visit[]): { at: number; lag: number; count: number }[] {
  let state = fresh;
  let time = start;
  const launches: { at: number; lag: number; count: number }[] = [];
  for (const { elapsed, lag, count, kind, used } of list) {
    time += elapsed;
    const now = time - lag;
    if (kind === 'throttle') {
      state = throttled(state, now);
      continue;
    }
    const answer = kind === 'pump' ? grant(state, rate, { count, now }) : grantRepeat(state, rate, onFargate(now));
    if (answer.kind !== 'granted') continue;
    const launched = kind === 'pump' ? Math.ceil(answer.reservation.count * used) : 1;
    launches.push({ at: time, lag, count: launched });
    const unused = answer.reservation.count - launched;
    const released =
      kind === 'pump'
        ? release(answer.after, answer.reservation.epoch, { calls: unused, byType: both(unused) })
        : undefined;
    state = released?.after ?? answer.after;
  }
  return launches;
}
