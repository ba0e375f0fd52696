// Events by the real client: emitted over the socket, recorded of runs and tasks, read back page by page.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningStack, startRunningStack } from '../support/running-stack.ts';
import { type PrefectClient, prefectClient } from './prefect-client.ts';

const program = fileURLToPath(new URL('./project/telling.py', import.meta.url));

let stack: RunningStack;
let prefect: PrefectClient;
beforeAll(async () => {
  stack = await startRunningStack({ args: ['--no-example'] });
  prefect = await prefectClient(stack.url, stack.folder);
});
afterAll(async () => {
  await prefect?.close();
  await stack?.close();
});

it('tells a program of its own event and of every state of its run and tasks, each once', async () => {
  const { exitCode, output } = await prefect.start('python', [program]).ended;

  expect(exitCode, output).toBe(0);
  const [, counted = '{}'] = /^COUNTED (.*)$/m.exec(output) ?? [];
  expect(JSON.parse(counted)).toEqual({
    'prefect.flow-run.Completed': 1,
    'prefect.flow-run.Pending': 1,
    'prefect.flow-run.Running': 1,
    'prefect.task-run.Completed': 2,
    'prefect.task-run.Pending': 2,
    'prefect.task-run.Running': 2,
    'shop.opened': 1,
  });
  expect(output).toContain('DISTINCT True');
  expect(output).toContain("PAYLOAD [{'keys': 2}]");
});
