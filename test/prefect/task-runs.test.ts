// Task runs as the client makes them: background tasks over a worker's socket, placeholders of subflows, the CLI.

import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: [] });
});

afterAll(() => project?.close());

const taskRuns = z.array(
  z.looseObject({ id: z.string(), name: z.string(), state_type: z.string(), flow_run_id: z.string().nullable() }),
);
const script = (name: string, ...args: string[]) =>
  project.prefect.start('python', [path.join(project.folder, name), ...args]);

it('a background task runs in a worker that serves it, and its caller gets the result', async () => {
  const worker = script('background.py', 'serve');
  await worker.line(/Subscribing to runs of task/);

  const { exitCode, output } = await script('background.py', 'delay', '4').ended;

  expect(exitCode, output).toBe(0);
  expect(output).toContain('the results are [0, 2, 4, 6]');
  const found = await project.seen.call('/task_runs/filter', taskRuns, {
    task_runs: { flow_run_id: { is_null_: true } },
  });
  expect(found.map(({ state_type: type }) => type)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED']);
  worker.kill('SIGKILL');
  await worker.ended;
});

it('background tasks wait for a worker, and what a killed one had not taken goes to the next', async () => {
  const caller = script('background.py', 'delay', '5');
  const [, ...ids] = ((await caller.line(/asked for ([0-9a-f -]+)/))[0] ?? '').split(/ (?=[0-9a-f]{8}-)/);
  const first = script('background.py', 'serve');
  await first.line(/Received task run/);
  first.kill('SIGKILL');
  await first.ended;
  script('background.py', 'serve');

  // What the first one had taken ends with it, as on Prefect's server.
  const done = await waitFor(
    'the other task runs to complete',
    async () => {
      const found = await project.seen.call('/task_runs/filter', taskRuns, { task_runs: { id: { any_: ids } } });
      const completed = found.filter(({ state_type: type }) => type === 'COMPLETED');
      return completed.length >= 3 ? completed : undefined;
    },
    { deadlineSeconds: 60 },
  );

  expect(ids).toHaveLength(5);
  expect(done.length).toBeGreaterThanOrEqual(3);
  caller.kill('SIGKILL');
});

it('a flow that is tried again finds the subflow that it had, and its graph shows it once', async () => {
  const { exitCode, output } = await script('subflows.py').ended;

  expect(exitCode, output).toBe(0);
  expect(output).toContain('the result is 3');
  expect(output).toContain('tries: child parent parent');
  const [parent] = await project.seen.call('/flow_runs/filter', z.array(z.looseObject({ id: z.string() })), {
    flows: { name: { any_: ['parent'] } },
  });
  const graph = await waitFor('the graph to show its tasks', async () => {
    const found = await project.seen.call(
      `/flow_runs/${parent?.id}/graph-v2`,
      z.looseObject({ nodes: z.array(z.any()) }),
    );
    return found.nodes.length >= 2 ? found : undefined;
  });
  const nodes: { kind: string; label: string }[] = graph.nodes.map(([, node]) => node);
  expect(nodes.filter(({ kind }) => kind === 'flow-run')).toMatchObject([
    { label: expect.stringMatching(/^child \//) },
  ]);
});

it('the CLI lists and inspects task runs', async () => {
  const listed = await project.prefect.cli(['task-run', 'ls', '--state', 'Completed']);
  const [, id = ''] = /([0-9a-f]{8}-[0-9a-f-]{27})/.exec(listed) ?? [];

  const inspected = await project.prefect.cli(['task-run', 'inspect', id]);

  expect(listed).toContain('COMPLETED');
  expect(inspected).toContain(id);
  expect((await project.prefect.run(['task-run', 'inspect', '11111111-2222-4333-8444-555555555555'])).exitCode).toBe(1);
});
