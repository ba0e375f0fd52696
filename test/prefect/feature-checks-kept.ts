// What flows of `project/features.py` leave behind: results, blocks, variables, artifacts, log lines and events.

import { expect } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import type { FeatureCheck } from './feature-run.ts';

const artifact = z.looseObject({ key: z.string(), flow_run_id: z.string(), task_run_id: z.string().nullable() });
const line = z.looseObject({ message: z.string(), level: z.number(), task_run_id: z.string().nullable() });
const page = z.looseObject({ events: z.array(z.looseObject({ id: z.string(), event: z.string() })) });

export const keptChecks: readonly FeatureCheck[] = [
  [
    'in storage is read back by whoever asks for the state',
    async (run) => {
      const { state } = await run.flowRun('storing');

      expect(run.told('storing')).toEqual({ came: { result: { answer: 42 }, files: true } });
      expect(state.data).toMatchObject({ storage_key: expect.any(String), storage_block_id: expect.any(String) });
    },
  ],

  [
    'in blocks and variables comes back as it was',
    (run) => {
      expect(run.told('keeping')).toEqual({ came: { secret: 'hush', variable: { name: 'green' } } });
    },
  ],

  [
    'as artifacts belongs to its flow run, and to its task run where there is one',
    async (run) => {
      const { id } = await run.flowRun('keeping');
      const [table] = await run.taskRuns('keeping', 1);

      const left = await run.project.seen.call('/artifacts/filter', z.array(artifact), { sort: 'KEY_ASC' });

      expect(left).toMatchObject([
        { key: 'report', type: 'markdown', data: '# green', flow_run_id: id, task_run_id: null },
        { key: 'rows', type: 'table', flow_run_id: id, task_run_id: table?.id },
      ]);
    },
  ],

  [
    'as log lines belongs to its flow run and task run',
    async (run) => {
      const { id } = await run.flowRun('telling');
      const [says] = await run.taskRuns('telling', 1);

      const lines = await waitFor('all lines', async () => {
        const logs = { flow_run_id: { any_: [id] } };
        const found = await run.project.seen.call('/logs/filter', z.array(line), { logs, sort: 'TIMESTAMP_ASC' });
        return found.some(({ message }) => message.startsWith('Finished')) && found;
      });

      const said = lines.filter(({ message }) => /^(printed|a warning)/.test(message));
      expect(said.map(({ message, level, task_run_id: task }) => [message, level, task])).toEqual([
        ['printed by the flow', 20, null],
        ['printed by the task', 20, says?.id],
        ['a warning of the flow', 30, null],
      ]);
    },
  ],

  [
    'as events is related to its flow run',
    async (run) => {
      const { id } = await run.flowRun('emitting');

      const { events } = await waitFor('the event', async () => {
        const filter = { event: { name: ['colour.mixed'] }, related: { id: [`prefect.flow-run.${id}`] } };
        const found = await run.project.seen.call('/events/filter', page, { filter });
        return found.events.length > 0 && found;
      });

      expect(events).toMatchObject([{ payload: { of: ['blue', 'yellow'] } }]);
      expect(run.told('emitting')).toEqual({ came: events[0]?.id });
    },
  ],
];
