// Task runs of `project/features.py`, as the API tells of them from the client's events.

import { expect } from 'vitest';
import type { FeatureCheck } from './feature-run.ts';

export const taskChecks: readonly FeatureCheck[] = [
  [
    'of a map all end, and the task that gathers them names them as its inputs',
    async (run) => {
      const [gathering, ...mapped] = await run.taskRuns('mapping', 6);

      expect(run.told('mapping')).toEqual({ came: 20 });
      expect(mapped.map(({ name }) => name)).toEqual(['double-0', 'double-1', 'double-2', 'double-3', 'double-4']);
      expect(new Set([gathering, ...mapped].map((one) => one?.state_name))).toEqual(new Set(['Completed']));
      const inputs = gathering?.task_inputs['numbers']?.map(({ id }) => id);
      expect(inputs?.toSorted()).toEqual(mapped.map(({ id }) => id).toSorted());
    },
  ],

  [
    'are tried again after their delays',
    async (run) => {
      const [only] = await run.taskRuns('retrying', 1);

      expect(run.told('retrying')).toEqual({ came: 3 });
      expect(only).toMatchObject({ state_name: 'Completed', run_count: 3 });
      expect(await run.taskStates(only?.id ?? '')).toEqual([
        'Pending',
        'Running',
        'AwaitingRetry',
        'Retrying',
        'AwaitingRetry',
        'Retrying',
        'Completed',
      ]);
    },
  ],

  [
    'end when their time is over',
    async (run) => {
      const [only] = await run.taskRuns('hurrying', 1);

      expect(run.told('hurrying')).toEqual({ came: 'TimedOut' });
      expect(only).toMatchObject({ state_type: 'FAILED', state_name: 'TimedOut' });
    },
  ],

  [
    'of equal inputs share a result',
    async (run) => {
      const costly = await run.taskRuns('caching', 3);

      expect(run.told('caching')).toEqual({ came: { states: ['Completed', 'Cached', 'Completed'], calls: 2 } });
      expect(costly.map(({ state_name: name }) => name).toSorted()).toEqual(['Cached', 'Completed', 'Completed']);
      expect(new Set(costly.map(({ state_type: type }) => type))).toEqual(new Set(['COMPLETED']));
    },
  ],

  [
    'of a transaction are rolled back with the one that failed',
    async (run) => {
      const [breaks, writes] = await run.taskRuns('transacting', 2);

      expect(run.told('transacting')).toEqual({ came: { value: 'Failed', kept: ['written', 'undone'] } });
      expect(breaks).toMatchObject({ state_type: 'FAILED' });
      expect(await run.taskStates(writes?.id ?? '')).toEqual(['Pending', 'Running', 'Completed', 'RolledBack']);
      expect((await run.flowRun('transacting')).state.message).toBe(
        'Flow run encountered an exception: ValueError: broken',
      );
    },
  ],

  [
    'that depend on one that failed never start',
    async (run) => {
      const [breaks, follows] = await run.taskRuns('breaking', 2);

      expect(run.told('breaking')).toEqual({ came: 'NotReady' });
      expect(breaks).toMatchObject({ state_name: 'Failed', run_count: 1 });
      expect(follows).toMatchObject({ state_type: 'PENDING', state_name: 'NotReady', run_count: 0 });
      expect(follows?.task_inputs['_']).toMatchObject([{ input_type: 'task_run', id: breaks?.id }]);
    },
  ],

  [
    'carry their own tags and those around them',
    async (run) => {
      const [says] = await run.taskRuns('telling', 1);

      expect(says?.tags.toSorted()).toEqual(['loud', 'red']);
    },
  ],

  [
    'in the background are done by whoever serves them, and belong to no flow',
    async (run) => {
      const { exitCode, output } = run.background;
      const [, ids = ''] = /^asked for (.*)$/m.exec(output) ?? [];

      const found = await run.taskRunsById(ids.split(' '));

      expect(exitCode, output).toBe(0);
      expect(output).toContain('the results are [0, 2, 4]');
      expect(found.map(({ state_name: name, flow_run_id: id }) => [name, id])).toEqual([
        ['Completed', null],
        ['Completed', null],
        ['Completed', null],
      ]);
    },
  ],
];
