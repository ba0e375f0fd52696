// Flow runs of `project/features.py`: what they came to, through which states, and whose children they are.

import { expect } from 'vitest';
import type { FeatureCheck } from './feature-run.ts';

/** Those that one process makes and runs itself, so that they start as Pending. */
const straight = ['Pending', 'Running', 'Completed'];
/** Those that a runner takes; older clients do not say that they are about to start one. */
const withoutSubmitting = (names: readonly string[]) => names.filter((name) => name !== 'Submitting');

export const flowChecks: readonly FeatureCheck[] = [
  [
    'are tried again in their own process',
    async (run) => {
      const { id, run_count: count } = await run.flowRun('trying-again');

      expect(run.told('trying_again')).toEqual({ came: 2 });
      expect(count).toBe(2);
      const names = await run.project.seen.stateNames(id);
      expect(names).toEqual(['Pending', 'Running', 'AwaitingRetry', 'Running', 'Completed']);
      const tasks = await run.taskRuns('trying-again', 2);
      expect(tasks.map(({ name }) => name)).toEqual(['double-1', 'double-2']);
    },
  ],

  [
    'end when their time is over',
    async (run) => {
      const found = await run.flowRun('dawdling');

      expect(found).toMatchObject({ state_type: 'FAILED', state_name: 'TimedOut' });
      expect(found.state.message).toBe('Flow run exceeded timeout of 1.0 second(s)');
    },
  ],

  [
    'that raise fail with their own message, and their hook hears of it',
    async (run) => {
      const { state } = await run.flowRun('failing');

      expect(run.told('failing')).toEqual({ came: { value: 'Failed', kept: ['flow Failed'] } });
      expect(state.message).toBe('Flow run encountered an exception: ValueError: no such sensor');
    },
  ],

  [
    'tell their hooks of each state',
    async (run) => {
      expect(run.told('hooking')).toEqual({
        came: { value: 1, kept: ['flow Running', 'task Completed', 'flow Completed'] },
      });
    },
  ],

  [
    'inside flows are children of a task run that stands for them',
    async (run) => {
      const [outer, inner, inmost] = await Promise.all(['nesting', 'inner', 'inmost'].map(run.flowRun));

      expect(run.told('nesting')).toEqual({ came: 5 });
      for (const [parent, child] of [
        [outer, inner],
        [inner, inmost],
      ]) {
        const [standIn] = await run.taskRunsById([child?.parent_task_run_id ?? '']);
        expect(standIn).toMatchObject({ flow_run_id: parent?.id, state_name: 'Completed' });
      }
    },
  ],

  [
    'may be asynchronous, with tasks at once and a flow inside',
    async (run) => {
      const child = await run.flowRun('later');
      const tasks = await run.taskRuns('gathering', 5);

      expect(run.told('gathering')).toEqual({ came: 16 });
      expect(tasks.filter(({ name }) => name.startsWith('soon-'))).toHaveLength(4);
      expect(tasks.map(({ id }) => id)).toContain(child.parent_task_run_id);
    },
  ],

  [
    'have the names and tags that they give themselves',
    async (run) => {
      expect(run.told('telling')).toEqual({ came: 'named-3' });
      expect(await run.flowRun('telling')).toMatchObject({ name: 'named-3', tags: ['red'] });
    },
  ],
];

export const waitingChecks: readonly FeatureCheck[] = [
  [
    'pause until an answer comes that fits, and go on with it',
    async (run) => {
      const { id, run_count: count } = await run.flowRun('pausing');

      expect(run.told('pausing')).toEqual({ came: { note: 'go on', answers: ['REJECT', 'ACCEPT'] } });
      expect(count).toBe(1);
      expect(await run.project.seen.stateNames(id)).toEqual(['Pending', 'Running', 'Paused', 'Running', 'Completed']);
    },
  ],

  [
    'get what is sent to them',
    async (run) => {
      const { id } = await run.flowRun('receiving');

      expect(run.told('receiving')).toEqual({ came: [20, 22] });
      expect(await run.project.seen.stateNames(id)).toEqual(straight);
    },
  ],

  [
    'for free slots get them, and leave none taken',
    async (run) => {
      const tasks = await run.taskRuns('limiting', 2);

      expect(run.told('limiting')).toEqual({ came: { through: [0, 0, 1, 1, 2], most: [1, 1], rated: true } });
      expect(tasks.map(({ state_name: name }) => name)).toEqual(['Completed', 'Completed']);
      const limits = await run.limits();
      expect(limits.map(({ name, active_slots: slots }) => [name, slots]).toSorted()).toEqual([
        ['door', 0],
        ['rate', 0],
        ['tag:narrow', 0],
      ]);
    },
  ],
];

export const elsewhereChecks: readonly FeatureCheck[] = [
  [
    'sent to a deployment run there as children of their caller',
    async (run) => {
      const [parent, child] = await Promise.all(['delegating', 'doubling'].map(run.flowRun));
      const [standIn] = await run.taskRuns('delegating', 1);

      expect(run.told('delegating')).toEqual({ came: { state: 'Completed', result: 42 } });
      expect(child).toMatchObject({ parent_task_run_id: standIn?.id, tags: ['sent'], run_count: 1 });
      expect(standIn).toMatchObject({ flow_run_id: parent?.id, state_name: 'Completed' });
    },
  ],

  [
    'suspend, and a new process goes on with the answer',
    async (run) => {
      const { id, run_count: count } = await run.flowRun('suspending');
      const names = await run.project.seen.stateNames(id);

      expect(run.told('suspending')).toEqual({ came: 'awake' });
      expect(count).toBe(1);
      expect(withoutSubmitting(names)).toEqual([
        ...['Scheduled', 'Pending', 'Running', 'Suspended'],
        ...['Resuming', 'Pending', 'Running', 'Completed'],
      ]);
    },
  ],

  [
    'are cancelled, and their hook hears of it',
    async (run) => {
      const { id } = await run.flowRun('lingering');
      const names = await run.project.seen.stateNames(id);

      if (run.unable['cancelling'] === undefined) expect(run.told('cancelling')).toEqual({ came: 'Cancelling' });
      expect(withoutSubmitting(names)).toEqual(['Scheduled', 'Pending', 'Running', 'Cancelling', 'Cancelled']);
    },
  ],

  [
    'are planned by the schedules of what is served, and no longer once nobody serves it',
    async (run) => {
      const left = (await run.flowRuns('doubling')).filter(({ auto_scheduled: isPlanned }) => isPlanned);

      expect(run.told('planning')).toEqual({ came: [['Scheduled', true]] });
      expect(left).toEqual([]);
    },
  ],
];
