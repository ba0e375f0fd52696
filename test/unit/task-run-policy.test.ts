import { describe, expect, it } from 'vitest';
import type { ProposedState, StateType } from '../../shared/domain/run/state.ts';
import { stateTypes } from '../../shared/domain/run/state.ts';
import {
  decideTaskState,
  givesSlotsBack,
  type TaskPolicyName,
  taskPolicyFor,
  taskRuleNames,
} from '../../shared/domain/task-run/policy.ts';
import type { TaskFacts } from '../../shared/domain/task-run/policy-types.ts';
import type { TaskRun } from '../../shared/domain/task-run/task-run.ts';
import { aState, proposal, second, start } from '../support/run-builders.ts';
import { aTaskRun, flowRunId } from '../support/task-run-builders.ts';

const now = start + 10 * second;
const mint = { id: 'new-state', now };
const held: TaskFacts = { tagSlots: { kind: 'held' }, random: 0.5 };

function decide(
  taskRun: TaskRun,
  proposed: ProposedState | StateType,
  { policy = 'core', facts = {} }: { policy?: TaskPolicyName; facts?: Partial<TaskFacts> } = {},
) {
  const state = typeof proposed === 'string' ? proposal(proposed) : proposed;
  return decideTaskState(policy, { taskRun, proposed: state, now, facts: { ...held, ...facts } }, mint);
}
const running = (over: Parameters<typeof aTaskRun>[0] = {}) => aTaskRun({ state: 'RUNNING', runCount: 1, ...over });
const flowRun = (type: StateType, over: object = {}) => ({
  flowRun: { id: flowRunId, state: aState(type, over), runCount: 1 },
});
const withKey = (type: StateType, key: string, over: object = {}) =>
  proposal(type, { details: { other: { cache_key: key, ...over } } });

describe('the rules', () => {
  it("stand in Prefect's order", () => {
    expect(taskRuleNames('core')).toEqual([
      'PreventDuplicateTransitions',
      'CacheRetrieval',
      'HandleTaskTerminalStateTransitions',
      'PreventRunningTasksFromStoppedFlows',
      'SecureTaskConcurrencySlots',
      'CopyScheduledTime',
      'WaitForScheduledTime',
      'RetryFailedTasks',
      'RenameReruns',
      'UpdateFlowRunTrackerOnTasks',
      'CacheInsertion',
    ]);
    expect(taskRuleNames('background')).toEqual([
      'PreventDuplicateTransitions',
      'PreventPendingTransitions',
      'CacheRetrieval',
      'HandleTaskTerminalStateTransitions',
      'CopyScheduledTime',
      'CopyTaskParametersID',
      'WaitForScheduledTime',
      'RetryFailedTasks',
      'RenameReruns',
      'UpdateFlowRunTrackerOnTasks',
      'CacheInsertion',
      'EnqueueScheduledTasks',
    ]);
    expect(taskRuleNames('minimal')).toEqual([]);
  });

  it('are those of the background for a deferred state, forced or not', () => {
    const deferred = proposal('PENDING', { details: { other: { deferred: true } } });

    expect([taskPolicyFor(deferred, false), taskPolicyFor(deferred, true)]).toEqual(['background', 'background']);
    expect([taskPolicyFor(proposal('PENDING'), false), taskPolicyFor(proposal('PENDING'), true)]).toEqual([
      'core',
      'minimal',
    ]);
  });

  it.each(stateTypes.flatMap((from) => stateTypes.map((to) => [from, to] as const)))(
    'answer %s → %s as Prefect does',
    (from, to) => {
      const answer = decide(aTaskRun({ state: from }), to);

      const isFinal = ['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'].includes(from);
      const isAborted = isFinal && ['CANCELLING', 'PAUSED', 'CRASHED'].includes(to);
      expect(answer.status).toBe(isAborted ? 'ABORT' : 'ACCEPT');
      expect(decide(aTaskRun({ state: from }), to, { policy: 'minimal' }).status).toBe('ACCEPT');
    },
  );
});

describe('a transition', () => {
  it('that was made already is not made again', () => {
    const details = { transitionId: 'once' };
    const taskRun = running({ state: aState('RUNNING', { details }) });

    const answer = decide(taskRun, proposal('RUNNING', { details }));

    expect(answer).toMatchObject({ status: 'REJECT', state: taskRun.state });
    expect(answer).not.toHaveProperty('taskRun');
  });

  it('never has the time of the one before', () => {
    const ahead = aTaskRun({ state: aState('PENDING', { timestamp: now + second }) });

    expect(decide(ahead, 'RUNNING')).toMatchObject({ state: { timestamp: now + second + 1 } });
  });
});

describe('leaving a final state', () => {
  it('gives all retries back', () => {
    const failed = aTaskRun({ state: 'FAILED', runCount: 3, endTime: start });

    expect(decide(failed, 'RUNNING')).toMatchObject({
      status: 'ACCEPT',
      state: { name: 'Running' },
      taskRun: { runCount: 1 },
    });
    expect(decide(failed, 'PENDING')).toMatchObject({ taskRun: { runCount: 0 } });
    expect(decide(failed, 'COMPLETED')).toMatchObject({ taskRun: { runCount: 3, endTime: start } });
  });

  it('is called a retry when its flow run is tried again', () => {
    const failed = aTaskRun({ state: 'FAILED', runCount: 1, flowRunRunCount: 1 });
    const facts = { flowRun: { id: flowRunId, state: aState('RUNNING'), runCount: 2 } };

    expect(decide(failed, 'RUNNING', { facts })).toMatchObject({
      state: { name: 'Retrying' },
      taskRun: { flowRunRunCount: 2 },
    });
  });

  it.each([
    [{ type: 'reference' }, 'REJECT'],
    [{ type: 'unpersisted' }, 'ACCEPT'],
    [{}, 'ACCEPT'],
    [null, 'ACCEPT'],
  ])('with the result %j is answered %s', (data, status) => {
    const completed = aTaskRun({ state: aState('COMPLETED', { data }) });

    expect(decide(completed, 'RUNNING').status).toBe(status);
  });
});

describe('running', () => {
  it.each(['SCHEDULED', 'PENDING', 'CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'] as const)(
    'is refused while the flow run is %s',
    (type) => {
      expect(decide(aTaskRun(), 'RUNNING', { facts: flowRun(type) })).toMatchObject({
        status: 'ABORT',
        reason: 'The enclosing flow must be running to begin task execution.',
      });
    },
  );

  it('while the flow run is paused makes the task run wait for it too', () => {
    const details = { pauseTimeout: now + second, pauseReschedule: true, pauseKey: 'one' };

    const answer = decide(aTaskRun(), 'RUNNING', { facts: flowRun('PAUSED', { details }) });

    expect(answer).toMatchObject({
      status: 'REJECT',
      state: { type: 'PAUSED', name: 'NotReady', details: { pauseTimeout: now + second, pauseReschedule: true } },
      taskRun: { runCount: 0 },
    });
  });

  it('notes which try of the flow run it belongs to', () => {
    const facts = { flowRun: { id: flowRunId, state: aState('RUNNING'), runCount: 4 } };

    expect(decide(aTaskRun(), 'RUNNING', { facts })).toMatchObject({ taskRun: { flowRunRunCount: 4, runCount: 1 } });
  });

  it('waits for its scheduled time, rounded as Prefect rounds', () => {
    const due = (ms: number) =>
      decide(aTaskRun({ state: aState('SCHEDULED', { details: { scheduledTime: now + ms } }) }), 'RUNNING');

    expect(due(2_600)).toMatchObject({ status: 'WAIT', delaySeconds: 3, reason: 'Scheduled time is in the future' });
    expect(due(2_400)).toMatchObject({ status: 'WAIT', delaySeconds: 2 });
    expect(due(500).status).toBe('ACCEPT');
  });

  it.each([
    ['AwaitingRetry', 1, 'Retrying'],
    ['Scheduled', 1, 'Rerunning'],
    ['AwaitingRetry', 0, 'Running'],
  ])('from %s with run count %i is called %s', (name, runCount, wanted) => {
    const taskRun = aTaskRun({ state: aState('SCHEDULED', { name }), runCount });

    expect(decide(taskRun, 'RUNNING')).toMatchObject({ state: { name: wanted } });
  });
});

describe('slots of tags', () => {
  const tagged = aTaskRun({ tags: ['db'] });

  it('are asked for before a tagged task run runs, and not for others', () => {
    const facts: Partial<TaskFacts> = { tagSlots: { kind: 'unasked' } };

    expect(decide(tagged, 'RUNNING', { facts })).toEqual({ status: 'ASK_SLOTS' });
    expect(decide(aTaskRun(), 'RUNNING', { facts }).status).toBe('ACCEPT');
    expect(decide(tagged, 'COMPLETED', { facts }).status).toBe('ACCEPT');
  });

  it('that are taken make it wait; those of a limit of 0 stop it', () => {
    const wait = { kind: 'wait', delaySeconds: 30, reason: 'full' } as const;
    const abort = { kind: 'abort', reason: 'closed' } as const;

    expect(decide(tagged, 'RUNNING', { facts: { tagSlots: wait } })).toMatchObject({
      status: 'WAIT',
      delaySeconds: 30,
    });
    expect(decide(tagged, 'RUNNING', { facts: { tagSlots: abort } })).toMatchObject({
      status: 'ABORT',
      reason: 'closed',
    });
  });

  it('are not asked for when the result is cached or the flow run is stopped', () => {
    const facts: Partial<TaskFacts> = { tagSlots: { kind: 'unasked' } };

    expect(decide(tagged, 'RUNNING', { facts: { ...facts, cached: aState('COMPLETED') } }).status).toBe('REJECT');
    expect(decide(tagged, 'RUNNING', { facts: { ...facts, ...flowRun('FAILED') } }).status).toBe('ABORT');
  });

  it('are given back in every state that neither runs nor is being cancelled', () => {
    const keeping = stateTypes.filter((type) => !givesSlotsBack(aState(type)));

    expect(keeping).toEqual(['RUNNING', 'CANCELLING']);
  });
});

describe('a cached result', () => {
  it('takes the place of running', () => {
    const cached = aState('COMPLETED', {
      id: 'old',
      data: { type: 'reference' },
      details: { other: { cache_key: 'k' } },
    });

    const answer = decide(aTaskRun(), withKey('RUNNING', 'k'), { facts: { cached } });

    expect(answer).toMatchObject({
      status: 'REJECT',
      reason: 'Retrieved state from cache',
      state: { id: 'new-state', type: 'COMPLETED', name: 'Cached', timestamp: now, data: { type: 'reference' } },
      taskRun: { runCount: 0, startTime: now, endTime: now },
    });
  });

  it('is put away when a state with a key completes', () => {
    expect(decide(running(), withKey('COMPLETED', 'k'))).toMatchObject({ status: 'ACCEPT', effects: ['insert-cache'] });
    expect(decide(running(), 'COMPLETED')).toMatchObject({ effects: [] });
  });

  it('with a key of over 2000 characters is completed, refused and not put away', () => {
    const answer = decide(running(), withKey('COMPLETED', 'k'.repeat(2_001)));

    expect(answer).toMatchObject({
      status: 'REJECT',
      reason: 'Cache key exceeded maximum allowed length of 2000 characters.',
      taskRun: { state: { type: 'COMPLETED' } },
    });
    expect(answer).not.toHaveProperty('effects');
  });
});

describe('a failed task run', () => {
  const failing = running({ policy: { retries: 2, retryDelaySeconds: [5, 10] } });

  it('is tried again after its delay', () => {
    const data = { type: 'reference' };

    expect(decide(failing, proposal('FAILED', { message: 'no', data }))).toMatchObject({
      status: 'REJECT',
      reason: 'Retrying',
      state: {
        type: 'SCHEDULED',
        name: 'AwaitingRetry',
        message: 'no',
        data,
        details: { scheduledTime: now + 5 * second },
      },
      taskRun: { nextScheduledStartTime: now + 5 * second },
    });
  });

  it.each([
    [1, 5],
    [2, 10],
    [3, undefined],
  ])('of %i runs is tried again after %s s', (runCount, delaySeconds) => {
    const answer = decide({ ...failing, runCount }, 'FAILED');

    expect(answer.status).toBe(delaySeconds === undefined ? 'ACCEPT' : 'REJECT');
    if (delaySeconds !== undefined)
      expect(answer).toMatchObject({ state: { details: { scheduledTime: now + delaySeconds * second } } });
  });

  it('that says so is not tried again', () => {
    const proposed = proposal('FAILED', { details: { other: { retriable: false } } });

    expect(decide(failing, proposed)).toMatchObject({ status: 'ACCEPT', state: { type: 'FAILED' } });
  });

  it('is not tried again when it did not run, or when it is forced to fail', () => {
    expect(decide(aTaskRun({ policy: { retries: 2 } }), 'FAILED').status).toBe('ACCEPT');
    expect(decide(failing, 'FAILED', { policy: 'minimal' }).status).toBe('ACCEPT');
  });
});

describe('a task in the background', () => {
  const deferred = (type: StateType, other: object = {}) =>
    proposal(type, { details: { other: { deferred: true, ...other } } });
  const policy = 'background' as const;

  it('goes into its queue when it is scheduled', () => {
    expect(decide(aTaskRun(), deferred('SCHEDULED'), { policy })).toMatchObject({ effects: ['enqueue'] });
    expect(decide(aTaskRun(), proposal('SCHEDULED'), { policy })).toMatchObject({ effects: [] });
  });

  it.each(['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED'] as const)('is submitted once: not from %s', (type) => {
    expect(decide(aTaskRun({ state: type }), deferred('PENDING'), { policy })).toMatchObject({
      status: 'ABORT',
      reason: `This run is in a ${type} state and cannot transition to a PENDING state.`,
    });
  });

  it('may enter a named sub-state of pending, with the time of the one before', () => {
    const taskRun = aTaskRun({ state: aState('PENDING', { details: { scheduledTime: start } }) });

    const answer = decide(taskRun, { ...deferred('PENDING'), name: 'Submitting' }, { policy });

    expect(answer).toMatchObject({ status: 'ACCEPT', state: { details: { scheduledTime: start } } });
  });

  it('keeps the id of its parameters and its scheduled time', () => {
    const details = { scheduledTime: start, other: { task_parameters_id: 'p' } };
    const scheduled = aTaskRun({ state: aState('SCHEDULED', { details }) });

    expect(decide(scheduled, deferred('PENDING'), { policy })).toMatchObject({
      state: { details: { scheduledTime: start, other: { task_parameters_id: 'p', deferred: true } } },
    });
    expect(decide(scheduled, deferred('PENDING', { task_parameters_id: 'q' }), { policy })).toMatchObject({
      state: { details: { other: { task_parameters_id: 'q' } } },
    });
  });
});
