// What an open attempt needs next, for each thing that may be known of it: no I/O, so every case is one call.
import { describe, expect, it } from 'vitest';
import type { Attempt, Try } from '../../shared/domain/run/attempt.ts';
import {
  type AttemptFacts,
  graceBeforeStop,
  isRescheduled,
  nextAttemptStep,
  repeatDelay,
  unwantedBecause,
} from '../../shared/domain/run/attempt-step.ts';
import { type StateType, stateTypes } from '../../shared/domain/run/state.ts';
import { anAttempt, aPushRun, aState, aTask, exitedTask, minute, second, start } from '../support/run-builders.ts';

const hour = 60 * minute;
const unsent: Try = { number: 2, clientToken: 't', sends: 0 };
const withTask = (over: Partial<Attempt> = {}) => anAttempt({ taskArn: 'arn', task: aTask('PENDING'), ...over });
const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;

function step(now: number, attempt: Attempt, run: AttemptFacts['run'] = aPushRun({ state: 'PENDING' })) {
  return nextAttemptStep({ run, attempt, now });
}

describe('an attempt that is over', () => {
  it('needs nothing', () => {
    const closed = withTask({ closed: { at: start, end: 'stopped' }, task: exitedTask(0) });

    expect(step(start, closed)).toEqual({ kind: 'done' });
  });

  it('is closed once its task is known STOPPED, whoever wants it or not', () => {
    for (const run of [undefined, aPushRun({ state: 'RUNNING' }), aPushRun({ state: 'CANCELLING' })]) {
      expect(nextAttemptStep({ run, attempt: withTask({ task: exitedTask(0) }), now: start })).toEqual({
        kind: 'close',
      });
    }
  });
});

describe('a launch that is not settled', () => {
  it.each([
    [1, 10 * second],
    [2, 20 * second],
    [3, 40 * second],
    [5, 160 * second],
    [6, 5 * minute],
    [60, 5 * minute],
  ])('is repeated after its send number %i in %i ms', (sends, delayMs) => {
    const attempt = anAttempt({ currentTry: { ...anAttempt().currentTry, sends } });

    expect(repeatDelay(sends)).toBe(delayMs);
    expect(step(start + delayMs - 1, attempt)).toEqual({ kind: 'wait', dueAt: start + delayMs });
    expect(step(start + delayMs, attempt)).toEqual({ kind: 'send' });
  });

  it('sends nothing once its token may be dead', () => {
    const lastSentAt = start + 44 * minute;
    const attempt = anAttempt({ currentTry: { ...anAttempt().currentTry, lastSentAt, sends: 9 } });

    expect(step(start + 45 * minute - 1, attempt)).toMatchObject({ kind: 'wait' });
    expect(step(start + 45 * minute, attempt)).toEqual({ kind: 'prove-absence' });
  });

  it('is repeated although nobody wants it any more: only ECS knows whether there is a task', () => {
    expect(step(start + 10 * second, anAttempt(), aPushRun({ state: 'CANCELLING' }))).toEqual({ kind: 'send' });
  });

  it('waits for the time of its new try', () => {
    const attempt = anAttempt({ currentTry: unsent, dueAt: start + 5 * second });

    expect(step(start, attempt)).toEqual({ kind: 'wait', dueAt: start + 5 * second });
    expect(step(start + 5 * second, attempt)).toEqual({ kind: 'send' });
  });

  it('is sent at once when its new try has no time', () => {
    const { dueAt: _dueAt, ...attempt } = anAttempt({ currentTry: unsent });

    expect(step(start, attempt)).toEqual({ kind: 'send' });
  });

  it('is given up at the start deadline when nothing of the try was sent', () => {
    const attempt = anAttempt({ currentTry: unsent, dueAt: start });

    expect(step(start + 900 * second - 1, attempt)).toEqual({ kind: 'send' });
    expect(step(start + 900 * second, attempt)).toEqual({ kind: 'give-up-launch', reason: 'start-deadline' });
  });

  it.each([
    ['cancelled', aPushRun({ state: 'CANCELLING' })],
    ['run-ended', aPushRun({ state: 'FAILED' })],
    ['not-current', aPushRun({ state: 'PENDING', attempt: 2 })],
  ])('is given up when nothing of the try was sent and it is %s', (reason, run) => {
    expect(step(start, anAttempt({ currentTry: unsent }), run)).toEqual({ kind: 'give-up-launch', reason });
  });

  it('is given up when its run is deleted', () => {
    const facts = { run: undefined, attempt: anAttempt({ currentTry: unsent }), now: start };

    expect(nextAttemptStep(facts)).toEqual({ kind: 'give-up-launch', reason: 'run-deleted' });
  });
});

describe('who wants the task', () => {
  it('is nobody once the run is deleted, also for those who read the run before', () => {
    const facts = { run: aPushRun({ state: 'RUNNING' }), attempt: anAttempt({ isRunDeleted: true, taskArn: 'arn' }) };

    expect(unwantedBecause(facts)).toBe('run-deleted');
    expect(nextAttemptStep({ ...facts, now: start })).toEqual({ kind: 'stop', cause: 'run-deleted' });
  });

  const because = (run: AttemptFacts['run']) => unwantedBecause({ run, attempt: anAttempt() });

  it.each(stateTypes)('is told by the state of the run: %s', (type) => {
    const unwanted: Partial<Record<StateType, string>> = {
      SCHEDULED: 'run-ended',
      CANCELLING: 'cancelled',
      COMPLETED: 'run-ended',
      FAILED: 'run-ended',
      CANCELLED: 'run-ended',
      CRASHED: 'run-ended',
    };

    expect(because(aPushRun({ state: type }))).toBe(unwanted[type]);
  });

  it('is the engine whose retry waits inside it', () => {
    const run = aPushRun({ state: 'SCHEDULED', empiricalPolicy: inProcess });

    expect(isRescheduled(run)).toBe(false);
    expect(because(run)).toBeUndefined();
  });

  it('is nobody when the run is deleted, or another attempt is its current one', () => {
    expect(because(undefined)).toBe('run-deleted');
    expect(because(aPushRun({ state: 'RUNNING', attempt: 2 }))).toBe('not-current');
  });

  it('is nobody when the run was created again under its id and never opened this attempt', () => {
    expect(because(aPushRun({ state: 'RUNNING', isAttemptOpen: false }))).toBe('not-current');
  });
});

describe('the grace before StopTask', () => {
  it.each([
    ['CANCELLING', 60],
    ['CANCELLED', 30],
    ['CRASHED', 30],
    ['SCHEDULED', 30],
    ['COMPLETED', 600],
    ['FAILED', 600],
  ] as const)('is, for the task of an engine whose run is %s, %i s', (type, seconds) => {
    const run = aPushRun({ state: type });
    const dueAt = start + seconds * second;

    expect(graceBeforeStop(run, anAttempt())).toBe(seconds * second);
    expect(step(dueAt - 1, withTask(), run)).toEqual({ kind: 'wait', dueAt });
    expect(step(dueAt, withTask(), run)).toMatchObject({ kind: 'stop' });
  });

  it('is none for a container that does not know Prefect and whose run is cancelled', () => {
    const run = aPushRun({ state: 'CANCELLING' });

    expect(step(start, withTask({ reports: 'exit-code' }), run)).toEqual({ kind: 'stop', cause: 'cancelled' });
  });

  it('is none for an engine that was cancelled before it said a word', () => {
    const cancelledFrom = (type: StateType) => aPushRun({ state: 'CANCELLING', recentStates: [aState(type)] });

    expect(step(start, withTask(), cancelledFrom('PENDING'))).toEqual({ kind: 'stop', cause: 'cancelled' });
    expect(step(start, withTask(), cancelledFrom('RUNNING'))).toEqual({ kind: 'wait', dueAt: start + minute });
    expect(step(start, withTask(), cancelledFrom('PAUSED'))).toEqual({ kind: 'wait', dueAt: start + minute });
  });

  it('is none for the task of a deleted run or of an attempt that is not current', () => {
    expect(nextAttemptStep({ run: undefined, attempt: withTask(), now: start })).toEqual({
      kind: 'stop',
      cause: 'run-deleted',
    });
    expect(step(start, withTask(), aPushRun({ state: 'RUNNING', attempt: 2 }))).toEqual({
      kind: 'stop',
      cause: 'not-current',
    });
  });

  it('is over with the first request, which is repeated until the task stops', () => {
    const stopRequested = { at: start, cause: 'maximum-duration', sends: 1 } as const;
    const attempt = withTask({ stopRequested });

    expect(step(start + minute - 1, attempt)).toEqual({ kind: 'wait', dueAt: start + minute });
    expect(step(start + minute, attempt)).toEqual({ kind: 'stop', cause: 'maximum-duration' });
  });
});

describe('a task that starts', () => {
  it('is looked at when its deadline comes', () => {
    const attempt = withTask({ dueAt: start + minute });

    expect(step(start, attempt)).toEqual({ kind: 'wait', dueAt: start + minute });
    expect(step(start + minute, attempt)).toEqual({ kind: 'look' });
  });

  it('is looked at when it has no deadline', () => {
    const { dueAt: _dueAt, ...attempt } = withTask();

    expect(step(start, attempt)).toEqual({ kind: 'look' });
  });

  it('is stopped at its start deadline', () => {
    const attempt = withTask({ dueAt: start + hour });

    expect(step(start + 900 * second, attempt)).toEqual({ kind: 'stop', cause: 'start-deadline' });
  });
});

describe('a task that runs', () => {
  const maximum = { kind: 'stop', cause: 'maximum-duration' };
  const startedAt = start + minute;

  it('is left alone until its maximum duration, counted from its start', () => {
    const attempt = withTask({ task: aTask('RUNNING', { startedAt }) });

    expect(step(startedAt, attempt)).toEqual({ kind: 'wait', dueAt: startedAt + hour });
    expect(step(startedAt + hour, attempt)).toEqual(maximum);
  });

  it.each(['RUNNING', 'PAUSED'] as const)('is known from its engine too (%s)', (type) => {
    const run = aPushRun({ state: type, startTime: startedAt });

    expect(step(startedAt, withTask(), run)).toEqual({ kind: 'wait', dueAt: startedAt + hour });
  });

  it('counts from the claim when nobody said when it started', () => {
    expect(step(start, withTask({ task: aTask('RUNNING') }))).toEqual({ kind: 'wait', dueAt: start + hour });
  });
});

describe('a crash that is held', () => {
  const heldCrash = aState('CRASHED', { id: 'held' });
  const attempt = withTask({ task: aTask('RUNNING', { startedAt: start }), heldCrash });

  it('asks ECS after 150 s', () => {
    const run = aPushRun({ state: 'RUNNING' });

    expect(step(start, attempt, run)).toEqual({ kind: 'wait', dueAt: start + 150 * second });
    expect(step(start + 150 * second, attempt, run)).toEqual({ kind: 'look' });
  });

  it('is settled once the run has it, and the task that lives on is stopped', () => {
    const run = aPushRun({ state: heldCrash });

    expect(step(start + 30 * second, attempt, run)).toEqual({ kind: 'stop', cause: 'run-ended' });
  });

  it('keeps no task alive that nobody wants', () => {
    const late = start + hour;

    expect(step(late, attempt, aPushRun({ state: 'FAILED' }))).toEqual({ kind: 'stop', cause: 'run-ended' });
    expect(step(late, attempt, aPushRun({ state: 'CANCELLING' }))).toEqual({ kind: 'stop', cause: 'cancelled' });
    expect(nextAttemptStep({ run: undefined, attempt, now: late })).toEqual({ kind: 'stop', cause: 'run-deleted' });
  });
});
