// The SDK outside any task: run_deployment(), flow.serve(), a flow started by hand.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: ['child'] });
});

afterAll(() => project?.close());

describe('run_deployment()', () => {
  it('triggers a run and returns it ended', async () => {
    const script = project.prefect.start('python', [path.join(project.folder, 'trigger_child.py')]);

    const { exitCode, output } = await script.ended;

    expect(exitCode, output).toBe(0);
    const [, id = ''] = /^ended ([0-9a-f-]{36}) by-sdk Completed sdk$/m.exec(output) ?? [];
    expect(await project.seen.run(id)).toMatchObject({ parameters: { number: 4 }, work_pool_name: 'production' });
  });
});

describe('python laptop.py', () => {
  it('runs a flow, its tasks and its subflow to their end, and exits soon after', async () => {
    const script = project.prefect.start('python', [path.join(project.folder, 'flows/laptop.py')]);

    const result = await script.line(/^the result is 4$/m);
    const saidAt = performance.now();
    const { exitCode } = await script.ended;

    expect(result[0]).toBe('the result is 4');
    expect(exitCode).toBe(0);
    expect(performance.now() - saidAt).toBeLessThan(20_000);
    const runs = await project.seen.call('/flow_runs/filter', z.array(z.looseObject({})), {
      flows: { name: { any_: ['outer', 'inner'] } },
      sort: 'START_TIME_ASC',
    });
    expect(runs).toMatchObject([
      { state_type: 'COMPLETED', parent_task_run_id: null, infrastructure_pid: null, work_pool_name: null },
      { state_type: 'COMPLETED', parent_task_run_id: expect.any(String) },
    ]);
  });
});

describe('flow.serve()', () => {
  it('takes the run that prefect deployment run triggers, in its own process, and pauses its deployment at the end', async () => {
    const server = project.prefect.start('python', [path.join(project.folder, 'flows/served.py')], {
      cwd: path.join(project.folder, 'flows'),
      environment: { PREFECT_RUNNER_POLL_FREQUENCY: '2' },
    });
    await server.line(/is being served and polling for scheduled runs/);

    const id = await project.prefect.trigger(['served/laptop']);
    const run = await project.seen.untilEnded(id, 'COMPLETED');
    await server.line(/Finished in state Completed/);
    server.kill('SIGINT');
    const { output } = await server.ended;

    expect(output).toContain('served says kept');
    expect(run).toMatchObject({ parameters: { word: 'kept' }, tags: ['served'], work_pool_name: null });
    const deployment = await waitFor('the deployment to be paused', async () => {
      const found = await project.seen.call('/deployments/name/served/laptop', z.looseObject({ paused: z.boolean() }));
      return found.paused ? found : undefined;
    });
    expect(deployment).toMatchObject({ paused: true, work_pool_name: null });
  });
});
