// Prefect's rules on pauses and on the user's retries, with the answers and reasons of Prefect's own server.
import { describe, expect, it } from 'vitest';
import { type Answer, decideState } from '../../shared/domain/run/policy.ts';
import type { EmpiricalPolicy, Run } from '../../shared/domain/run/run.ts';
import type { ProposedState } from '../../shared/domain/run/state.ts';
import { aRun, aState, minute, proposal, start } from '../support/run-builders.ts';

const now = start + minute;
const decide = (run: Run, proposed: ProposedState): Answer =>
  decideState('core', { run, proposed, now }, { id: 'new', now });
const policyOf = (over: Partial<EmpiricalPolicy>): EmpiricalPolicy => ({ pauseKeys: [], resuming: false, ...over });

const accepted = (answer: Answer): Run => {
  if (answer.status !== 'ACCEPT') throw new Error(`not accepted: ${JSON.stringify(answer)}`);
  return answer.run;
};

describe('pausing', () => {
  const suspend = proposal('PAUSED', { name: 'Suspended', details: { pauseReschedule: true } });
  const { deploymentId: _deployment, ...undeployed } = aRun({ state: 'RUNNING' });

  it('remembers the key of the pause', () => {
    const run = aRun({ state: 'RUNNING', empiricalPolicy: policyOf({ pauseKeys: ['a'] }) });

    expect(accepted(decide(run, proposal('PAUSED', { details: { pauseKey: 'b' } }))).empiricalPolicy.pauseKeys).toEqual(
      ['a', 'b'],
    );
    expect(accepted(decide(run, proposal('PAUSED'))).empiricalPolicy.pauseKeys).toEqual(['a']);
  });

  it.each([
    ['Paused', 'This pause has already fired.'],
    ['Suspended', 'This suspend has already fired.'],
  ])('fires once a key (%s)', (name, reason) => {
    const run = aRun({ state: 'RUNNING', empiricalPolicy: policyOf({ pauseKeys: ['k'] }) });

    expect(decide(run, proposal('PAUSED', { name, details: { pauseKey: 'k' } }))).toMatchObject({
      status: 'REJECT',
      reason,
    });
  });

  it('calls a suspension by its name when the run is not running', () => {
    expect(decide(aRun({ state: 'PENDING' }), suspend)).toMatchObject({
      status: 'REJECT',
      reason: 'Cannot suspend flows that are not currently running.',
    });
  });

  it('suspends no subflow and no flow without a deployment, but pauses both', () => {
    const subflow = aRun({ state: 'RUNNING', parentTaskRunId: 'p' });

    expect(decide(subflow, suspend)).toEqual({ status: 'ABORT', reason: 'Cannot suspend subflows.' });
    expect(decide(undeployed, suspend)).toEqual({
      status: 'ABORT',
      reason: 'Cannot suspend flows without a deployment.',
    });
    expect(decide(subflow, proposal('PAUSED')).status).toBe('ACCEPT');
    expect(decide(undeployed, proposal('PAUSED')).status).toBe('ACCEPT');
    expect(decide(aRun({ state: 'RUNNING' }), suspend).status).toBe('ACCEPT');
  });
});

describe('leaving a pause', () => {
  const paused = (details: ProposedState['details'] = {}) => aState('PAUSED', { details });

  it.each(['RUNNING', 'SCHEDULED'] as const)('by %s is a resumption that costs no retry', (to) => {
    const resumed = accepted(decide(aRun({ state: paused(), runCount: 1 }), proposal(to)));
    const running = to === 'RUNNING' ? resumed : accepted(decide(resumed, proposal('RUNNING')));

    expect([running.runCount, running.empiricalPolicy.resuming]).toEqual([1, false]);
  });

  it('needs a deployment when the run was suspended', () => {
    const { deploymentId: _deployment, ...run } = aRun({ state: paused({ pauseReschedule: true }) });

    expect(decide(run, proposal('SCHEDULED', { name: 'Resuming' }))).toMatchObject({
      status: 'REJECT',
      reason: 'Cannot reschedule a resuming flow run without a deployment.',
    });
  });

  it('fails the run when its time is over', () => {
    const run = aRun({ state: paused({ pauseTimeout: now - 1 }) });

    expect(decide(run, proposal('RUNNING'))).toMatchObject({
      status: 'REJECT',
      reason: 'The flow run pause has timed out and can no longer resume.',
      state: { type: 'FAILED', name: 'Failed', message: 'The flow was running and never resumed.' },
      run: { endTime: now },
    });
    expect(decide(aRun({ state: paused({ pauseTimeout: now }) }), proposal('RUNNING')).status).toBe('ACCEPT');
  });
});

describe('a failure', () => {
  const retrying = (over: Partial<EmpiricalPolicy>, runCount: number) =>
    aRun({
      state: 'RUNNING',
      runCount,
      empiricalPolicy: policyOf({ pauseKeys: ['k'], resuming: true, ...over }),
      infrastructurePid: 'pid',
    });

  it('is followed by a retry of the living engine while retries are left', () => {
    const failed = proposal('FAILED', { message: 'boom', data: { type: 'reference' } });

    const answer = decide(retrying({ retries: 2, retryDelaySeconds: 30 }, 2), failed);

    expect(answer).toMatchObject({
      status: 'REJECT',
      reason: 'Retrying',
      state: {
        id: 'new',
        type: 'SCHEDULED',
        name: 'AwaitingRetry',
        message: 'boom',
        data: { type: 'reference' },
        details: { scheduledTime: now + 30_000 },
      },
      run: {
        empiricalPolicy: policyOf({ retries: 2, retryDelaySeconds: 30, retryType: 'in_process' }),
        infrastructurePid: 'pid',
        nextScheduledStartTime: now + 30_000,
      },
    });
  });

  it('without message and data is retried without a delay unless one is set', () => {
    const answer = decide(retrying({ retries: 1 }, 1), proposal('FAILED'));

    if (answer.status !== 'REJECT') throw new Error('not retried');
    expect(answer.state).toEqual({
      id: 'new',
      timestamp: now,
      type: 'SCHEDULED',
      name: 'AwaitingRetry',
      details: { scheduledTime: now },
    });
  });

  it.each([
    [undefined, 1],
    [0, 1],
    [1, 2],
  ])('stands when %s retries are allowed and it ran %i times', (retries, runCount) => {
    const run = retrying(retries === undefined ? {} : { retries }, runCount);
    const rescheduled = { ...run, empiricalPolicy: { ...run.empiricalPolicy, retryType: 'reschedule' } as const };

    const failed = accepted(decide(rescheduled, proposal('FAILED')));

    expect(failed.state.type).toBe('FAILED');
    expect(failed.empiricalPolicy.retryType).toBeUndefined();
  });

  it.each(['PENDING', 'SCHEDULED', 'PAUSED'] as const)('from %s is not retried', (from) => {
    const run = aRun({ state: from, runCount: 0, empiricalPolicy: policyOf({ retries: 3 }) });

    expect(accepted(decide(run, proposal('FAILED'))).state.type).toBe('FAILED');
  });
});
