// Prefect's task-run rules by their names (CoreTaskPolicy, BackgroundTaskPolicy), each with its from and to states.
// Their order stands in policy.ts.
import type { Json } from '../json.ts';
import { isTerminal, type ProposedState, stateTypes, terminalTypes } from '../run/state.ts';
import { passTask, type TaskRule } from './policy-types.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import { isDeferred, otherDetail, textDetail } from './task-run.ts';

/** Prefect's `server.tasks.max_cache_key_length`. */
const longestCacheKey = 2000;

/** Ours, as for flow runs: a request whose answer got lost may be sent again and counts once. */
export const preventDuplicateTransitions: TaskRule = {
  name: 'PreventDuplicateTransitions',
  from: 'any',
  to: 'any',
  decide: ({ taskRun, proposed }) => {
    const id = proposed.details.transitionId;
    if (id === undefined || id !== taskRun.state.details.transitionId) return passTask;
    return { kind: 'reject', reason: 'This run has already made this state transition.' };
  },
};

export const cacheRetrieval: TaskRule = {
  name: 'CacheRetrieval',
  from: 'any',
  to: ['RUNNING'],
  decide: ({ facts: { cached } }) => {
    if (cached === undefined) return passTask;
    const { id: _id, timestamp: _timestamp, ...copy } = cached;
    return { kind: 'replace', proposed: { ...copy, name: 'Cached' }, reason: 'Retrieved state from cache' };
  },
};

/** An object that is not empty and not marked as unpersisted would be lost. */
function isPersisted(data: Json | undefined): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const type = 'type' in data ? data['type'] : undefined;
  return Object.keys(data).length > 0 && type !== 'unpersisted';
}

export const handleTaskTerminalStateTransitions: TaskRule = {
  name: 'HandleTaskTerminalStateTransitions',
  from: terminalTypes,
  to: 'any',
  decide: ({ taskRun, proposed, facts: { flowRun } }) => {
    const { state } = taskRun;
    if (proposed.type === 'CANCELLING' || proposed.type === 'PAUSED' || proposed.type === 'CRASHED') {
      return { kind: 'abort', reason: `Run is already ${state.type}.` };
    }
    if (state.type === 'COMPLETED' && isPersisted(state.data)) {
      return { kind: 'reject', reason: 'This run is already completed.' };
    }
    const isFlowRetrying = flowRun !== undefined && taskRun.flowRunRunCount < flowRun.runCount;
    return {
      kind: 'change',
      // A new life of the task has all its retries again.
      ...(isTerminal(proposed.type) ? {} : { taskRun: { ...taskRun, runCount: 0 } }),
      ...(proposed.type === 'RUNNING' && isFlowRetrying ? { proposed: { ...proposed, name: 'Retrying' } } : {}),
    };
  },
};

export const preventRunningTasksFromStoppedFlows: TaskRule = {
  name: 'PreventRunningTasksFromStoppedFlows',
  from: 'any',
  to: ['RUNNING'],
  decide: ({ facts: { flowRun } }) => {
    if (flowRun === undefined || flowRun.state.type === 'RUNNING') return passTask;
    if (flowRun.state.type !== 'PAUSED') {
      return { kind: 'abort', reason: 'The enclosing flow must be running to begin task execution.' };
    }
    const { pauseTimeout, pauseReschedule } = flowRun.state.details;
    const proposed: ProposedState = {
      type: 'PAUSED',
      name: 'NotReady',
      details: {
        ...(pauseTimeout === undefined ? {} : { pauseTimeout }),
        ...(pauseReschedule === undefined ? {} : { pauseReschedule }),
      },
    };
    const reason = `The flow is paused, new tasks can execute after resuming flow run: ${flowRun.id}.`;
    return { kind: 'replace', proposed, reason };
  },
};

export const secureTaskConcurrencySlots: TaskRule = {
  name: 'SecureTaskConcurrencySlots',
  from: 'any',
  to: ['RUNNING'],
  decide: ({ taskRun, facts: { tagSlots } }) => {
    switch (tagSlots.kind) {
      case 'unasked':
        return taskRun.tags.length === 0 ? passTask : { kind: 'ask-slots' };
      case 'held':
        return passTask;
      case 'wait':
      case 'abort':
        return tagSlots;
    }
  },
};

export const preventPendingTransitions: TaskRule = {
  name: 'PreventPendingTransitions',
  from: ['PENDING', 'CANCELLING', 'RUNNING', 'CANCELLED'],
  to: ['PENDING'],
  decide: ({ taskRun: { state }, proposed }) => {
    if (state.type !== 'PENDING' || state.name === proposed.name || proposed.name === 'Pending') {
      const reason = `This run is in a ${state.type} state and cannot transition to a PENDING state.`;
      return { kind: 'abort', reason };
    }
    const { scheduledTime: _proposed, ...details } = proposed.details;
    const { scheduledTime } = state.details;
    return {
      kind: 'change',
      proposed: { ...proposed, details: scheduledTime === undefined ? details : { ...details, scheduledTime } },
    };
  },
};

export const copyScheduledTime: TaskRule = {
  name: 'CopyScheduledTime',
  from: ['SCHEDULED'],
  to: ['PENDING'],
  decide: ({ taskRun: { state }, proposed }) => {
    const { scheduledTime } = state.details;
    if (proposed.details.scheduledTime !== undefined || scheduledTime === undefined) return passTask;
    return { kind: 'change', proposed: { ...proposed, details: { ...proposed.details, scheduledTime } } };
  },
};

const parametersField = 'task_parameters_id';

export const copyTaskParametersId: TaskRule = {
  name: 'CopyTaskParametersID',
  from: ['SCHEDULED', 'PENDING'],
  to: ['PENDING', 'RUNNING'],
  decide: ({ taskRun: { state }, proposed }) => {
    const id = textDetail(state, parametersField);
    if (id === undefined || textDetail(proposed, parametersField) !== undefined) return passTask;
    const other = { ...proposed.details.other, [parametersField]: id };
    return { kind: 'change', proposed: { ...proposed, details: { ...proposed.details, other } } };
  },
};

export const waitForScheduledTime: TaskRule = {
  name: 'WaitForScheduledTime',
  from: ['SCHEDULED', 'PENDING'],
  to: ['RUNNING'],
  decide: ({ taskRun: { state }, now }) => {
    const { scheduledTime } = state.details;
    // Half a second is rounded down, as Prefect does.
    const delaySeconds = scheduledTime === undefined ? 0 : Math.ceil((scheduledTime - now) / 1000 - 0.5);
    if (delaySeconds <= 0) return passTask;
    return { kind: 'wait', delaySeconds, reason: 'Scheduled time is in the future' };
  },
};

export const retryFailedTasks: TaskRule = {
  name: 'RetryFailedTasks',
  from: ['RUNNING'],
  to: ['FAILED'],
  decide: ({ taskRun: { policy, runCount }, proposed, facts, now }) => {
    // `@task(retry_condition_fn=…)` said no.
    if (otherDetail(proposed, 'retriable') === false) return passTask;
    if (policy.retries === undefined || runCount > policy.retries) return passTask;
    const { message, data } = proposed;
    const delayMs = retryDelaySeconds(policy, runCount, facts.random) * 1000;
    const retry: ProposedState = {
      type: 'SCHEDULED',
      name: 'AwaitingRetry',
      ...(message === undefined ? {} : { message }),
      ...(data === undefined ? {} : { data }),
      details: { scheduledTime: Math.floor(now + delayMs) },
    };
    return { kind: 'replace', proposed: retry, reason: 'Retrying' };
  },
};

export const renameReruns: TaskRule = {
  name: 'RenameReruns',
  from: 'any',
  to: ['RUNNING'],
  decide: ({ taskRun, proposed }) => {
    if (taskRun.runCount === 0) return passTask;
    const name = taskRun.state.name === 'AwaitingRetry' ? 'Retrying' : 'Rerunning';
    return { kind: 'change', proposed: { ...proposed, name } };
  },
};

export const updateFlowRunTrackerOnTasks: TaskRule = {
  name: 'UpdateFlowRunTrackerOnTasks',
  from: 'any',
  to: ['RUNNING'],
  decide: ({ taskRun, facts: { flowRun } }) => {
    if (flowRun === undefined) return passTask;
    return { kind: 'change', taskRun: { ...taskRun, flowRunRunCount: flowRun.runCount } };
  },
};

export const cacheInsertion: TaskRule = {
  name: 'CacheInsertion',
  from: 'any',
  to: ['COMPLETED'],
  decide: ({ proposed }) => {
    const key = textDetail(proposed, 'cache_key');
    if (key === undefined) return passTask;
    if ([...key].length <= longestCacheKey) return { kind: 'change', effect: 'insert-cache' };
    const reason = `Cache key exceeded maximum allowed length of ${longestCacheKey} characters.`;
    return { kind: 'replace', proposed, reason };
  },
};

export const enqueueScheduledTasks: TaskRule = {
  name: 'EnqueueScheduledTasks',
  from: stateTypes,
  to: ['SCHEDULED'],
  decide: ({ proposed }) => (isDeferred(proposed) ? { kind: 'change', effect: 'enqueue' } : passTask),
};
