// Our own rules beside Prefect's: who may speak for a run, who may claim it, and when there is no task left to stop.
// They hold for forced proposals too.
import { describe, expect, it } from 'vitest';
import { type Answer, decideState, type PolicyName } from '../../shared/domain/run/policy.ts';
import type { Caller } from '../../shared/domain/run/policy-types.ts';
import { keepToTable } from '../../shared/domain/run/rules-ours.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { type StateType, stateTypes, terminalTypes } from '../../shared/domain/run/state.ts';
import { aPushRun, aRun, aState, minute, proposal, runId, start } from '../support/run-builders.ts';

const now = start + minute;
const policies = ['core', 'minimal'] as const;

type Words = { readonly run: Run; readonly type: StateType; readonly caller?: Caller; readonly policy?: PolicyName };

function say({ run, type, caller, policy = 'core' }: Words): Answer {
  const proposed = proposal(type, { details: { transitionId: 't1' } });
  return decideState(policy, { run, proposed, now, ...(caller === undefined ? {} : { caller }) }, { id: 'new', now });
}

const attempt = (number: number): Caller => ({ runId, attempt: number });
const fencedOff = (number: number) => ({
  status: 'ABORT',
  reason: `This state comes from attempt ${number}, which is no longer the run's current one.`,
});

describe.each(policies)('an attempt that is over (%s policy)', (policy) => {
  it.each(stateTypes)('cannot say %s', (type) => {
    const run = aPushRun({ state: 'RUNNING', attempt: 2 });

    expect(say({ run, type, caller: attempt(1), policy })).toEqual(fencedOff(1));
  });

  it.each(stateTypes)('cannot say %s of a run that was created again under the id of its own', (type) => {
    const run = aPushRun({ state: 'CANCELLED', attempt: 2, formerLife: 2, isAttemptOpen: false });

    expect(say({ run, type, caller: attempt(2), policy })).toEqual(fencedOff(2));
  });

  it('cannot even repeat what it once said', () => {
    const state = aState('RUNNING', { details: { transitionId: 't1' } });

    expect(say({ run: aPushRun({ state, attempt: 2 }), type: 'RUNNING', caller: attempt(1), policy })).toEqual(
      fencedOff(1),
    );
  });

  it.each(stateTypes)('cannot say %s once the run is to be tried again, although its task lives', (type) => {
    for (const retryType of [undefined, 'reschedule'] as const) {
      const empiricalPolicy = { pauseKeys: [], resuming: false, ...(retryType === undefined ? {} : { retryType }) };
      const run = aPushRun({ state: 'SCHEDULED', empiricalPolicy });

      expect(say({ run, type, caller: attempt(1), policy })).toEqual(fencedOff(1));
    }
  });

  it.each(stateTypes)('cannot say %s of a subflow that it once executed', (type) => {
    const subflow = aRun({ state: 'RUNNING', parentRunId: 'parent' });
    const proposed = proposal(type);
    const caller = { runId: 'parent', attempt: 1 };
    for (const executor of [aPushRun({ id: 'parent', state: 'RUNNING', attempt: 2 }), 'gone'] as const) {
      const answer = decideState(policy, { run: subflow, proposed, now, caller, executor }, { id: 'new', now });

      expect(answer).toEqual(fencedOff(1));
    }
  });

  it('cannot speak while the run waits for the next one', () => {
    const run = aPushRun({ state: 'SCHEDULED', isAttemptOpen: false });

    expect(say({ run, type: 'COMPLETED', caller: attempt(1), policy })).toEqual(fencedOff(1));
  });
});

describe('a caller without a name', () => {
  it('is not believed while the run is to be tried again and its old task lives', () => {
    const run = aPushRun({ state: 'SCHEDULED' });

    for (const type of ['RUNNING', ...terminalTypes] as const) {
      for (const policy of policies) expect(say({ run, type, policy }).status).toBe('ABORT');
    }
    expect(say({ run, type: 'CANCELLING' }).status).toBe('ACCEPT');
  });

  it('may not go on with a retry that was taken from it', () => {
    const run = aRun({ state: 'SCHEDULED', isLeftBehind: true });

    expect(say({ run, type: 'RUNNING' }).status).toBe('ABORT');
    expect(say({ run, type: 'PENDING' }).status).toBe('ACCEPT');
  });
});

describe('the current attempt', () => {
  it('is believed about the subflows that it executes', () => {
    const subflow = aRun({ state: 'RUNNING', parentRunId: 'parent' });
    const executor = aPushRun({ id: 'parent', state: 'RUNNING' });
    const caller = { runId: 'parent', attempt: 1 };

    const asked = { run: subflow, proposed: proposal('COMPLETED'), now, caller, executor };
    expect(decideState('core', asked, { id: 'new', now }).status).toBe('ACCEPT');
  });

  it.each(policies)('is believed (%s)', (policy) => {
    const run = aPushRun({ state: 'PENDING', attempt: 3 });

    expect(say({ run, type: 'RUNNING', caller: attempt(3), policy }).status).toBe('ACCEPT');
  });

  it('is believed while its retry waits in the engine', () => {
    const empiricalPolicy = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;
    const run = aPushRun({ state: 'SCHEDULED', empiricalPolicy });

    expect(say({ run, type: 'RUNNING', caller: attempt(1) }).status).toBe('ACCEPT');
  });

  const suspension = proposal('PAUSED', { name: 'Suspended', details: { pauseReschedule: true } });
  const lastWords = [...terminalTypes.map((type) => proposal(type)), proposal('SCHEDULED'), suspension];

  it.each(lastWords)('may still say how it ended when its task is known STOPPED: $name', (proposed) => {
    const run = aPushRun({ state: 'RUNNING', isAttemptOpen: false });

    const answer = decideState('core', { run, proposed, now, caller: attempt(1) }, { id: 'new', now });

    expect(answer.status).toBe('ACCEPT');
  });

  it.each(['RUNNING', 'PENDING', 'PAUSED', 'CANCELLING'] as const)(
    'can no longer be %s when its task is known STOPPED',
    (type) => {
      for (const state of ['RUNNING', 'CRASHED'] as const) {
        const run = aPushRun({ state, isAttemptOpen: false });
        for (const policy of policies) expect(say({ run, type, caller: attempt(1), policy })).toEqual(fencedOff(1));
      }
    },
  );
});

describe.each(policies)('who does not say which attempt he is (%s policy)', (policy) => {
  const unnamed = {
    status: 'ABORT',
    reason: expect.stringMatching(/^Attempt 2 of this run is under way: only its own containers may report this state/),
  };

  it.each(['RUNNING', ...terminalTypes] as const)('is not believed with %s once there is a second attempt', (type) => {
    const run = aPushRun({ state: 'PENDING', attempt: 2 });

    expect(say({ run, type, policy })).toEqual(unnamed);
  });

  it.each(['RUNNING', ...terminalTypes] as const)('is believed with %s in the first', (type) => {
    expect(say({ run: aPushRun({ state: 'PENDING' }), type, policy }).status).toBe('ACCEPT');
  });

  it.each(['SCHEDULED', 'CANCELLING'] as const)('passes with %s to the other rules', (type) => {
    const run = aPushRun({ state: 'PENDING', attempt: 2 });

    expect(say({ run, type, policy }).status).toBe('ACCEPT');
  });

  it('is believed when no attempt is open', () => {
    const run = aPushRun({ state: 'CRASHED', attempt: 2, isAttemptOpen: false });

    expect(say({ run, type: 'COMPLETED', policy }).status).toBe('ACCEPT');
  });

  it('is no better for being the attempt of another run', () => {
    const run = aPushRun({ state: 'RUNNING', attempt: 2 });
    const stranger = { runId: '99999999-9999-4999-8999-999999999999', attempt: 2 };

    expect(say({ run, type: 'COMPLETED', caller: stranger, policy })).toEqual(unnamed);
    expect(say({ run: aPushRun({ state: 'RUNNING' }), type: 'COMPLETED', caller: stranger, policy }).status).toBe(
      'ACCEPT',
    );
  });
});

describe('PENDING of a run that we launch', () => {
  it.each(stateTypes)('is never given to a worker: from %s', (state) => {
    for (const policy of policies) {
      expect(say({ run: aPushRun({ state, isAttemptOpen: false, attempt: 0 }), type: 'PENDING', policy })).toEqual({
        status: 'ABORT',
        reason: 'Runs of push work pools are started by the service, not by workers.',
      });
    }
  });

  it('is given for any other run', () => {
    expect(say({ run: aRun({}), type: 'PENDING' }).status).toBe('ACCEPT');
  });
});

describe('cancelling a run that we launch', () => {
  const stale = { infrastructurePid: 'cluster::arn', isAttemptOpen: false };

  it.each(policies)('ends it at once while it waits, whatever pid its last task left (%s)', (policy) => {
    const state = aState('SCHEDULED', { name: 'AwaitingRetry' });

    expect(say({ run: aPushRun({ state, ...stale }), type: 'CANCELLING', policy })).toMatchObject({
      status: 'REJECT',
      state: { type: 'CANCELLED' },
    });
  });

  it.each(['SCHEDULED', 'PAUSED'] as const)('never passes over an open attempt (%s)', (type) => {
    const state = aState(type, { name: 'Resuming', details: { pauseReschedule: true } });

    for (const policy of policies) {
      expect(say({ run: aPushRun({ state }), type: 'CANCELLING', policy })).toMatchObject({
        status: 'ACCEPT',
        state: { type: 'CANCELLING' },
      });
    }
  });

  it('waits for whoever else executes it', () => {
    const run = aRun({ state: aState('SCHEDULED', { name: 'AwaitingRetry' }), infrastructurePid: 'host:1' });

    expect(say({ run, type: 'CANCELLING' })).toMatchObject({ status: 'ACCEPT' });
  });
});

describe('the table', () => {
  it('has the last word on what no rule refused', () => {
    const decide = (from: StateType, to: StateType) =>
      keepToTable.decide({ run: aRun({ state: from }), proposed: proposal(to), now });

    expect(decide('SCHEDULED', 'RUNNING')).toEqual({ kind: 'pass' });
    expect(decide('CANCELLING', 'RUNNING')).toEqual({
      kind: 'abort',
      reason: 'This run is in a CANCELLING state and cannot transition to a RUNNING state.',
    });
  });
});
