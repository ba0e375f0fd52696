// Prefect's rules about the slots of deployments, in the places where its lists have them, and ours about those of pools
// and queues. What the limits say is a fact that the use case read; a slot that a rule takes stands on the run, and is
// held by the write that moves it.
import { isOlder } from '../version.ts';
import { type DeploymentConcurrency, type Proposal, pass, type Rule, type Verdict } from './policy-types.ts';
import type { Run } from './run.ts';
import { type ProposedState, type StateType, stateTypes } from './state.ts';
import { timing } from './timing.ts';

/** Clients that kept the deployment's limit by themselves. */
const versionsThatKeepLimits = ['3.0.0rc20', '3.0.0', '3.0.1', '3.0.2', '3.0.3'];
/** Clients from here on renew their lease. */
const firstLeasingVersion = '3.4.11';

/** Whoever names no version is as old as can be. */
export function renewsLeases(clientVersion: string | undefined): boolean {
  return clientVersion !== undefined && !isOlder(clientVersion, firstLeasingVersion);
}

function keepsLimitItself({ clientVersion }: Pick<Proposal, 'clientVersion'>): boolean {
  return clientVersion !== undefined && versionsThatKeepLimits.includes(clientVersion);
}

export function withLease(proposed: ProposedState, leaseId: string | undefined): ProposedState {
  const { leaseId: _old, ...details } = proposed.details;
  return { ...proposed, details: leaseId === undefined ? details : { ...details, leaseId } };
}

type Limited = Extract<DeploymentConcurrency, { kind: 'limited' }>;

function take(run: Run, proposed: ProposedState, { limitId, leaseId }: Limited): Verdict {
  return { kind: 'change', run: { ...run, slot: { limitId, leaseId } }, proposed: withLease(proposed, leaseId) };
}

export const limitReached = 'Deployment concurrency limit reached.';
const cancelledFor = (message: string): ProposedState => ({
  type: 'CANCELLED',
  name: 'Cancelled',
  message,
  details: {},
});

/** Workers send no lease: the one there is goes on from state to state. */
export const preserveDeploymentConcurrencyLeaseId: Rule = {
  name: 'PreserveDeploymentConcurrencyLeaseId',
  from: 'any',
  to: 'any',
  decide: ({ run, proposed }) => {
    const { leaseId } = run.state.details;
    if (leaseId === undefined || proposed.details.leaseId !== undefined) return pass;
    return { kind: 'change', proposed: withLease(proposed, leaseId) };
  },
};

/** A slot that was lost while the infrastructure came up is taken again, or the run cannot go on. */
export const validateDeploymentConcurrencyAtRunning: Rule = {
  name: 'ValidateDeploymentConcurrencyAtRunning',
  from: ['PENDING'],
  to: ['RUNNING'],
  decide: ({ run, concurrency, clientVersion, ...proposal }) => {
    const { leaseId } = run.state.details;
    const proposed = withLease(proposal.proposed, leaseId);
    const isChecked = leaseId !== undefined && renewsLeases(clientVersion) && concurrency?.kind === 'limited';
    if (!isChecked || concurrency.isHeld) return { kind: 'change', proposed };
    if (!concurrency.isFull) return take(run, proposed, concurrency);
    const message = 'The deployment concurrency slot was lost before the run started, and no other one is free.';
    return {
      kind: 'replace',
      proposed: cancelledFor(message),
      reason: 'Deployment concurrency limit reached after lease expiry.',
    };
  },
};

const activeTypes: readonly StateType[] = ['PENDING', 'RUNNING', 'CANCELLING'];
const inactiveTypes = stateTypes.filter((type) => !activeTypes.includes(type));

/** Whether a run takes its slots by this change: whoever comes to PENDING without holding them. */
export function takesSlots(from: StateType, to: StateType): boolean {
  return to === 'PENDING' && inactiveTypes.includes(from);
}

export const secureFlowConcurrencySlots: Rule = {
  name: 'SecureFlowConcurrencySlots',
  from: inactiveTypes,
  to: ['PENDING'],
  decide: ({ run, proposed, concurrency, now, ...proposal }) => {
    if (concurrency === undefined || concurrency.kind === 'unlimited' || keepsLimitItself(proposal)) return pass;
    if (concurrency.kind === 'no-deployment') return { kind: 'abort', reason: 'Deployment not found.' };
    if (concurrency.limit === 0) {
      return {
        kind: 'abort',
        reason: 'The deployment concurrency limit is 0. The flow will deadlock if submitted again.',
      };
    }
    if (!concurrency.isFull) return take(run, proposed, concurrency);
    const enqueued: ProposedState = {
      type: 'SCHEDULED',
      name: 'AwaitingConcurrencySlot',
      details: { scheduledTime: now + timing.awaitSlot },
    };
    const instead = concurrency.strategy === 'CANCEL_NEW' ? cancelledFor(limitReached) : enqueued;
    return { kind: 'replace', proposed: instead, reason: limitReached };
  },
};

/** A client that does not renew has no lease that could run out: its slot stays until its state gives it back. */
export const removeLeaseForOldClients: Rule = {
  name: 'RemoveDeploymentConcurrencyLeaseForOldClientVersions',
  from: ['PENDING'],
  to: ['RUNNING', 'CANCELLING'],
  decide: ({ run, clientVersion }) =>
    run.slot === undefined || renewsLeases(clientVersion)
      ? pass
      : { kind: 'change', run: { ...run, slot: { ...run.slot, isPinned: true } } },
};

/** A run that would be late for want of a slot is cancelled where its deployment asks for that. */
export const enforceDeploymentConcurrencyOnLate: Rule = {
  name: 'EnforceDeploymentConcurrencyOnLate',
  from: ['SCHEDULED'],
  to: ['SCHEDULED'],
  decide: ({ proposed, concurrency }) => {
    if (proposed.name !== 'Late' || concurrency?.kind !== 'limited') return pass;
    if (concurrency.strategy !== 'CANCEL_NEW' || !concurrency.isFull) return pass;
    return {
      kind: 'replace',
      proposed: cancelledFor(limitReached),
      reason: 'Deployment concurrency limit is full and uses the CANCEL_NEW strategy.',
    };
  },
};

/** Ours: whoever submits a run to other infrastructure needs room in its pool and queue (design rule 6). */
export const securePlaceSlots: Rule = {
  name: 'SecurePlaceSlots',
  from: inactiveTypes,
  to: ['PENDING'],
  decide: ({ run, placeRoom }) => {
    switch (placeRoom?.kind) {
      case 'full':
        return { kind: 'abort', reason: 'The concurrency limit of the work pool or work queue is reached.' };
      case 'granted':
        return { kind: 'change', run: { ...run, placeGateIds: placeRoom.takings.map(({ gateId }) => gateId) } };
      default:
        return pass;
    }
  },
};
