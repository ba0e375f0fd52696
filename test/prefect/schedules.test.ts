// Schedules as users meet them: a flow served every three seconds, and the command line's schedule commands.

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

const run = z.looseObject({ id: z.string(), state_type: z.string(), expected_start_time: z.string() });

function runsOf(flow: string, flow_runs: object = {}) {
  const filter = { flows: { name: { any_: [flow] } }, flow_runs, sort: 'EXPECTED_START_TIME_ASC' };
  return project.seen.call('/flow_runs/filter', z.array(run), filter);
}

describe('flow.serve(interval=3)', () => {
  it('gets its runs on time, and leaves none behind when it ends', async () => {
    const server = project.prefect.start('python', [path.join(project.folder, 'flows/ticking.py')], {
      cwd: path.join(project.folder, 'flows'),
      environment: { PREFECT_RUNNER_POLL_FREQUENCY: '2' },
    });
    await server.line(/is being served and polling for scheduled runs/);

    const ended = await waitFor(
      'two runs to end',
      async () => {
        const runs = await runsOf('ticking', { state: { type: { any_: ['COMPLETED'] } } });
        return runs.length >= 2 ? runs : undefined;
      },
      { deadlineSeconds: 90 },
    );
    server.kill('SIGINT');
    await server.ended;
    const [first] = ended;
    const logs = await project.prefect.cli(['flow-run', 'logs', first?.id ?? '']);
    const left = await waitFor('the planned runs to be gone', async () => {
      // What was due already when its flow stopped being served is late, not planned.
      const runs = await runsOf('ticking', { next_scheduled_start_time: { after_: new Date().toISOString() } });
      return runs.length === 0 ? runs : undefined;
    });

    expect(first).toMatchObject({ auto_scheduled: true, tags: ['auto-scheduled'] });
    expect(logs).toContain('info tick');
    expect(logs).toContain('warning tick');
    expect(left).toEqual([]);
  });
});

describe('prefect deployment schedule', () => {
  it('creates, lists, pauses, resumes and deletes schedules, and the runs follow', async () => {
    const planned = async () => (await runsOf('child', { state: { type: { any_: ['SCHEDULED'] } } })).length;
    const { cli } = project.prefect;

    await cli([
      'deployment',
      'schedule',
      'create',
      'child/child',
      '--cron',
      '0 9 * * *',
      '--timezone',
      'Europe/Berlin',
    ]);
    const created = await planned();
    const listed = await cli(['deployment', 'schedule', 'ls', 'child/child']);
    const [, id = ''] = /([0-9a-f-]{36})/.exec(listed) ?? [];
    await cli(['deployment', 'schedule', 'pause', 'child/child', id]);
    const paused = await planned();
    await cli(['deployment', 'schedule', 'resume', 'child/child', id]);
    const resumed = await planned();
    await cli(['deployment', 'schedule', 'clear', '-y', 'child/child']);
    const cleared = await planned();

    expect([created, paused, resumed, cleared]).toEqual([3, 0, 3, 0]);
    expect(listed).toContain('0 9 * * *');
  });
});
