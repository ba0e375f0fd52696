// The sockets, as the real client uses them: task runs from events, watching, cancellation; without limits and as on AWS.

import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

const taskRun = z.looseObject({
  name: z.string(),
  state_type: z.string(),
  run_count: z.number(),
  flow_run_id: z.string().nullable(),
});
const labelled = z.looseObject({ labels: z.record(z.string(), z.unknown()) });
/** What a person puts into a profile, to watch where containers may not. */
const watching = { PREFECT_CLIENT_CUSTOM_HEADERS: '{"X-Slipway-Watch": "1"}' };
/** Python keeps what it prints into a pipe until some thousand bytes are together. */
const unbuffered = { PYTHONUNBUFFERED: '1' };
const patience = { deadlineSeconds: 30 };

describe.each(['local', 'aws'] as const)('with the transport %s', (transport) => {
  let project: TestProject;

  beforeAll(async () => {
    project = await startTestProject({
      deployments: ['child', 'waits', 'tells-much'],
      environment: { SLIPWAY_SOCKETS: transport },
    });
  });

  afterAll(() => project?.close());

  const taskRunsOf = (flowName: string) =>
    project.seen.call('/task_runs/filter', z.array(taskRun), { flows: { name: { any_: [flowName] } }, limit: 200 });

  it('records every task run of a flow, with its retries, although the client says so in events alone', async () => {
    const script = project.prefect.start('python', [path.join(project.folder, 'mapped.py')]);

    const { exitCode, output } = await script.ended;
    const counted = await waitFor(
      'all task runs',
      async () => {
        const count = await project.seen.call('/task_runs/count', z.number(), {
          flows: { name: { any_: ['mapped'] } },
          task_runs: { state: { type: { any_: ['COMPLETED'] } } },
        });
        return count === 300 && count;
      },
      patience,
    );
    const recorded = await taskRunsOf('mapped');

    expect(exitCode, output).toBe(0);
    expect(output).toContain('the sum is 44850');
    expect(output).not.toContain('Unable to connect');
    expect(counted).toBe(300);
    expect(new Set(recorded.map(({ run_count: count }) => count))).toEqual(new Set([1, 2]));
  });

  it('shows a run to whoever watches it, states and log lines, until it ends', async () => {
    const output = await project.prefect.cli(
      ['deployment', 'run', 'child/child', '--param', 'number=4', '--watch'],
      transport === 'aws' ? { environment: watching } : {},
    );

    expect(output).toContain('Running');
    expect(output).toContain('doubling 4');
    expect(output).toContain('Completed');
  });

  it('takes no watcher for granted where connections are cut, and the run goes on without him', async () => {
    const { exitCode, output } = await project.prefect.run([
      ...['deployment', 'run', 'child/child', '--param', 'number=5', '--watch'],
    ]);

    const [, id = ''] = /UUID: ([0-9a-f-]{36})/.exec(output) ?? [];
    await project.seen.untilEnded(id, 'COMPLETED');
    expect(exitCode).toBe(transport === 'aws' ? 1 : 0);
    expect(output.includes('Stopped watching flow run')).toBe(transport === 'aws');
  });

  it('streams events as they happen', async () => {
    const stream = project.prefect.start('prefect', ['event', 'stream', '--format', 'text'], {
      environment: { ...unbuffered, ...(transport === 'aws' ? watching : {}) },
    });
    await project.prefect.trigger(['child/child', '--param', 'number=1']);

    const line = await stream.line(/^.*prefect\.flow-run\.Completed.*$/m);
    stream.kill('SIGINT');
    await stream.ended;

    expect(line[0]).toContain('prefect.flow-run.');
  });

  it('lets an engine hear of its cancellation: the hook runs, then the run is cancelled', async () => {
    const folder = path.join(project.stack.folder, 'cancelled');
    await mkdir(folder);
    const id = await project.prefect.trigger(['waits/waits', '--param', `folder="${folder}"`]);
    await waitFor('the flow to wait', () => readFile(path.join(folder, 'started'), 'utf8'), patience);

    await project.prefect.cli(['flow-run', 'cancel', id]);
    await project.seen.untilEnded(id, 'CANCELLED');

    expect(await readFile(path.join(folder, 'hook'), 'utf8')).toBe('Cancelling');
    await project.seen.untilStopped(id);
    const said = (await project.seen.output(id)).join('\n');
    expect(said.includes('Falling back to polling')).toBe(transport === 'aws');
  });

  it('carries an event of 48 KB, or marks the run whose event it lost', async () => {
    const id = await project.prefect.trigger(['tells-much/tells-much']);
    await project.seen.untilEnded(id, 'COMPLETED');

    if (transport === 'local') {
      const found = await waitFor(
        'the event',
        async () => {
          const page = await project.seen.call('/events/filter', z.looseObject({ total: z.number() }), {
            filter: { event: { name: ['colour.listed'] } },
          });
          return page.total === 1 && page;
        },
        patience,
      );
      expect(found.total).toBe(1);
    } else {
      const marked = await waitFor(
        'the mark',
        async () => {
          const { labels } = await project.seen.call(`/flow_runs/${id}`, labelled);
          return 'slipway.task-runs' in labels && labels;
        },
        patience,
      );
      const logs = await project.prefect.cli(['flow-run', 'logs', id]);
      expect(marked).toMatchObject({ 'slipway.task-runs': 'incomplete' });
      expect(logs.match(/task runs of this run are incomplete/g)).toHaveLength(1);
    }
  });
});
