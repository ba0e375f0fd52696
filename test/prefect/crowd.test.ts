// A runner that has twenty flow runs in hand at once, each a process of its own.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

const crowd = 20;
const identified = z.looseObject({ id: z.string() });
const run = z.looseObject({ state_type: z.string(), run_count: z.number() });

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: [] });
});

afterAll(() => project?.close());

it('flow.serve() runs twenty flows at once, and each of them ends', async () => {
  const folder = path.join(project.stack.folder, 'crowd');
  await mkdir(folder);
  const server = project.prefect.start('python', ['crowd.py'], {
    cwd: project.folder,
    environment: { PREFECT_RUNNER_POLL_FREQUENCY: '1' },
  });
  await server.line(/is being served and polling for scheduled runs/);
  const { id } = await project.seen.call('/deployments/name/crowding/here', identified);

  for (let number = 0; number < crowd; number += 1) {
    const parameters = { folder, number, others: crowd };
    await project.seen.call(`/deployments/${id}/create_flow_run`, identified, { parameters });
  }
  const runs = await waitFor(
    'all runs to end',
    async () => {
      const found = await project.seen.call('/flow_runs/filter', z.array(run), {
        flows: { name: { any_: ['crowding'] } },
      });
      return found.every(({ state_type: type }) => /^(COMPLETED|FAILED|CRASHED)$/.test(type)) && found;
    },
    { deadlineSeconds: 170, everyMilliseconds: 500 },
  );

  expect(runs).toHaveLength(crowd);
  expect(new Set(runs.map(({ state_type: type, run_count: count }) => `${type} ${count}`))).toEqual(
    new Set(['COMPLETED 1']),
  );
});
