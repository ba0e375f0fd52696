// Prefect's rules on proposed states: each answer and each reason as Prefect's own server gives them.
// The pairs and reasons below were read off a Prefect 3.8.8 server, one proposal a pair.
import { describe, expect, it } from 'vitest';
import { type Answer, decideState, type PolicyName } from '../../shared/domain/run/policy.ts';
import type { EmpiricalPolicy, Run } from '../../shared/domain/run/run.ts';
import { type ProposedState, type StateType, stateTypes, terminalTypes } from '../../shared/domain/run/state.ts';
import { mayFollow } from '../../shared/domain/run/transition.ts';
import { aRun, aState, minute, proposal, second, start } from '../support/run-builders.ts';

const now = start + minute;

function decide(run: Run, proposed: ProposedState | StateType, policy: PolicyName = 'core'): Answer {
  const state = typeof proposed === 'string' ? proposal(proposed) : proposed;
  return decideState(policy, { run, proposed: state, now }, { id: 'new', now });
}

const accepted = (answer: Answer): Run => {
  if (answer.status !== 'ACCEPT') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  return answer.run;
};

const policyOf = (over: Partial<EmpiricalPolicy>): EmpiricalPolicy => ({ pauseKeys: [], resuming: false, ...over });

const notRunning = { status: 'REJECT', reason: 'Cannot pause flows that are not currently running.' };
const cancelling = {
  status: 'REJECT',
  reason: 'Cannot transition flows that are cancelling to a state other than Cancelled.',
};
const noPending = (from: StateType) => ({
  status: 'ABORT',
  reason: `This run is in a ${from} state and cannot transition to a PENDING state.`,
});

/** What Prefect's server refuses of a run with a deployment and infrastructure; it accepts every other pair. */
function refusal(from: StateType, to: StateType): { status: string; reason: string } | undefined {
  if (from === 'CANCELLING') return to === 'CANCELLED' ? undefined : cancelling;
  if (terminalTypes.some((type) => type === from) && ['CRASHED', 'PAUSED', 'CANCELLING'].includes(to)) {
    return { status: 'ABORT', reason: `Run is already in terminal state ${from}.` };
  }
  if (to === 'PENDING' && ['PENDING', 'RUNNING', 'CANCELLED'].includes(from)) return noPending(from);
  if (to === 'PENDING' && from === 'PAUSED') {
    return { status: 'REJECT', reason: 'This run cannot transition to the PENDING state from the PAUSED state.' };
  }
  return to === 'PAUSED' && from !== 'RUNNING' ? notRunning : undefined;
}

const pairs = stateTypes.flatMap((from) => stateTypes.map((to) => ({ from, to })));

describe('every pair of states', () => {
  it.each(pairs)('is answered as Prefect does: $from to $to', ({ from, to }) => {
    const run = aRun({ state: from, infrastructurePid: 'pid' });

    const answer = decide(run, to);

    const refused = refusal(from, to);
    expect(answer).toMatchObject(refused ?? { status: 'ACCEPT', state: { type: to, id: 'new', timestamp: now } });
    expect('run' in answer).toBe(refused === undefined);
    // PENDING may follow PENDING by another name.
    if (from !== 'PENDING' || to !== 'PENDING') expect(mayFollow(from, to)).toBe(refused === undefined);
  });

  it.each(pairs)('is accepted when forced: $from to $to', ({ from, to }) => {
    const answer = decide(aRun({ state: from, infrastructurePid: 'pid' }), to, 'minimal');

    expect(answer).toMatchObject({ status: 'ACCEPT', state: { type: to, id: 'new' } });
  });

  it('gives back the state the run has when nothing was written', () => {
    const run = aRun({ state: 'SCHEDULED' });

    expect(decide(run, 'PAUSED')).toEqual({ ...notRunning, state: run.state });
  });
});

describe('a repeated transition', () => {
  const again = (type: StateType) => proposal(type, { details: { transitionId: 't1' } });
  const already = { status: 'REJECT', reason: 'This run has already made this state transition.' };

  it('is told the state that it made', () => {
    const run = aRun({ state: aState('RUNNING', { details: { transitionId: 't1' } }) });

    expect(decide(run, again('RUNNING'))).toEqual({ ...already, state: run.state });
    expect(decide(run, proposal('RUNNING', { details: { transitionId: 't2' } })).status).toBe('ACCEPT');
  });

  it('is known before any other rule looks', () => {
    const run = aRun({ state: aState('CANCELLED', { details: { transitionId: 't1' } }) });

    expect(decide(run, again('CANCELLING'))).toMatchObject(already);
  });

  it('is known when the run has moved on since', () => {
    const before = [aState('PENDING', { id: 'x' }), aState('COMPLETED', { id: 'y', details: { transitionId: 't1' } })];
    const run = aRun({ recentStates: before });

    expect(decide(run, again('COMPLETED'))).toEqual({ ...already, state: run.state });
  });

  it('is known when another state was put in its place', () => {
    const run = aRun({ state: 'RUNNING', runCount: 1, empiricalPolicy: policyOf({ retries: 1 }) });

    const first = decide(run, again('FAILED'));
    if (first.status !== 'REJECT' || first.run === undefined) throw new Error('no retry');
    const second = decide(first.run, again('FAILED'));

    expect(second).toEqual({ ...already, state: first.state });
  });
});

describe('a run that is over', () => {
  const kept = { type: 'reference' };
  const lossy = {
    status: 'REJECT',
    reason: 'Cannot overwrite a COMPLETED state that carries persisted result data with one that does not.',
  };
  const complete = (data?: ProposedState['data']) => ({
    run: aRun({ state: aState('COMPLETED', data === undefined ? {} : { data }) }),
  });

  it.each(['SCHEDULED', 'PENDING', 'RUNNING'] as const)('keeps a persisted result from %s', (to) => {
    expect(decide(complete(kept).run, to)).toMatchObject({ status: 'REJECT', reason: 'Run is already COMPLETED.' });
  });

  it.each([[undefined], [null], [{}], [{ type: 'unpersisted' }], [5], [[1]], ['x']])(
    'may run again when its data %j are no persisted result',
    (data) => {
      expect(decide(complete(data).run, 'RUNNING').status).toBe('ACCEPT');
    },
  );

  it.each([
    [undefined, false],
    [null, false],
    [{ type: 'unpersisted' }, false],
    [5, false],
    [[1], false],
    [{}, true],
    [kept, true],
  ])('may have its result replaced by %j: %s', (data, isAllowed) => {
    const again = proposal('COMPLETED', data === undefined ? {} : { data });

    for (const policy of ['core', 'minimal'] as const) {
      const answer = decide(complete(kept).run, again, policy);
      expect(answer).toMatchObject(isAllowed ? { status: 'ACCEPT' } : lossy);
    }
  });

  it('is rescheduled only with a deployment', () => {
    const { deploymentId: _deployment, ...run } = aRun({ state: 'FAILED' });

    expect(decide(run, 'SCHEDULED')).toEqual({
      status: 'ABORT',
      reason: 'Cannot reschedule a run without an associated deployment.',
    });
    expect(decide(run, 'RUNNING').status).toBe('ACCEPT');
  });

  it.each(terminalTypes)('forgets its pauses when it leaves %s, and its retry waits for a new start', (from) => {
    const empiricalPolicy = policyOf({ pauseKeys: ['k'], resuming: true, retryType: 'in_process' });
    const run = aRun({ state: from, empiricalPolicy });

    expect(accepted(decide(run, 'SCHEDULED')).empiricalPolicy).toEqual(policyOf({ retryType: 'reschedule' }));
    expect(accepted(decide(run, 'RUNNING')).empiricalPolicy).toEqual(policyOf({}));
    expect(accepted(decide(run, 'FAILED')).empiricalPolicy.pauseKeys).toEqual(['k']);
  });
});

describe('cancelling', () => {
  const noInfrastructure = {
    status: 'REJECT',
    reason: 'Scheduled flow run has no infrastructure to terminate.',
    state: { type: 'CANCELLED', name: 'Cancelled', id: 'new' },
  };
  const suspended = aState('PAUSED', { name: 'Suspended', details: { pauseReschedule: true } });

  it.each(['core', 'minimal'] as const)('a scheduled run without infrastructure cancels it at once (%s)', (policy) => {
    expect(decide(aRun({}), 'CANCELLING', policy)).toMatchObject(noInfrastructure);
  });

  it('a resuming run cancels it at once, whatever its old pid', () => {
    const run = aRun({ state: aState('SCHEDULED', { name: 'Resuming' }), infrastructurePid: 'old' });

    expect(decide(run, 'CANCELLING')).toMatchObject(noInfrastructure);
  });

  it.each(['core', 'minimal'] as const)('a suspended run cancels it at once (%s)', (policy) => {
    expect(decide(aRun({ state: suspended }), 'CANCELLING', policy)).toMatchObject({
      status: 'REJECT',
      reason: 'Suspended flow run has no infrastructure to terminate.',
      state: { type: 'CANCELLED' },
    });
  });

  it('a suspended run cancels it although its time to resume is over', () => {
    const state = aState('PAUSED', { details: { pauseReschedule: true, pauseTimeout: now - 1 } });

    expect(decide(aRun({ state }), 'CANCELLING')).toMatchObject({ state: { type: 'CANCELLED' } });
  });

  it('a paused run reaches it although its time to resume is over', () => {
    const run = aRun({ state: aState('PAUSED', { details: { pauseTimeout: now - 1 } }) });

    expect(accepted(decide(run, 'CANCELLING')).empiricalPolicy.resuming).toBe(true);
  });
});

describe('PENDING', () => {
  const pending = aState('PENDING', { details: { scheduledTime: 77 } });

  it.each([
    ['Pending', 'Submitting', true],
    ['Submitting', 'InfrastructurePending', true],
    ['Submitting', 'Submitting', false],
    ['Submitting', 'Pending', false],
  ])('named %s may become %s: %s', (from, to, isAllowed) => {
    const answer = decide(aRun({ state: { ...pending, name: from } }), proposal('PENDING', { name: to }));

    expect(answer).toMatchObject(isAllowed ? { status: 'ACCEPT' } : noPending('PENDING'));
  });

  it('keeps its scheduled time through its sub-states, or has none', () => {
    const submitting = proposal('PENDING', { name: 'Submitting', details: { scheduledTime: 5, pauseKey: 'k' } });

    expect(accepted(decide(aRun({ state: pending }), submitting)).state.details).toEqual({
      scheduledTime: 77,
      pauseKey: 'k',
    });
    expect(accepted(decide(aRun({ state: 'PENDING' }), submitting)).state.details).toEqual({ pauseKey: 'k' });
  });

  it('takes the scheduled time of the state before it unless it brings one', () => {
    const run = aRun({ state: aState('SCHEDULED', { details: { scheduledTime: 77 } }) });

    expect(accepted(decide(run, 'PENDING')).state.details).toEqual({ scheduledTime: 77 });
    expect(accepted(decide(run, proposal('PENDING', { details: { scheduledTime: 5 } }))).state.details).toEqual({
      scheduledTime: 5,
    });
    expect(accepted(decide(aRun({}), 'PENDING')).state.details).toEqual({});
  });
});

describe('Late', () => {
  const late = proposal('SCHEDULED', { name: 'Late' });

  it('marks scheduled runs once', () => {
    expect(decide(aRun({}), late).status).toBe('ACCEPT');
    expect(decide(aRun({ state: aState('SCHEDULED', { name: 'Late' }) }), late)).toMatchObject({
      status: 'REJECT',
      reason: 'This flow run is already marked late.',
    });
  });

  it.each(['PENDING', 'RUNNING', 'PAUSED'] as const)('never marks a run in %s', (from) => {
    expect(decide(aRun({ state: from }), late)).toMatchObject({
      status: 'REJECT',
      reason: 'Only scheduled flows can be marked late.',
    });
  });
});

describe('RUNNING before its time', () => {
  it.each([
    [1, undefined],
    [499, undefined],
    [500, undefined],
    [501, 1],
    [1_500, 1],
    [1_501, 2],
    [minute, 60],
    [-minute, undefined],
  ])('%i ms early waits for %s seconds', (earlyMs, delaySeconds) => {
    const details = { scheduledTime: now + earlyMs };

    for (const from of ['SCHEDULED', 'PENDING'] as const) {
      const answer = decide(aRun({ state: aState(from, { details }) }), 'RUNNING');
      expect(answer).toMatchObject(
        delaySeconds === undefined
          ? { status: 'ACCEPT' }
          : { status: 'WAIT', delaySeconds, reason: 'Scheduled time is in the future', state: { type: from } },
      );
    }
  });

  it('does not wait when it is forced', () => {
    const run = aRun({ state: aState('SCHEDULED', { details: { scheduledTime: now + 10 * second } }) });

    expect(decide(run, 'RUNNING', 'minimal').status).toBe('ACCEPT');
  });
});
