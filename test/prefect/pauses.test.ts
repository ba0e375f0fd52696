// Pauses, suspensions and inputs with the real flow engine, and subflows whose task goes away.
import { ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { credentials } from '../../local/account.ts';
import { waitFor } from '../support/wait-for.ts';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: ['asks', 'sleeps', 'outlived', 'outer'] });
});

afterAll(() => project?.close());

/** As a person does it from his own program; answers what it wrote. */
async function resume(id: string, input: string): Promise<string> {
  const program = `from prefect.flow_runs import resume_flow_run; resume_flow_run('${id}', run_input=${input})`;
  const { output } = await project.prefect.start('python', ['-c', program]).ended;
  return output;
}

/** As somebody does it behind our back. */
async function stopTask(id: string): Promise<void> {
  const { taskArn } = await project.seen.task(id);
  const ecs = new ECSClient({ endpoint: project.stack.services(), region: 'us-east-1', credentials });
  await ecs.send(new StopTaskCommand({ cluster: 'slipway', task: taskArn, reason: 'by hand' }));
  ecs.destroy();
}

const children = z.array(z.looseObject({ id: z.string(), state_type: z.string() }));
const childrenOf = (id: string) =>
  project.seen.call('/flow_runs/filter', children, {
    flow_runs: { parent_flow_run_id: { any_: [id] } },
  });

describe('a flow that asks', () => {
  it('goes on in its process with the answer it gets, and refuses one that does not fit', async () => {
    const id = await project.prefect.trigger(['asks/asks']);
    await project.seen.until(id, 'PAUSED');

    const refused = await resume(id, "{'pieces': 'many'}");
    const accepted = await resume(id, "{'pieces': 4}");
    const run = await project.seen.untilEnded(id, 'COMPLETED');

    expect(refused).toContain('pieces');
    expect(accepted).toBe('');
    expect(run.run_count).toBe(1);
    expect(await project.seen.stateNames(id)).toEqual([
      'Scheduled',
      'Pending',
      'Running',
      'Paused',
      'Running',
      'Completed',
    ]);
  });

  it('is Crashed when its process is gone', async () => {
    const id = await project.prefect.trigger(['outlived/outlived']);
    await project.seen.until(id, 'PAUSED');

    await stopTask(id);
    const run = await project.seen.untilEnded(id, 'CRASHED');

    expect(run.state.message).toContain('paused');
  });
});

describe('a flow that is suspended', () => {
  it('leaves its task, and finishes in another one when it is resumed', async () => {
    const id = await project.prefect.trigger(['sleeps/sleeps']);
    await project.seen.until(id, 'PAUSED');
    const first = await project.seen.untilStopped(id);

    await resume(id, "{'pieces': 9}");
    const run = await project.seen.untilEnded(id, 'COMPLETED');

    expect(run.run_count).toBe(1);
    expect((await project.seen.task(id)).taskArn).not.toBe(first.taskArn);
    const names = await project.seen.stateNames(id);
    expect(names.slice(0, 5)).toEqual(['Scheduled', 'Pending', 'Running', 'Suspended', 'Resuming']);
    expect(names.at(-1)).toBe('Completed');
    expect((await project.seen.output(id)).join('\n')).toContain('woke up to 9 pieces');
  });
});

describe('a subflow', () => {
  it('ends with the task that it executes in', async () => {
    const id = await project.prefect.trigger(['outer/outer']);
    const child = await waitFor(
      `a subflow of run ${id} to pause`,
      async () => (await childrenOf(id)).find(({ state_type }) => state_type === 'PAUSED'),
      { deadlineSeconds: 120, everyMilliseconds: 200 },
    );

    await stopTask(id);
    await project.seen.untilEnded(id, 'CRASHED');

    const ended = await project.seen.untilEnded(child.id, 'CRASHED');
    expect(ended.state.message).toBe('The task that this run executed in has ended.');
  });
});
