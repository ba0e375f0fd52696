// Every open obligation of a run's head has a deadline, and what the deadline brings by itself.
import { describe, expect, it } from 'vitest';
import { awaitsWords, dueOf, withDue } from '../../shared/domain/run/due.ts';
import { isWaiting, laneName, laneOf, startsAt } from '../../shared/domain/run/lane.ts';
import { type StateType, stateTypes } from '../../shared/domain/run/state.ts';
import { overdueState } from '../../shared/use-cases/visit-run.ts';
import {
  anAttempt,
  aPushRun,
  aRun,
  aState,
  deploymentId,
  minute,
  queueId,
  second,
  start,
} from '../support/run-builders.ts';

const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;
const scheduled = (name = 'Scheduled') => aState('SCHEDULED', { name, details: { scheduledTime: start + minute } });
const waiting = (name?: string) => aPushRun({ state: scheduled(name), isAttemptOpen: false });

describe('the deadline of a run that waits', () => {
  it('is its time', () => {
    expect(dueOf(waiting(), undefined)).toBe(start + minute);
    expect(dueOf(waiting('AwaitingRetry'), undefined)).toBe(start + minute);
  });

  it('is every ten minutes once it is Late', () => {
    expect(dueOf(waiting('Late'), undefined)).toBe(start + 10 * minute);
  });

  it('is none when nobody can take it', () => {
    const { deploymentId: _deployment, ...run } = aRun({ state: scheduled() });

    expect(dueOf(run, undefined)).toBeUndefined();
    expect(dueOf({ ...run, deploymentId }, undefined)).toBe(start + minute);
    expect(dueOf({ ...run, workPoolName: 'p' }, undefined)).toBe(start + minute);
  });
});

describe('the deadline of a run with an open attempt', () => {
  it.each(stateTypes)('in %s follows from who still wants the task', (type) => {
    const graces: Partial<Record<StateType, number>> = {
      SCHEDULED: 30 * second,
      CANCELLING: minute,
      COMPLETED: 10 * minute,
      FAILED: 10 * minute,
      CANCELLED: 30 * second,
      CRASHED: 30 * second,
    };
    const grace = graces[type];

    expect(dueOf(aPushRun({ state: type }), anAttempt())).toBe(grace === undefined ? undefined : start + grace);
  });

  it('is none while a retry waits in its engine', () => {
    expect(dueOf(aPushRun({ state: 'SCHEDULED', empiricalPolicy: inProcess }), anAttempt())).toBeUndefined();
  });

  it('is the end of the pause', () => {
    const state = aState('PAUSED', { details: { pauseTimeout: start + minute } });

    expect(dueOf(aPushRun({ state }), anAttempt())).toBe(start + minute);
    expect(dueOf(aRun({ state }), undefined)).toBe(start + minute);
  });
});

describe('the deadline of a run without an attempt', () => {
  it('is a minute for a cancellation that no task of ours can end', () => {
    const cancelling = aPushRun({ state: 'CANCELLING', isAttemptOpen: false });

    expect(dueOf(cancelling, undefined)).toBe(start + minute);
    // Whoever else executes a run has as long as Prefect gives him.
    expect(dueOf(aRun({ state: 'CANCELLING' }), undefined)).toBe(start + 5 * minute);
  });

  it('is 20 s after it was Cancelled, for what it leaves unfinished', () => {
    const run = aPushRun({ state: 'CANCELLED', isAttemptOpen: false });

    expect(dueOf(run, undefined)).toBe(start + 20 * second);
  });

  it.each(['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CRASHED'] as const)('is none in %s', (type) => {
    expect(dueOf(aPushRun({ state: type, isAttemptOpen: false }), undefined)).toBeUndefined();
  });
});

describe('a deadline', () => {
  it('is put, changed and taken away', () => {
    expect(withDue(aRun({}), 5).dueAt).toBe(5);
    expect(withDue(aRun({ dueAt: 3 }), 5).dueAt).toBe(5);
    expect('dueAt' in withDue(aRun({ dueAt: 3 }), undefined)).toBe(false);
  });
});

describe('last words', () => {
  it.each(stateTypes)('are awaited of a push run that is %s only while it seems to run', (type) => {
    const run = aPushRun({ state: type, isAttemptOpen: false });

    expect(awaitsWords(run)).toBe(type === 'RUNNING' || type === 'PENDING');
  });

  it('are awaited of no other run', () => {
    const over = { state: 'RUNNING', isAttemptOpen: false } as const;

    expect(awaitsWords(aPushRun({ state: 'RUNNING' }))).toBe(false);
    expect(awaitsWords(aPushRun({ ...over, attempt: 0 }))).toBe(false);
    expect(awaitsWords(aRun({ ...over, attempt: 1 }))).toBe(false);
  });
});

describe('what time alone brings', () => {
  const lateAt = start + minute + 15 * second;

  it('is Late, 15 s after the time of a scheduled run', () => {
    expect(overdueState(waiting(), lateAt - 1)).toBeUndefined();
    expect(overdueState(waiting(), lateAt)).toMatchObject({ type: 'SCHEDULED', name: 'Late' });
    expect(overdueState(waiting(), lateAt)?.details).toEqual({ scheduledTime: start + minute });
  });

  it.each(['Late', 'AwaitingRetry', 'Resuming', 'AwaitingConcurrencySlot'])(
    'is not Late for a run that is %s, as on Prefect’s server',
    (name) => {
      expect(overdueState(waiting(name), lateAt)).toBeUndefined();
    },
  );

  it('is nothing before the deadline, and nothing without one', () => {
    const run = aPushRun({ state: 'RUNNING', isAttemptOpen: false });

    expect(overdueState(run, lateAt)).toBeUndefined();
    expect(overdueState({ ...run, dueAt: lateAt + 1 }, lateAt)).toBeUndefined();
  });

  it('is Crashed for an engine that exited with 0 and never said how it ended', () => {
    for (const state of ['RUNNING', 'PENDING'] as const) {
      expect(overdueState(aPushRun({ state, isAttemptOpen: false, dueAt: start }), start)).toEqual({
        type: 'CRASHED',
        name: 'Crashed',
        message: 'The container exited with code 0 without a final state.',
        details: {},
      });
    }
  });

  it('is Cancelled for a cancellation that no task of ours can end', () => {
    const run = aPushRun({ state: 'CANCELLING', isAttemptOpen: false, dueAt: start });

    expect(overdueState(run, start)).toMatchObject({ type: 'CANCELLED', name: 'Cancelled' });
    expect(overdueState({ ...run, isAttemptOpen: true }, start)).toBeUndefined();
    expect(overdueState({ ...run, launched: false }, start)).toMatchObject({
      type: 'CANCELLED',
      message: 'Nobody reported the end of this run in time.',
    });
  });

  it('is Failed for a pause whose time is over', () => {
    const paused = (pauseTimeout?: number) =>
      aPushRun({
        state: aState('PAUSED', { details: pauseTimeout === undefined ? {} : { pauseTimeout } }),
        dueAt: start,
      });

    expect(overdueState(paused(start), start)).toMatchObject({
      type: 'FAILED',
      message: 'The flow was paused and never resumed.',
    });
    expect(overdueState(paused(start + 1), start)).toBeUndefined();
    expect(overdueState(paused(), start)).toBeUndefined();
  });

  it('is nothing for a run whose attempt carries the obligation on', () => {
    expect(overdueState(aPushRun({ state: 'COMPLETED', dueAt: start }), start)).toBeUndefined();
  });
});

describe('a lane', () => {
  it('is made of pool, queue and deployment', () => {
    const place = { workPoolName: 'p', workQueueId: queueId };

    expect(laneOf({ ...place, deploymentId })).toEqual({ ...place, deploymentId });
    expect(laneOf(place)).toEqual(place);
  });

  it('of a deployment without a pool is its own, and a run without both has none', () => {
    expect(laneOf({ deploymentId })).toEqual({ workPoolName: '-', workQueueId: '-', deploymentId });
    expect(laneOf({ workPoolName: 'p', deploymentId })).toEqual({ workPoolName: '-', workQueueId: '-', deploymentId });
    expect(laneOf({})).toBeUndefined();
  });

  it('has one name, whatever order its members come in', () => {
    const [one, other] = [
      { workPoolName: 'p', workQueueId: 'q', deploymentId },
      { deploymentId, workQueueId: 'q', workPoolName: 'p' },
    ];

    expect(laneName(one)).toBe(laneName(other));
    expect(laneName({ workPoolName: 'p', workQueueId: 'q' })).not.toBe(laneName(one));
  });

  it('holds runs that wait for a start: not those with a task, nor retries in their engine', () => {
    expect(isWaiting(waiting())).toBe(true);
    expect(isWaiting(aPushRun({ state: 'SCHEDULED' }))).toBe(false);
    expect(isWaiting(aRun({ state: 'SCHEDULED', empiricalPolicy: inProcess }))).toBe(false);
    for (const type of stateTypes.slice(1)) expect(isWaiting(aRun({ state: type }))).toBe(false);
  });

  it('is left at the scheduled time, the next scheduled one, or at once', () => {
    expect(startsAt(aRun({ state: scheduled(), nextScheduledStartTime: 7 }))).toBe(start + minute);
    expect(startsAt(aRun({ nextScheduledStartTime: 7 }))).toBe(7);
    expect(startsAt(aRun({}))).toBe(start);
  });
});
