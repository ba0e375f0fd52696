// The table of states over all pairs, and what entering a state does to a run's head.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../shared/domain/run/run.ts';
import { isTerminal, recentStateCount, type State, type StateType, stateTypes } from '../../shared/domain/run/state.ts';
import { enterState, mayFollow, mintState, successors } from '../../shared/domain/run/transition.ts';
import { aPushRun, aRun, aState, minute, proposal, start } from '../support/run-builders.ts';

/** One row a state; columns in the order of `stateTypes`: S P R C F X(cancelled) K(crashed) U(paused) G(cancelling). */
const table = {
  //           SPRCFXKUG
  SCHEDULED: '+++++++-+',
  PENDING: '+++++++-+',
  RUNNING: '+-+++++++',
  COMPLETED: '++++++---',
  FAILED: '++++++---',
  CANCELLED: '+-++++---',
  CRASHED: '++++++---',
  PAUSED: '+-+++++-+',
  CANCELLING: '-----+---',
} as const satisfies Record<StateType, string>;

const pairs = stateTypes.flatMap((from) =>
  stateTypes.map((to, column) => ({ from, to, isAllowed: table[from][column] === '+' })),
);

const later = start + minute;
const enter = (run: Run, type: StateType, over: Partial<State> = {}): Run =>
  enterState(run, aState(type, { id: 'next', timestamp: later, ...over }));

describe('the table of successors', () => {
  it.each(pairs)('$from to $to: allowed is $isAllowed', ({ from, to, isAllowed }) => {
    expect(mayFollow(from, to)).toBe(isAllowed);
  });

  it('names no state twice', () => {
    for (const followers of Object.values(successors)) expect(new Set(followers).size).toBe(followers.length);
  });
});

describe('entering a state', () => {
  it.each(pairs)('moves the head from $from to $to and remembers the former state', ({ from, to }) => {
    const former = aState(from, { id: 'former', message: 'm', details: { transitionId: 't1' } });
    const older = aState('PENDING', { id: 'older' });
    const run = aRun({ state: former, recentStates: [older] });

    const after = enter(run, to);

    expect(after.state).toEqual(aState(to, { id: 'next', timestamp: later }));
    expect(after.updated).toBe(later);
    expect(after.recentStates).toEqual([former, older]);
  });

  it.each(pairs)('keeps start and end times from $from to $to', ({ from, to }) => {
    const fresh = aRun({ state: from });
    const started = aRun({ state: from, startTime: 5, ...(isTerminal(from) ? { endTime: 7 } : {}) });

    const first = enter(fresh, to);
    const second = enter(started, to);

    const isStart = to === 'RUNNING' || isTerminal(to);
    expect(first.startTime).toBe(isStart ? later : undefined);
    expect(first.endTime).toBe(isTerminal(to) ? later : undefined);
    expect(second.startTime).toBe(5);
    expect(second.endTime).toBe(isTerminal(to) ? (isTerminal(from) ? 7 : later) : undefined);
  });

  it.each(pairs)('counts runs and run time from $from to $to', ({ from, to }) => {
    const run = aRun({ state: from, runCount: 2, totalRunTimeMs: 100 });

    const after = enter(run, to);

    expect(after.runCount).toBe(to === 'RUNNING' ? 3 : 2);
    expect(after.totalRunTimeMs).toBe(from === 'RUNNING' ? 100 + minute : 100);
  });

  it.each(pairs)('sets the next scheduled time only for SCHEDULED ($from to $to)', ({ from, to }) => {
    const run = aRun({ state: from, nextScheduledStartTime: 11 });

    const timed = enter(run, to, { details: { scheduledTime: 99 } });
    const untimed = enter(run, to);

    expect(timed.nextScheduledStartTime).toBe(to === 'SCHEDULED' ? 99 : undefined);
    expect(untimed.nextScheduledStartTime).toBeUndefined();
  });

  it.each(stateTypes)('drops the deadline of the former state when %s comes', (to) => {
    expect(enter(aRun({ dueAt: 5 }), to).dueAt).toBeUndefined();
  });

  it('keeps the newest former states, newest first', () => {
    let run = aRun({});
    for (let at = 1; at <= 6; at += 1)
      run = enterState(run, aState('RUNNING', { id: `s${at}`, timestamp: start + at }));

    expect(run.recentStates.map(({ id }) => id)).toEqual(['s5', 's4', 's3', 's2'].slice(0, recentStateCount));
  });

  it('keeps former states without what is large of them, and says that it lies elsewhere', () => {
    const large = aState('FAILED', { message: 'x'.repeat(1_000), data: { type: 'reference' } });
    const empty = aState('FAILED', { data: null });

    const [brief] = enter(aRun({ state: large }), 'SCHEDULED').recentStates;

    expect(brief).toEqual({ ...aState('FAILED', { message: 'x'.repeat(200) }), isBeside: true });
    expect(enter(aRun({ state: empty }), 'SCHEDULED').recentStates).toEqual([aState('FAILED')]);
  });
});

describe('the run count', () => {
  const resuming = { pauseKeys: ['k'], resuming: true };

  it('is not raised by RUNNING after a resumed pause, whose mark goes with it', () => {
    const after = enter(aRun({ state: 'SCHEDULED', runCount: 1, empiricalPolicy: resuming }), 'RUNNING');

    expect(after.runCount).toBe(1);
    expect(after.empiricalPolicy).toEqual({ pauseKeys: ['k'], resuming: false });
  });

  it.each(['SCHEDULED', 'PENDING', 'PAUSED', 'CANCELLING'] as const)('keeps the resuming mark through %s', (to) => {
    expect(enter(aRun({ empiricalPolicy: resuming }), to).empiricalPolicy.resuming).toBe(true);
  });

  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'] as const)('forgets the resuming mark with %s', (to) => {
    expect(enter(aRun({ empiricalPolicy: resuming }), to).empiricalPolicy.resuming).toBe(false);
  });

  it('is not raised by the RUNNING of a new attempt that infrastructure cost, and only by that one', () => {
    const restarted = aRun({ state: 'PENDING', runCount: 1, isRestart: true });

    const first = enter(restarted, 'RUNNING');
    const second = enter(first, 'RUNNING', { timestamp: later + 1 });

    expect([first.runCount, first.isRestart]).toEqual([1, false]);
    expect(second.runCount).toBe(2);
  });

  it('stays exempt while the new attempt is on its way, and no longer once the run ended', () => {
    expect(enter(aRun({ isRestart: true }), 'PENDING').isRestart).toBe(true);
    expect(enter(aRun({ isRestart: true }), 'CANCELLED').isRestart).toBe(false);
  });
});

describe('the infrastructure pid', () => {
  const pid = 'cluster::arn';

  it('goes when the run is scheduled for a new task', () => {
    const run = aPushRun({ state: 'RUNNING', infrastructurePid: pid });

    expect(enter(run, 'SCHEDULED').infrastructurePid).toBeUndefined();
  });

  it('stays with a retry that its living engine waits for', () => {
    const run = aPushRun({
      state: 'RUNNING',
      infrastructurePid: pid,
      empiricalPolicy: { pauseKeys: [], resuming: false, retryType: 'in_process' },
    });

    expect(enter(run, 'SCHEDULED').infrastructurePid).toBe(pid);
  });

  it.each(stateTypes.filter((type) => type !== 'SCHEDULED'))('stays in %s', (to) => {
    expect(enter(aPushRun({ state: 'RUNNING', infrastructurePid: pid }), to).infrastructurePid).toBe(pid);
  });
});

describe('a retry in its engine', () => {
  const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;

  it.each(['RUNNING', 'PENDING', 'COMPLETED', 'CRASHED', 'CANCELLED', 'PAUSED', 'CANCELLING'] as const)(
    'is over with %s, so that a later SCHEDULED waits for a new task',
    (type) => {
      const run = aPushRun({ state: aState('SCHEDULED', { name: 'AwaitingRetry' }), empiricalPolicy: inProcess });

      expect(enter(run, type).empiricalPolicy.retryType).toBeUndefined();
    },
  );

  it('needs an engine: once its attempt is closed the run waits for a new one', () => {
    const run = aPushRun({ state: 'RUNNING', isAttemptOpen: false, empiricalPolicy: inProcess });

    expect(enter(run, 'SCHEDULED').empiricalPolicy.retryType).toBe('reschedule');
  });

  it('is left to the engine of a run that others execute', () => {
    const run = aRun({ state: 'RUNNING', empiricalPolicy: inProcess });

    expect(enter(run, 'SCHEDULED').empiricalPolicy.retryType).toBe('in_process');
  });

  it('leaves a rescheduled retry what it is', () => {
    const rescheduled = { ...inProcess, retryType: 'reschedule' } as const;

    expect(enter(aRun({ empiricalPolicy: rescheduled }), 'RUNNING').empiricalPolicy).toEqual(rescheduled);
  });
});

describe('a minted state', () => {
  it('has the given id and time', () => {
    expect(mintState(undefined, proposal('RUNNING'), { id: 'x', now: 7 })).toEqual({
      ...proposal('RUNNING'),
      id: 'x',
      timestamp: 7,
    });
  });

  it('is later than the state before it although the clock stood still or went back', () => {
    const run = aRun({});

    expect(mintState(run, proposal('RUNNING'), { id: 'x', now: start }).timestamp).toBe(start + 1);
    expect(mintState(run, proposal('RUNNING'), { id: 'x', now: start - minute }).timestamp).toBe(start + 1);
  });
});

/** A life: states with the time the clock shows at each, which may stand still or go back. */
const lives = fc.array(
  fc.record({ type: fc.constantFrom(...stateTypes), elapsed: fc.integer({ min: -1_000, max: 100_000 }) }),
  { minLength: 1, maxLength: 30 },
);

function live(life: readonly { type: StateType; elapsed: number }[]): readonly Run[] {
  const runs = [aRun({})];
  let now = start;
  life.forEach(({ type, elapsed }, at) => {
    const run = runs.at(-1) ?? aRun({});
    now += elapsed;
    runs.push(enterState(run, mintState(run, proposal(type), { id: `s${at}`, now })));
  });
  return runs;
}

describe('any life of a run', () => {
  it('has timestamps that only grow', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const times = live(life).map(({ state }) => state.timestamp);
        expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
      }),
    );
  });

  it('has an end time exactly while it is over, and one start time for good', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const runs = live(life);
        for (const run of runs) expect(run.endTime !== undefined).toBe(isTerminal(run.state.type));
        const starts = runs.flatMap(({ startTime }) => (startTime === undefined ? [] : [startTime]));
        expect(new Set(starts).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('adds up the time between each RUNNING and the state after it', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const states = live(life).map(({ state }) => state);
        const ran = states.map((state, at) => {
          const next = states[at + 1];
          return state.type === 'RUNNING' && next !== undefined ? next.timestamp - state.timestamp : 0;
        });
        expect(live(life).at(-1)?.totalRunTimeMs).toBe(ran.reduce((sum, time) => sum + time, 0));
      }),
    );
  });

  it('counts each RUNNING once', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const expected = life.filter(({ type }) => type === 'RUNNING').length;
        expect(live(life).at(-1)?.runCount).toBe(expected);
      }),
    );
  });
});
