// Slots of deployments, pools and queues in the rules: when they are taken, what a full limit means, which states keep
// them. Answers and reasons as Prefect's server gives them.
import { describe, expect, it } from 'vitest';
import { type Answer, decideState, type PolicyName } from '../../shared/domain/run/policy.ts';
import type { Proposal } from '../../shared/domain/run/policy-types.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { keepsSlot } from '../../shared/domain/run/slots.ts';
import { type StateType, stateTypes } from '../../shared/domain/run/state.ts';
import { enterState } from '../../shared/domain/run/transition.ts';
import { isOlder } from '../../shared/domain/version.ts';
import { aRun, aState, minute, proposal, second, start } from '../support/run-builders.ts';

const now = start + minute;
const slot = { limitId: 'limit', leaseId: 'old' };
type Limited = Extract<NonNullable<Proposal['concurrency']>, { kind: 'limited' }>;

const limited = (over: Partial<Limited> = {}): Limited => ({
  kind: 'limited',
  limitId: 'limit',
  limit: 1,
  isFull: false,
  isHeld: false,
  strategy: 'ENQUEUE',
  leaseId: 'new',
  ...over,
});

function decide(
  run: Run,
  to: StateType,
  more: Partial<Proposal> & { policy?: PolicyName; name?: string } = {},
): Answer {
  const { policy = 'core', name, ...facts } = more;
  const proposed = proposal(to, name === undefined ? {} : { name });
  return decideState(policy, { run, proposed, now, clientVersion: '3.8.8', ...facts }, { id: 'new-state', now });
}

const written = (answer: Answer): Run => {
  if (!('run' in answer) || answer.run === undefined) throw new Error(`nothing written: ${JSON.stringify(answer)}`);
  return answer.run;
};

describe('a run that comes to PENDING', () => {
  it.each(['SCHEDULED', 'COMPLETED', 'FAILED', 'CRASHED'] as const)('from %s takes a slot and its lease', (from) => {
    const after = written(decide(aRun({ state: from }), 'PENDING', { concurrency: limited() }));

    expect(after.slot).toEqual({ limitId: 'limit', leaseId: 'new' });
    expect(after.state.details.leaseId).toBe('new');
  });

  it('waits half a minute for a slot, and is then asked again', () => {
    const answer = decide(aRun({ state: 'SCHEDULED' }), 'PENDING', { concurrency: limited({ isFull: true }) });

    expect(answer).toMatchObject({
      status: 'REJECT',
      reason: 'Deployment concurrency limit reached.',
      state: { type: 'SCHEDULED', name: 'AwaitingConcurrencySlot', details: { scheduledTime: now + 30 * second } },
    });
    expect(written(answer).slot).toBeUndefined();
  });

  it('leaves a retry policy as it was when it has to wait', () => {
    const empiricalPolicy = { pauseKeys: ['k'], resuming: false, retryType: 'reschedule' } as const;
    const failed = aRun({ state: 'FAILED', empiricalPolicy });

    const after = written(decide(failed, 'PENDING', { concurrency: limited({ isFull: true }) }));

    expect(after.empiricalPolicy).toEqual(empiricalPolicy);
  });

  it('is cancelled where its deployment wants no collision', () => {
    const full = limited({ isFull: true, strategy: 'CANCEL_NEW' });

    expect(decide(aRun({ state: 'SCHEDULED' }), 'PENDING', { concurrency: full })).toMatchObject({
      status: 'REJECT',
      state: { type: 'CANCELLED', message: 'Deployment concurrency limit reached.' },
    });
  });

  it.each([
    [
      limited({ limit: 0, isFull: true }),
      'The deployment concurrency limit is 0. The flow will deadlock if submitted again.',
    ],
    [{ kind: 'no-deployment' } as const, 'Deployment not found.'],
  ])('is refused for good where it can never have one', (concurrency, reason) => {
    expect(decide(aRun({ state: 'SCHEDULED' }), 'PENDING', { concurrency })).toEqual({ status: 'ABORT', reason });
  });

  it('takes none where none is wanted', () => {
    const free = { kind: 'unlimited' } as const;

    expect(written(decide(aRun({ state: 'SCHEDULED' }), 'PENDING', { concurrency: free })).slot).toBeUndefined();
    expect(written(decide(aRun({ state: 'SCHEDULED' }), 'PENDING')).slot).toBeUndefined();
  });

  it('takes none for a client that keeps the limit itself, nor when it is forced', () => {
    const run = aRun({ state: 'SCHEDULED' });
    const concurrency = limited({ isFull: true });

    expect(decide(run, 'PENDING', { concurrency, clientVersion: '3.0.2' }).status).toBe('ACCEPT');
    expect(decide(run, 'PENDING', { concurrency, policy: 'minimal' }).status).toBe('ACCEPT');
  });

  it('by another name keeps the lease that workers do not send', () => {
    const run = aRun({ state: aState('PENDING', { details: { leaseId: 'old' } }), slot });

    const after = written(decide(run, 'PENDING', { name: 'Submitting' }));

    expect(after).toMatchObject({ slot, state: { details: { leaseId: 'old' } } });
  });

  it('needs room in its pool and queue', () => {
    const run = aRun({ state: 'SCHEDULED' });
    const takings = [{ gateId: 'pool:1', version: 1 }];

    const full = decide(run, 'PENDING', { placeRoom: { kind: 'full' } });
    const placed = decide(run, 'PENDING', { placeRoom: { kind: 'granted', takings } });

    expect(full).toEqual({
      status: 'ABORT',
      reason: 'The concurrency limit of the work pool or work queue is reached.',
    });
    expect(written(placed).placeGateIds).toEqual(['pool:1']);
  });
});

describe('a run that starts', () => {
  const pending = aRun({ state: aState('PENDING', { details: { leaseId: 'old' } }), slot });

  it('keeps the slot that it could renew', () => {
    const after = written(decide(pending, 'RUNNING', { concurrency: limited({ isHeld: true, isFull: true }) }));

    expect(after).toMatchObject({ slot, state: { type: 'RUNNING', details: { leaseId: 'old' } } });
  });

  it('takes another where its own ran out and one is free', () => {
    const after = written(decide(pending, 'RUNNING', { concurrency: limited() }));

    expect(after).toMatchObject({ slot: { leaseId: 'new' }, state: { type: 'RUNNING', details: { leaseId: 'new' } } });
  });

  it('is cancelled where its own went to somebody else', () => {
    const answer = decide(pending, 'RUNNING', { concurrency: limited({ isFull: true }) });

    expect(answer).toMatchObject({
      status: 'REJECT',
      reason: 'Deployment concurrency limit reached after lease expiry.',
      state: { type: 'CANCELLED' },
    });
    expect(written(answer).slot).toBeUndefined();
  });

  it.each([undefined, '3.4.10', '3.0.3'])(
    'with a client that does not renew (%s) keeps it for good',
    (clientVersion) => {
      const facts = clientVersion === undefined ? {} : { clientVersion };
      const proposed = proposal('RUNNING');

      const answer = decideState('core', { run: pending, proposed, now, ...facts }, { id: 'new-state', now });

      expect(written(answer).slot).toEqual({ ...slot, isPinned: true });
    },
  );
});

describe('a run that would be Late', () => {
  const full = limited({ isFull: true, strategy: 'CANCEL_NEW' });
  const late = (concurrency: Limited) =>
    decide(aRun({ state: 'SCHEDULED' }), 'SCHEDULED', { policy: 'late', name: 'Late', concurrency });

  it('is cancelled for want of a slot where its deployment asks for that', () => {
    expect(late(full)).toMatchObject({
      status: 'REJECT',
      reason: 'Deployment concurrency limit is full and uses the CANCEL_NEW strategy.',
      state: { type: 'CANCELLED', message: 'Deployment concurrency limit reached.' },
    });
  });

  it('is Late in any other case, once', () => {
    expect(late(limited({ isFull: true }))).toMatchObject({ status: 'ACCEPT', state: { name: 'Late' } });
    expect(late(limited({ strategy: 'CANCEL_NEW' }))).toMatchObject({ status: 'ACCEPT', state: { name: 'Late' } });
    const already = aRun({ state: aState('SCHEDULED', { name: 'Late' }) });
    expect(decide(already, 'SCHEDULED', { policy: 'late', name: 'Late' })).toMatchObject({
      status: 'REJECT',
      reason: 'This flow run is already marked late.',
    });
  });
});

describe('the slots of a run', () => {
  const running = aRun({ state: 'RUNNING', slot, placeGateIds: ['pool:1'] });
  const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;

  it.each(stateTypes)('follow its state: %s', (type) => {
    const isKept = ['PENDING', 'RUNNING', 'CANCELLING', 'PAUSED'].includes(type);

    const after = enterState(running, aState(type));

    expect(after.slot).toEqual(isKept ? slot : undefined);
    expect(after.placeGateIds).toEqual(isKept ? ['pool:1'] : undefined);
  });

  it('are given back by a suspension, and kept through a retry inside the engine', () => {
    const suspended = aState('PAUSED', { details: { pauseReschedule: true } });

    expect(keepsSlot({ state: suspended, empiricalPolicy: inProcess })).toBe(false);
    expect(enterState({ ...running, empiricalPolicy: inProcess }, aState('SCHEDULED')).slot).toEqual(slot);
  });

  it('stay with a run whose engine tries again', () => {
    const run = { ...running, empiricalPolicy: { pauseKeys: [], resuming: false, retries: 3 } };

    const answer = decide({ ...run, state: aState('RUNNING', { details: { leaseId: 'old' } }) }, 'FAILED');

    expect(answer).toMatchObject({ status: 'REJECT', state: { name: 'AwaitingRetry', details: { leaseId: 'old' } } });
    expect(written(answer).slot).toEqual(slot);
  });
});

describe('versions', () => {
  it.each([
    ['3.4.10', '3.4.11', true],
    ['3.4.11', '3.4.11', false],
    ['3.4.11rc1', '3.4.11', true],
    ['3.10.0', '3.4.11', false],
    ['2.20.9', '3.0.0', true],
    ['3.8.8+local', '3.8.8', false],
  ])('%s is older than %s: %s', (version, other, expected) => {
    expect(isOlder(version, other)).toBe(expected);
  });
});
