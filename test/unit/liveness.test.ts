// What silence means for runs without a task of ours, and what the end of a parent means for its subflows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fateOfChild, fateOfSilent, patienceMs, type Signs, signsAfter } from '../../shared/domain/run/liveness.ts';
import { isTerminal, stateTypes, terminalTypes } from '../../shared/domain/run/state.ts';
import { anAttempt, aPushRun, aRun, aState, deploymentId, minute, second, start } from '../support/run-builders.ts';

const none = { kind: 'none' };
const signsEvery = (ms: number, count: number): Signs =>
  Array.from({ length: count }, (_, at) => start + at * ms).reduce<Signs>(
    (signs, at) => signsAfter(signs, at) ?? signs,
    { lastAt: start, gapsMs: [] },
  );

describe('signs of life', () => {
  it('set the pace once three gaps are known', () => {
    expect(patienceMs(signsEvery(30 * second, 1))).toBe(30 * minute);
    expect(patienceMs(signsEvery(30 * second, 3))).toBe(9 * minute);
    expect(patienceMs(signsEvery(30 * second, 4))).toBe(90 * second);
    expect(patienceMs(signsEvery(10 * minute, 2))).toBe(30 * minute);
  });

  it('out of turn, as an engine gives them that starts again, do not quicken it', () => {
    const signs = signsAfter(signsEvery(3 * minute, 4), start + 9 * minute + 5 * second);

    expect(patienceMs(signs ?? { gapsMs: [] })).toBe(9 * minute);
  });

  it('begin anew after a silence that would have ended their run: it says nothing of the pace', () => {
    const before = signsEvery(30 * second, 5);
    const patience = patienceMs(before);

    expect(signsAfter(before, before.lastAt + patience)?.gapsMs).toHaveLength(3);
    expect(signsAfter(before, before.lastAt + patience + 1)?.gapsMs).toEqual([]);
  });

  it('that are no newer than the newest change nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e6 })), (times) => {
        const once = times.reduce<Signs | undefined>((signs, at) => signsAfter(signs, at) ?? signs, undefined);
        const again = times.reduce<Signs | undefined>((signs, at) => signsAfter(signs, at) ?? signs, once);

        expect(again).toEqual(once);
        expect(once?.lastAt).toBe(times.length === 0 ? undefined : Math.max(...times));
      }),
    );
  });
});

describe('a run that others execute', () => {
  const run = aRun({ state: 'RUNNING' });
  const signs = signsEvery(minute, 5);
  const last = start + 4 * minute;

  it('is Crashed when three signs stayed away', () => {
    expect(fateOfSilent(run, signs, last + 3 * minute)).toMatchObject({ kind: 'end', state: { type: 'CRASHED' } });
    expect(fateOfSilent(run, signs, last + 3 * minute - 1)).toEqual({ kind: 'later', dueAt: last + 3 * minute });
  });

  it('is judged only after its first sign', () => {
    expect(fateOfSilent(run, undefined, start + 1e9)).toEqual(none);
  });

  it('is not judged by signs from before it started again', () => {
    const again = aRun({ state: aState('RUNNING', { timestamp: last + 10 * minute }) });

    expect(fateOfSilent(again, signs, last + 60 * minute)).toEqual(none);
  });

  it.each(stateTypes.filter((type) => type !== 'RUNNING'))('is not judged while it is %s', (type) => {
    expect(fateOfSilent(aRun({ state: type }), signs, start + 1e9)).toEqual(none);
  });

  it('is never ended for its silence where it has a task of ours: ECS is asked', () => {
    const push = aPushRun({ state: 'RUNNING' });
    const silence = { lastAt: last, noticedAt: last + 3 * minute };

    expect(fateOfSilent(push, signs, last + 3 * minute - 1)).toEqual({ kind: 'later', dueAt: last + 3 * minute });
    expect(fateOfSilent(push, signs, start + 1e9)).toEqual({ kind: 'silent', silence });
    expect(fateOfSilent({ ...push, isAttemptOpen: false }, signs, start + 1e9)).toEqual(none);
  });

  it('is left to its host where it executes inside one', () => {
    const within = { runId: 'parent', attempt: 1 };

    expect(fateOfSilent({ ...run, within }, signs, start + 1e9)).toEqual(none);
  });
});

describe('a retry in the process of an engine elsewhere', () => {
  const empiricalPolicy = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;
  const state = aState('SCHEDULED', { name: 'AwaitingRetry', details: { scheduledTime: start + minute } });
  const run = aRun({ state, empiricalPolicy });
  const due = start + 11 * minute;

  it('waits ten minutes over its time where no sign ever came', () => {
    expect(fateOfSilent(run, undefined, due - 1)).toEqual({ kind: 'later', dueAt: due });
    expect(fateOfSilent(run, undefined, due)).toMatchObject({
      kind: 'reschedule',
      state: { type: 'SCHEDULED', name: 'AwaitingRetry', details: { scheduledTime: due } },
    });
  });

  it('waits three intervals over its time, or over the last sign', () => {
    const signs = signsEvery(minute, 5);

    expect(fateOfSilent(run, signs, start + 7 * minute)).toMatchObject({ kind: 'reschedule' });
    expect(fateOfSilent(run, signs, start + 7 * minute - 1)).toMatchObject({ kind: 'later' });
    expect(fateOfSilent(run, { ...signs, lastAt: start }, start + 4 * minute)).toMatchObject({ kind: 'reschedule' });
  });

  it('is Crashed where nobody could submit it again', () => {
    const { deploymentId: _none, ...alone } = run;

    expect(fateOfSilent(alone, undefined, due)).toMatchObject({ kind: 'end', state: { type: 'CRASHED' } });
  });
});

describe('a subflow', () => {
  const { deploymentId: _none, ...inside } = aRun({
    state: 'RUNNING',
    parentRunId: 'parent',
    parentTaskRunId: 'tracker',
    within: { runId: 'parent', attempt: 1 },
  });
  const open = anAttempt();
  const closed = anAttempt({ closed: { at: start, end: 'stopped' } });
  const parent = aPushRun({ state: 'RUNNING' });

  it('goes on while the task that it executes in lives', () => {
    expect(fateOfChild(inside, { parent, host: open })).toEqual(none);
    expect(fateOfChild(inside, { parent: aPushRun({ state: 'COMPLETED' }), host: open })).toEqual(none);
  });

  it('ends with that task', () => {
    const ended = { kind: 'end', state: { type: 'CRASHED' } };

    expect(fateOfChild(inside, { parent, host: closed })).toMatchObject(ended);
    expect(fateOfChild(inside, { parent: undefined, host: undefined })).toMatchObject(ended);
  });

  it('that was being cancelled is Cancelled with it', () => {
    const cancelling = { ...inside, state: aState('CANCELLING') };

    expect(fateOfChild(cancelling, { parent, host: closed })).toMatchObject({ state: { type: 'CANCELLED' } });
  });

  it('is Cancelled with its parent', () => {
    const cancelled = aRun({ state: 'CANCELLED' });

    expect(fateOfChild(inside, { parent: cancelled, host: open })).toMatchObject({
      kind: 'end',
      state: { type: 'CANCELLED', message: 'The parent flow run was cancelled.' },
    });
  });

  it('with infrastructure of its own is asked to stop, once', () => {
    const cancelled = aRun({ state: 'CANCELLED' });
    const own = aRun({ state: 'RUNNING', parentRunId: 'parent', deploymentId });

    expect(fateOfChild(own, { parent: cancelled, host: undefined })).toMatchObject({ state: { type: 'CANCELLING' } });
    expect(fateOfChild({ ...own, state: aState('CANCELLING') }, { parent: cancelled, host: undefined })).toEqual(none);
    expect(fateOfChild(own, { parent: aRun({ state: 'CRASHED' }), host: undefined })).toEqual(none);
  });

  it.each(terminalTypes)('that is %s stays so', (type) => {
    const over = { ...inside, state: aState(type) };

    expect(isTerminal(type)).toBe(true);
    expect(fateOfChild(over, { parent: aRun({ state: 'CANCELLED' }), host: closed })).toEqual(none);
  });
});
