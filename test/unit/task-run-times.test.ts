import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jitteredInterval, retryDelaySeconds } from '../../shared/domain/task-run/retry-delay.ts';
import { enterTaskState } from '../../shared/domain/task-run/transition.ts';
import { aState, second, start } from '../support/run-builders.ts';
import { aTaskRun } from '../support/task-run-builders.ts';

const at = (seconds: number) => start + seconds * second;
const state = (type: Parameters<typeof aState>[0], seconds: number, details = {}) =>
  aState(type, { id: `s${seconds}`, timestamp: at(seconds), details });

describe('entering a state', () => {
  it('counts runs, sums the time spent running, and tells start and end', () => {
    const states = [
      state('PENDING', 1),
      state('RUNNING', 2),
      state('SCHEDULED', 5, { scheduledTime: at(9) }),
      state('RUNNING', 9),
      state('COMPLETED', 13),
    ];

    const ended = states.reduce((taskRun, next) => enterTaskState(taskRun, next), aTaskRun());

    expect(ended).toMatchObject({
      state: { type: 'COMPLETED' },
      runCount: 2,
      totalRunTimeMs: 7_000,
      startTime: at(2),
      endTime: at(13),
      expectedStartTime: at(1),
    });
    expect(ended).not.toHaveProperty('nextScheduledStartTime');
  });

  it('of the beginning has nothing before it', () => {
    const { state: _state, ...blank } = aTaskRun({ state: 'RUNNING' });

    const created = enterTaskState({ ...blank, state: state('RUNNING', 3) }, state('RUNNING', 3), undefined);

    expect(created).toMatchObject({ runCount: 1, totalRunTimeMs: 0, startTime: at(3), expectedStartTime: at(3) });
  });

  it('that is scheduled expects the start for its time', () => {
    const scheduled = enterTaskState(aTaskRun(), state('SCHEDULED', 1, { scheduledTime: at(60) }));

    expect(scheduled).toMatchObject({ expectedStartTime: at(60), nextScheduledStartTime: at(60) });
    expect(enterTaskState(scheduled, state('RUNNING', 61))).toMatchObject({ expectedStartTime: at(60) });
  });

  it('without having run ends when it starts', () => {
    expect(enterTaskState(aTaskRun(), state('CANCELLED', 4))).toMatchObject({ startTime: at(4), endTime: at(4) });
  });

  it('after the end takes the end away; another end keeps the first', () => {
    const ended = enterTaskState(aTaskRun({ state: 'RUNNING' }), state('FAILED', 4));

    expect(enterTaskState(ended, state('RUNNING', 5))).not.toHaveProperty('endTime');
    expect(enterTaskState(ended, state('COMPLETED', 5))).toMatchObject({ endTime: at(4) });
  });

  it('remembers every flow run that it stood for', () => {
    const child = (id: string, seconds: number) => state('RUNNING', seconds, { other: { child_flow_run_id: id } });

    const taskRun = [child('one', 1), child('one', 2), child('two', 3)].reduce(
      (before, next) => enterTaskState(before, next),
      aTaskRun(),
    );

    expect(taskRun.childFlowRunIds).toEqual(['one', 'two']);
  });
});

describe('a retry delay', () => {
  it.each([
    [3, 1, 3],
    [[1, 2, 4], 1, 1],
    [[1, 2, 4], 3, 4],
    [[1, 2, 4], 9, 4],
    [[], 1, 0],
    [undefined, 1, 0],
  ])('of %j is in run %i %i s', (delay, runCount, seconds) => {
    const policy = delay === undefined ? {} : { retryDelaySeconds: delay };

    expect(retryDelaySeconds(policy, runCount, 0.5)).toBe(seconds);
  });

  it('without a delay has no jitter', () => {
    expect(retryDelaySeconds({ retryDelaySeconds: 0, retryJitterFactor: 5 }, 1, 0.9)).toBe(0);
  });

  it('with jitter lies around its average and never above the factor', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        fc.double({ min: 0.01, max: 49, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (average, factor, random) => {
          const delay = jitteredInterval(average, factor, random);

          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(average * (1 + factor) * 1.0001);
        },
      ),
    );
  });

  it("has Prefect's bounds", () => {
    // clamped_poisson_interval(10, 0.3) over its whole range, as Prefect's own function gives it.
    expect(jitteredInterval(10, 0.3, 0)).toBeCloseTo(7.517717039771911, 9);
    expect(jitteredInterval(10, 0.3, 1)).toBeCloseTo(13, 6);
  });
});
