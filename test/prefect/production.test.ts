// The pool `production`: the real flow engine and a plain container as local ECS tasks, with no worker anywhere.

import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { projectRoot } from '../support/local-program.ts';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: [], args: [] });
  const folder = path.join(project.stack.folder, 'flows-project');
  await cp(path.join(projectRoot, 'examples/flows-project'), folder, { recursive: true });
  await project.prefect.cli(['--no-prompt', 'deploy', '--all'], { cwd: folder });
});

afterAll(() => project?.close());

describe("prefect deployment run 'heavy-etl-flow/heavy-etl'", () => {
  let id: string;
  beforeAll(async () => {
    id = await project.prefect.trigger(['heavy-etl-flow/heavy-etl']);
  });

  it('is executed by the flow engine inside an ECS task, with no worker anywhere', async () => {
    const run = await project.seen.untilEnded(id, 'COMPLETED');

    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed']);
    expect(run).toMatchObject({ run_count: 1, work_pool_name: 'production', work_queue_name: 'default' });
    const task = await project.seen.untilStopped(id);
    expect(run.infrastructure_pid).toBe(`${task.clusterArn}::${task.taskArn}`);
    expect(task.containers).toMatchObject([{ exitCode: 0 }]);
    const workers = await project.seen.call('/work_pools/production/workers/filter', z.array(z.unknown()), {});
    expect(workers).toEqual([]);
  });

  it('leaves its task soon after the state', async () => {
    const [completed] = (await project.seen.states(id)).filter(({ type }) => type === 'COMPLETED');
    const { stoppedAt } = await project.seen.untilStopped(id);

    const seconds = ((stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY) - (completed?.timestamp ?? 0)) / 1000;
    expect(seconds).toBeLessThan(20);
  });

  it('runs with the cpu and memory of its job variables', async () => {
    expect(await project.seen.registeredSize(id)).toEqual({ cpu: '1024', memory: '2048' });
    expect(await project.seen.task(id)).toMatchObject({ cpu: '1024', memory: '2048' });
  });

  it('carries the labels of Prefect as tags, its run among them', async () => {
    const { tags } = await project.seen.task(id);

    const values = Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({
      'prefect.io/flow-run-id': id,
      'prefect.io/flow-name': 'heavy-etl-flow',
      'prefect.io/deployment-name': 'heavy-etl',
    });
  });

  it('shows its log with prefect flow-run logs', async () => {
    const logs = await project.prefect.cli(['flow-run', 'logs', id]);

    expect(logs).toContain('extracting 1000 rows');
    expect(logs).toContain('1000 rows, mean');
    expect(logs).toContain('Finished in state Completed()');
  });

  it('shows the end of its log with --tail', async () => {
    const all = (await project.prefect.cli(['flow-run', 'logs', id])).trim().split('\n');

    const tail = (await project.prefect.cli(['flow-run', 'logs', id, '--tail', '--num-logs', '2'])).trim().split('\n');

    expect(all.length).toBeGreaterThan(2);
    expect(tail).toEqual(all.slice(-2));
  });

  it('is shown by prefect flow-run inspect and ls', async () => {
    const inspected = await project.prefect.cli(['flow-run', 'inspect', id]);
    const listed = await project.prefect.cli(['flow-run', 'ls']);

    expect(inspected).toContain('type=StateType.COMPLETED');
    expect(listed).toMatch(new RegExp(`${id} .* heavy-etl-flow .* COMPLETED`));
  });
});

describe('prefect deployment run with options', () => {
  it('starts at its time, with its own parameters, tags and job variables', async () => {
    const id = await project.prefect.trigger([
      'heavy-etl-flow/heavy-etl',
      ...['--start-in', '8 seconds'],
      ...['--param', 'rows=12'],
      ...['--tag', 'nightly'],
      ...['--job-variable', 'cpu=2048', '--job-variable', 'memory=4096'],
      ...['--job-variable', 'env={"PREFECT_LOGGING_LEVEL": "DEBUG"}'],
    ]);

    const run = await project.seen.untilEnded(id, 'COMPLETED');

    // The engine sends its last log lines after the state.
    await project.seen.untilStopped(id);
    expect(run).toMatchObject({ parameters: { rows: 12 }, tags: ['nightly'] });
    expect(run['job_variables']).toMatchObject({ cpu: 2048, memory: 4096 });
    const [scheduled, pending] = await project.seen.states(id);
    const due = Date.parse(String(run['expected_start_time']));
    expect(due - (scheduled?.timestamp ?? 0)).toBeGreaterThan(3000);
    expect(pending?.timestamp).toBeGreaterThanOrEqual(due);
    expect(pending?.timestamp).toBeLessThan(due + 5000);
    expect(await project.seen.registeredSize(id)).toEqual({ cpu: '2048', memory: '4096' });
    const logs = await project.prefect.cli(['flow-run', 'logs', id]);
    expect(logs).toContain('12 rows, mean');
    expect(logs).toContain('| DEBUG ');
  });

  it('is refused with a parameter of the wrong type', async () => {
    const { exitCode, output } = await project.prefect.run([
      ...['deployment', 'run', 'heavy-etl-flow/heavy-etl', '--param', 'rows="many"'],
    ]);

    expect(exitCode).not.toBe(0);
    expect(output).toContain('rows');
    expect(output).toMatch(/integer/);
  });
});

describe('prefect deployment run hello/hello', () => {
  it('runs a plain container, and its exit code completes the run', async () => {
    await waitFor('the example to be registered', () => /serving until Ctrl-C/.test(project.stack.program().output()));

    const id = await project.prefect.trigger(['hello/hello']);
    await project.seen.untilEnded(id, 'COMPLETED');

    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed']);
    expect(await project.seen.registeredSize(id)).toEqual({ cpu: '256', memory: '512' });
    expect((await project.seen.output(id)).join('\n')).toMatch(/hello/i);
  });

  it('with --watch shows the states of the container until its end', async () => {
    const output = await project.prefect.cli(['deployment', 'run', 'hello/hello', '--watch']);

    expect(output).toMatch(/Running[\s\S]*Completed/);
    const [, id = ''] = /UUID: ([0-9a-f-]{36})/.exec(output) ?? [];
    expect((await project.seen.run(id)).state_type).toBe('COMPLETED');
  });
});
