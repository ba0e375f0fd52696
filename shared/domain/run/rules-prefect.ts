// Prefect's flow-run rules in its order (CoreFlowPolicy, MinimalFlowPolicy, MarkLateRunsPolicy). Of its transforms in
// these lists, events are told by publish, and slots are given back by whatever state frees them (slots.ts).
import type { Json, JsonObject } from '../json.ts';
import { pass, type Rule, type Verdict } from './policy-types.ts';
import {
  enforceDeploymentConcurrencyOnLate,
  preserveDeploymentConcurrencyLeaseId,
  removeLeaseForOldClients,
  secureFlowConcurrencySlots,
  validateDeploymentConcurrencyAtRunning,
  withLease,
} from './rules-slots.ts';
import type { EmpiricalPolicy } from './run.ts';
import { isTerminal, type ProposedState, type State, stateTypes, terminalTypes } from './state.ts';

const cancelled: ProposedState = { type: 'CANCELLED', name: 'Cancelled', details: {} };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Prefect: an object counts as a result unless its type is "unpersisted"; any other data are none. */
function isPersistedResult(data: Json | undefined): data is JsonObject {
  return isObject(data) && data['type'] !== 'unpersisted';
}

/** What a completed run would lose; an empty object, which counts when it is proposed, is nothing to lose. */
function keepsResult({ type, data }: State): boolean {
  return type === 'COMPLETED' && isPersistedResult(data) && Object.keys(data).length > 0;
}

function withoutRetryType(policy: EmpiricalPolicy): EmpiricalPolicy {
  const { retryType: _retryType, ...rest } = policy;
  return rest;
}

const preventDuplicateTransitions: Rule = {
  name: 'PreventDuplicateTransitions',
  from: 'any',
  to: 'any',
  decide: ({ run, proposed }) => {
    const id = proposed.details.transitionId;
    if (id === undefined) return pass;
    // Prefect knows only the current state's transition; a reply may take longer to be missed than that.
    const isRepeat =
      id === run.state.details.transitionId || run.recentStates.some(({ details }) => details.transitionId === id);
    if (!isRepeat) return pass;
    return { kind: 'reject', reason: 'This run has already made this state transition.' };
  },
};

const losesResult: Verdict = {
  kind: 'reject',
  reason: 'Cannot overwrite a COMPLETED state that carries persisted result data with one that does not.',
};

const handleFlowTerminalStateTransitions: Rule = {
  name: 'HandleFlowTerminalStateTransitions',
  from: terminalTypes,
  to: 'any',
  decide: ({ run, proposed }) => {
    const { state } = run;
    if (proposed.type === 'CANCELLING' || proposed.type === 'PAUSED' || proposed.type === 'CRASHED') {
      return { kind: 'abort', reason: `Run is already in terminal state ${state.type}.` };
    }
    if (keepsResult(state) && !isTerminal(proposed.type)) {
      return { kind: 'reject', reason: 'Run is already COMPLETED.' };
    }
    if (keepsResult(state) && proposed.type === 'COMPLETED' && !isPersistedResult(proposed.data)) return losesResult;
    if (proposed.type === 'SCHEDULED' && run.deploymentId === undefined) {
      return { kind: 'abort', reason: 'Cannot reschedule a run without an associated deployment.' };
    }
    if (isTerminal(proposed.type)) return pass;
    const policy = withoutRetryType({ ...run.empiricalPolicy, resuming: false, pauseKeys: [] });
    const empiricalPolicy: EmpiricalPolicy =
      proposed.type === 'SCHEDULED' ? { ...policy, retryType: 'reschedule' } : policy;
    return { kind: 'change', run: { ...run, empiricalPolicy } };
  },
};

const preventResultDataLoss: Rule = {
  name: 'PreventResultDataLoss',
  from: ['COMPLETED'],
  to: ['COMPLETED'],
  decide: ({ run, proposed }) => {
    return keepsResult(run.state) && !isPersistedResult(proposed.data) ? losesResult : pass;
  },
};

const enforceCancellingToCancelled: Rule = {
  name: 'EnforceCancellingToCancelledTransition',
  from: ['CANCELLING'],
  to: stateTypes.filter((type) => type !== 'CANCELLED'),
  decide: () => ({
    kind: 'reject',
    reason: 'Cannot transition flows that are cancelling to a state other than Cancelled.',
  }),
};

/**
 * A run with an open attempt has infrastructure, whatever its pid says: it never bypasses CANCELLING (design rule 10).
 * One that we launch and that waits without an attempt has none, whatever pid its last task left.
 */
const bypassCancellingWithoutInfrastructure: Rule = {
  name: 'BypassCancellingFlowRunsWithNoInfra',
  from: ['SCHEDULED', 'PAUSED'],
  to: ['CANCELLING'],
  decide: ({ run }) => {
    if (run.isAttemptOpen) return pass;
    const { state } = run;
    const hasTask = run.infrastructurePid !== undefined && !run.launched && state.name !== 'Resuming';
    if (state.type === 'SCHEDULED' && !hasTask) {
      return { kind: 'replace', proposed: cancelled, reason: 'Scheduled flow run has no infrastructure to terminate.' };
    }
    if (state.type === 'PAUSED' && state.details.pauseReschedule === true) {
      return { kind: 'replace', proposed: cancelled, reason: 'Suspended flow run has no infrastructure to terminate.' };
    }
    return pass;
  },
};

/** PENDING is the lock of whoever submits a run; only its named sub-states may follow it. */
const preventPendingTransitions: Rule = {
  name: 'PreventPendingTransitions',
  from: ['PENDING', 'CANCELLING', 'RUNNING', 'CANCELLED'],
  to: ['PENDING'],
  decide: ({ run, proposed }) => {
    const { state } = run;
    if (state.type === 'PENDING' && state.name !== proposed.name && proposed.name !== 'Pending') {
      const { scheduledTime: _proposed, ...details } = proposed.details;
      const { scheduledTime, leaseId } = state.details;
      const timed = { ...proposed, details: scheduledTime === undefined ? details : { ...details, scheduledTime } };
      return { kind: 'change', proposed: withLease(timed, leaseId) };
    }
    return {
      kind: 'abort',
      reason: `This run is in a ${state.type} state and cannot transition to a PENDING state.`,
    };
  },
};

const ensureOnlyScheduledFlowsMarkedLate: Rule = {
  name: 'EnsureOnlyScheduledFlowsMarkedLate',
  from: 'any',
  to: ['SCHEDULED'],
  decide: ({ run, proposed }) => {
    if (proposed.name !== 'Late') return pass;
    if (run.state.type !== 'SCHEDULED') return { kind: 'reject', reason: 'Only scheduled flows can be marked late.' };
    return run.state.name === 'Late' ? { kind: 'reject', reason: 'This flow run is already marked late.' } : pass;
  },
};

const handlePausingFlows: Rule = {
  name: 'HandlePausingFlows',
  from: 'any',
  to: ['PAUSED'],
  decide: ({ run, proposed }) => {
    const verb = proposed.name === 'Suspended' ? 'suspend' : 'pause';
    if (run.state.type !== 'RUNNING') {
      return { kind: 'reject', reason: `Cannot ${verb} flows that are not currently running.` };
    }
    const key = proposed.details.pauseKey;
    if (key !== undefined && run.empiricalPolicy.pauseKeys.includes(key)) {
      return { kind: 'reject', reason: `This ${verb} has already fired.` };
    }
    if (proposed.details.pauseReschedule === true) {
      if (run.parentTaskRunId !== undefined) return { kind: 'abort', reason: `Cannot ${verb} subflows.` };
      if (run.deploymentId === undefined) {
        return { kind: 'abort', reason: `Cannot ${verb} flows without a deployment.` };
      }
    }
    if (key === undefined) return pass;
    const pauseKeys = [...run.empiricalPolicy.pauseKeys, key];
    return { kind: 'change', run: { ...run, empiricalPolicy: { ...run.empiricalPolicy, pauseKeys } } };
  },
};

const mayLeavePause = ['RUNNING', 'SCHEDULED', 'CANCELLING', ...terminalTypes] as const;

const handleResumingPausedFlows: Rule = {
  name: 'HandleResumingPausedFlows',
  from: ['PAUSED'],
  to: 'any',
  decide: ({ run, proposed, now }) => {
    if (!mayLeavePause.some((type) => type === proposed.type)) {
      return {
        kind: 'reject',
        reason: `This run cannot transition to the ${proposed.type} state from the ${run.state.type} state.`,
      };
    }
    const name = proposed.name.toLowerCase();
    if (run.state.details.pauseReschedule === true && run.deploymentId === undefined) {
      return { kind: 'reject', reason: `Cannot reschedule a ${name} flow run without a deployment.` };
    }
    const resumed = { ...run, empiricalPolicy: { ...run.empiricalPolicy, resuming: true } };
    if (proposed.type === 'CANCELLING') return { kind: 'change', run: resumed };
    const timeout = run.state.details.pauseTimeout;
    if (timeout === undefined || timeout >= now) return { kind: 'change', run: resumed };
    return {
      kind: 'replace',
      proposed: { type: 'FAILED', name: 'Failed', message: `The flow was ${name} and never resumed.`, details: {} },
      reason: 'The flow run pause has timed out and can no longer resume.',
    };
  },
};

const copyScheduledTime: Rule = {
  name: 'CopyScheduledTime',
  from: ['SCHEDULED'],
  to: ['PENDING'],
  decide: ({ run, proposed }) => {
    const scheduledTime = run.state.details.scheduledTime;
    if (proposed.details.scheduledTime !== undefined || scheduledTime === undefined) return pass;
    return { kind: 'change', proposed: { ...proposed, details: { ...proposed.details, scheduledTime } } };
  },
};

const waitForScheduledTime: Rule = {
  name: 'WaitForScheduledTime',
  from: ['SCHEDULED', 'PENDING'],
  to: ['RUNNING'],
  decide: ({ run, now }) => {
    const scheduledTime = run.state.details.scheduledTime;
    // Half a second is rounded down, as Prefect does.
    const delaySeconds = scheduledTime === undefined ? 0 : Math.ceil((scheduledTime - now) / 1000 - 0.5);
    if (delaySeconds <= 0) return pass;
    return { kind: 'wait', delaySeconds, reason: 'Scheduled time is in the future' };
  },
};

const retryFailedFlows: Rule = {
  name: 'RetryFailedFlows',
  from: ['RUNNING'],
  to: ['FAILED'],
  decide: ({ run, proposed, now }) => {
    const { retries, retryDelaySeconds = 0 } = run.empiricalPolicy;
    if (retries === undefined || run.runCount > retries) {
      return { kind: 'change', run: { ...run, empiricalPolicy: withoutRetryType(run.empiricalPolicy) } };
    }
    const { message, data } = proposed;
    return {
      kind: 'replace',
      run: {
        ...run,
        empiricalPolicy: { ...run.empiricalPolicy, resuming: false, pauseKeys: [], retryType: 'in_process' },
      },
      proposed: {
        type: 'SCHEDULED',
        name: 'AwaitingRetry',
        ...(message === undefined ? {} : { message }),
        ...(data === undefined ? {} : { data }),
        details: {
          scheduledTime: now + retryDelaySeconds * 1000,
          ...(run.state.details.leaseId === undefined ? {} : { leaseId: run.state.details.leaseId }),
        },
      },
      reason: 'Retrying',
    };
  },
};

export const coreRules = [
  preserveDeploymentConcurrencyLeaseId,
  preventDuplicateTransitions,
  handleFlowTerminalStateTransitions,
  enforceCancellingToCancelled,
  bypassCancellingWithoutInfrastructure,
  preventPendingTransitions,
  validateDeploymentConcurrencyAtRunning,
  secureFlowConcurrencySlots,
  removeLeaseForOldClients,
  ensureOnlyScheduledFlowsMarkedLate,
  handlePausingFlows,
  handleResumingPausedFlows,
  copyScheduledTime,
  waitForScheduledTime,
  retryFailedFlows,
] as const satisfies readonly Rule[];

export const minimalRules = [
  preventResultDataLoss,
  bypassCancellingWithoutInfrastructure,
] as const satisfies readonly Rule[];

/** For the clock that marks runs Late. */
export const lateRules = [
  ensureOnlyScheduledFlowsMarkedLate,
  enforceDeploymentConcurrencyOnLate,
] as const satisfies readonly Rule[];
