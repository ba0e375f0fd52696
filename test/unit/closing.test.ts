// What the end of a task means for its run: engine words win, ECS words decide when the engine is silent,
// infrastructure failures come first.
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../shared/domain/run/attempt.ts';
import { endingOf, endingWithoutTask, restartOrCrash } from '../../shared/domain/run/closing.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { type StateType, stateTypes, terminalTypes } from '../../shared/domain/run/state.ts';
import { anAttempt, aPushRun, aState, aTask, exitedTask, second } from '../support/run-builders.ts';

const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;
const suspended = aState('PAUSED', { name: 'Suspended', details: { pauseReschedule: true } });
const retrying = { state: aState('SCHEDULED', { name: 'AwaitingRetry' }), empiricalPolicy: inProcess };
const spot = aTask('STOPPED', { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' });
const byHand = aTask('STOPPED', { stopCode: 'UserInitiated', stoppedReason: 'stopped by anna' });
const noImage = aTask('STOPPED', { stopCode: 'TaskFailedToStart', stoppedReason: 'pull access denied' });

const engine = (over: Partial<Attempt> = {}) => anAttempt({ task: exitedTask(0), ...over });
const container = (over: Partial<Attempt> = {}) => engine({ reports: 'exit-code', ...over });
const end = (type: StateType, message?: unknown) => ({
  kind: 'end',
  state: { type, details: {}, ...(message === undefined ? {} : { message }) },
});
const restart = (reason: string, delayMs = 0) => ({ kind: 'restart', reason, delayMs });

/** The same for both kinds of attempts. */
function bothEnd(run: Run, over: Partial<Attempt>, expected: object): void {
  expect(endingOf(run, engine(over))).toMatchObject(expected);
  expect(endingOf(run, container(over))).toMatchObject(expected);
}

describe('whatever the task did', () => {
  it.each(terminalTypes)('a run that is %s stays as it is', (type) => {
    for (const task of [exitedTask(0), exitedTask(1), spot, byHand, noImage]) {
      bothEnd(aPushRun({ state: type }), { task }, { kind: 'keep' });
    }
  });

  it('a run that waits for a new attempt goes on waiting', () => {
    bothEnd(aPushRun({ state: 'SCHEDULED' }), { task: spot }, { kind: 'keep' });
  });

  it('a run that is CANCELLING is CANCELLED', () => {
    for (const task of [exitedTask(0), exitedTask(1), spot, byHand, noImage]) {
      bothEnd(aPushRun({ state: 'CANCELLING' }), { task }, end('CANCELLED', 'The task was stopped.'));
    }
  });

  it('a task that exceeded its maximum duration failed', () => {
    const stopRequested = { at: 0, cause: 'maximum-duration', sends: 1 } as const;

    const ending = endingOf(aPushRun({ state: 'RUNNING' }), engine({ task: byHand, stopRequested }));

    expect(ending).toEqual({
      kind: 'end',
      state: {
        type: 'FAILED',
        name: 'TimedOut',
        message: 'The run exceeded its maximum duration of 3600 s.',
        details: {},
      },
    });
  });

  it('a task that did not start in time is tried again', () => {
    const stopRequested = { at: 0, cause: 'start-deadline', sends: 1 } as const;

    bothEnd(
      aPushRun({ state: 'PENDING' }),
      { task: byHand, stopRequested },
      restart('the task was not running within 900 s'),
    );
  });

  it('nothing is decided without a task', () => {
    expect(() => endingOf(aPushRun({}), anAttempt())).toThrow(/^attempt 1 of run .* has no task to judge$/);
  });
});

describe('infrastructure', () => {
  it('that was lost costs a new attempt, whatever the engine said before', () => {
    const heldCrash = aState('CRASHED');

    for (const state of ['PENDING', 'RUNNING', 'PAUSED'] as const) {
      bothEnd(aPushRun({ state }), { task: spot, heldCrash }, restart('Your Spot Task was interrupted.'));
    }
  });

  it('that was lost costs a suspended run nothing', () => {
    bothEnd(aPushRun({ state: suspended }), { task: spot }, { kind: 'keep' });
  });

  it.each([
    [0, 0],
    [1, 10 * second],
    [2, 60 * second],
  ])('after %i new attempts waits %i ms before the next', (infrastructureRestarts, delayMs) => {
    const run = aPushRun({ state: 'RUNNING', infrastructureRestarts });

    expect(restartOrCrash(run, engine(), 'host lost')).toEqual(restart('host lost', delayMs));
  });

  it('has a budget, after which the run is Crashed', () => {
    for (const infrastructureRestarts of [3, 4]) {
      const run = aPushRun({ state: 'RUNNING', infrastructureRestarts });
      const message = `Your Spot Task was interrupted. (after ${infrastructureRestarts} new attempts)`;
      bothEnd(run, { task: spot }, end('CRASHED', message));
    }
  });

  it('that can never work ends the run at once', () => {
    bothEnd(aPushRun({ state: 'PENDING' }), { task: noImage }, end('CRASHED', 'pull access denied'));
  });
});

describe('a container that knows nothing of Prefect', () => {
  const running = aPushRun({ state: 'RUNNING' });

  it('completes its run with 0', () => {
    expect(endingOf(running, container())).toEqual({
      kind: 'end',
      state: { type: 'COMPLETED', name: 'Completed', details: {} },
    });
  });

  it('fails its run with any other code', () => {
    const message = 'The container exited with code 3. Essential container in task exited';

    expect(endingOf(running, container({ task: exitedTask(3) }))).toMatchObject(end('FAILED', message));
    expect(endingOf(running, container({ task: exitedTask(3, { stoppedReason: '' }) }))).toMatchObject(
      end('FAILED', 'The container exited with code 3.'),
    );
  });

  it.each([
    [{ cpu: 256, memory: 512 }, 'of 512 MiB. The next size is cpu 256 with memory 1024.'],
    [{ cpu: 256, memory: 2048 }, 'of 2048 MiB. The next size is cpu 512 with memory 3072.'],
    [{ cpu: 16_384, memory: 122_880 }, 'of 122880 MiB. Give the task more.'],
    [{ cpu: 256, memory: 512, launchType: 'EC2' }, 'of 512 MiB. Give the task more.'],
    [{}, 'memory. Give the task more.'],
  ])('that ran out of memory says the next size (%j)', (size, said) => {
    const containers = [{ name: 'prefect', exitCode: 137, reason: 'OutOfMemoryError: killed' }];
    const task = exitedTask(137, { containers, ...size });

    expect(endingOf(running, container({ task }))).toMatchObject(end('FAILED', expect.stringContaining(said)));
    expect(endingOf(running, engine({ task }))).toMatchObject(end('CRASHED', expect.stringContaining(said)));
  });

  it('that somebody stopped is Crashed with his reason', () => {
    expect(endingOf(running, container({ task: byHand }))).toMatchObject(end('CRASHED', 'stopped by anna'));
  });
});

describe('a flow engine that fell silent', () => {
  it.each(['PENDING', 'RUNNING'] as const)('and exited with 0 may have last words under way (%s)', (state) => {
    expect(endingOf(aPushRun({ state }), engine())).toEqual({ kind: 'await-words' });
  });

  it('and exited with a code is Crashed with that code', () => {
    const message =
      'The container exited with code 137 and reported no final state. Essential container in task exited';

    expect(endingOf(aPushRun({ state: 'RUNNING' }), engine({ task: exitedTask(137) }))).toMatchObject(
      end('CRASHED', message),
    );
  });

  it('and was stopped by somebody is Crashed with his reason', () => {
    expect(endingOf(aPushRun({ state: 'RUNNING' }), engine({ task: byHand }))).toMatchObject(
      end('CRASHED', 'stopped by anna'),
    );
  });

  it.each([exitedTask(0), exitedTask(1), byHand])('while its run is suspended did what it should', (task) => {
    expect(endingOf(aPushRun({ state: suspended }), engine({ task }))).toEqual({ kind: 'keep' });
  });

  it('in a blocking pause is Crashed', () => {
    expect(endingOf(aPushRun({ state: 'PAUSED' }), engine())).toMatchObject(
      end('CRASHED', expect.stringContaining('The task ended while its run was paused')),
    );
  });

  it.each([exitedTask(0), exitedTask(1), byHand])(
    'before the retry that waited in it leaves it to a new attempt',
    (task) => {
      expect(endingOf(aPushRun(retrying), engine({ task }))).toEqual({ kind: 'reschedule-retry' });
    },
  );

  it('after it said Crashed has its word written as it was told, id and all', () => {
    const heldCrash = aState('CRASHED', { id: 'told', message: 'boom', details: { transitionId: 't1' } });

    for (const task of [exitedTask(0), exitedTask(1), byHand]) {
      expect(endingOf(aPushRun({ state: 'RUNNING' }), engine({ task, heldCrash }))).toEqual({
        kind: 'end',
        id: 'told',
        state: { type: 'CRASHED', name: 'Crashed', message: 'boom', details: { transitionId: 't1' } },
      });
    }
  });
});

describe('an attempt that ends without a task', () => {
  const otherwise = () => ({ kind: 'restart', reason: 'r', delayMs: 0 }) as const;

  it.each(stateTypes)('means for a run that is %s', (type) => {
    const endings: Partial<Record<StateType, object>> = {
      PENDING: otherwise(),
      RUNNING: otherwise(),
      PAUSED: otherwise(),
      CANCELLING: end('CANCELLED', 'nothing to stop'),
    };

    expect(endingWithoutTask(aPushRun({ state: type }), 'nothing to stop', otherwise)).toMatchObject(
      endings[type] ?? { kind: 'keep' },
    );
  });

  it('means nothing for a deleted run or a suspended one', () => {
    expect(endingWithoutTask(undefined, 'm', otherwise)).toEqual({ kind: 'keep' });
    expect(endingWithoutTask(aPushRun({ state: suspended }), 'm', otherwise)).toEqual({ kind: 'keep' });
  });

  it('is decided for a retry that waited in its engine', () => {
    expect(endingWithoutTask(aPushRun(retrying), 'm', otherwise)).toEqual(otherwise());
  });
});
