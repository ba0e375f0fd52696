// How a run ends when the real flow engine executes it inside a local ECS task, with no worker anywhere.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import type { ObservedState } from './observed-runs.ts';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  const deployments = ['fails', 'recovers', 'waits', 'kills-itself', 'child', 'parent', 'plain-wait'];
  project = await startTestProject({ deployments });
});

afterAll(() => project?.close());

describe('a flow that raises', () => {
  it('fails with its own message', async () => {
    const id = await project.prefect.trigger(['fails/fails']);

    const run = await project.seen.untilEnded(id, 'FAILED');

    expect(run.state.message).toBe('Flow run encountered an exception: ValueError: no such sensor');
    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Running', 'Failed']);
  });

  it('is tried again by the same engine when it has a retry', async () => {
    const id = await project.prefect.trigger(['recovers/recovers']);

    const run = await project.seen.untilEnded(id, 'COMPLETED');

    expect(run.run_count).toBe(2);
    const names = await project.seen.stateNames(id);
    expect(names).toEqual(['Scheduled', 'Pending', 'Running', 'AwaitingRetry', 'Running', 'Completed']);
    expect(await attemptsOf(id)).toEqual(['1']);
  });
});

describe('prefect flow-run cancel', () => {
  it('ends a running flow through its engine: polled, hook first, then cancelled, then the task is gone', async () => {
    const { id, folder } = await startWaiting('cancelled');

    await project.prefect.cli(['flow-run', 'cancel', id]);
    await project.seen.untilEnded(id, 'CANCELLED');

    expect(await readFile(path.join(folder, 'hook'), 'utf8')).toBe('Cancelling');
    const names = await project.seen.stateNames(id);
    expect(names).toEqual(['Scheduled', 'Pending', 'Running', 'Cancelling', 'Cancelled']);
    const task = await project.seen.untilStopped(id);
    expect(task.stopCode).toBe('EssentialContainerExited');
  });

  it('ends a plain container by StopTask, and calls it cancelled only once it has stopped', async () => {
    const id = await project.prefect.trigger(['waits/plain-wait']);
    await project.seen.until(id, 'RUNNING');

    await project.prefect.cli(['flow-run', 'cancel', id]);
    await project.seen.untilEnded(id, 'CANCELLED');

    const task = await project.seen.untilStopped(id);
    expect(task.stopCode).toBe('UserInitiated');
    expect(task.containers?.[0]?.exitCode).toBe(3);
    const cancelled = await stateOf(id, 'CANCELLED');
    expect(cancelled.timestamp).toBeGreaterThanOrEqual(task.stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it('ends a run that has not started at once, and it never starts', async () => {
    const id = await project.prefect.trigger(['waits/waits', '--start-in', '1 hour', '--param', 'folder="/nowhere"']);

    await project.prefect.cli(['flow-run', 'cancel', id]);

    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Cancelled']);
    expect(await project.seen.run(id)).toMatchObject({ run_count: 0, infrastructure_pid: null });
  });
});

describe('a process that is killed', () => {
  it('crashes the run with the code, when the engine dies and its runner tells', async () => {
    const id = await project.prefect.trigger(['kills-itself/kills-itself']);

    const run = await project.seen.untilEnded(id, 'CRASHED');

    expect(run.state.message).toContain('status code: -9');
    const crashed = await stateOf(id, 'CRASHED');
    const task = await project.seen.untilStopped(id);
    expect(crashed.timestamp).toBeGreaterThanOrEqual(task.stoppedAt?.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it('crashes the run with the code, when the first process of the container dies and nobody tells', async () => {
    const { id, folder } = await startWaiting('killed');

    process.kill(Number(await readFile(path.join(folder, 'started'), 'utf8')), 'SIGKILL');
    const run = await project.seen.untilEnded(id, 'CRASHED');

    expect(run.state.message).toContain('exited with code 137');
    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Running', 'Crashed']);
  });
});

describe('kill -9 of the program', () => {
  it('leaves a flow under way alone: its task is adopted and its engine brings the run to its end', async () => {
    const { id, folder } = await startWaiting('adopted');
    const before = await project.seen.run(id);

    await project.stack.restart('SIGKILL');
    await writeFile(path.join(folder, 'go'), '');
    const after = await project.seen.untilEnded(id, 'COMPLETED');

    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed']);
    expect(after.infrastructure_pid).toBe(before.infrastructure_pid);
    expect((await project.seen.untilStopped(id)).containers).toMatchObject([{ exitCode: 0 }]);
  });
});

describe('a subflow', () => {
  it('runs inside its parent and both complete', async () => {
    const id = await project.prefect.trigger(['parent/parent']);

    await project.seen.untilEnded(id, 'COMPLETED');

    const children = await project.seen.call('/flow_runs/filter', z.array(z.looseObject({})), {
      flows: { name: { any_: ['child'] } },
    });
    expect(children).toMatchObject([
      {
        state_type: 'COMPLETED',
        parameters: { number: 3 },
        parent_task_run_id: expect.any(String),
        deployment_id: null,
      },
    ]);
    const logs = await project.prefect.cli(['flow-run', 'logs', id]);
    expect(logs).toContain('the child says 6');
  });
});

/** A run of the flow `waits` whose code has begun, and the folder through which it tells. */
async function startWaiting(name: string): Promise<{ readonly id: string; readonly folder: string }> {
  const folder = path.join(project.stack.folder, name);
  await mkdir(folder);
  const id = await project.prefect.trigger(['waits/waits', '--param', `folder=${JSON.stringify(folder)}`]);
  await waitFor('the flow to begin', () => readFile(path.join(folder, 'started'), 'utf8'), { deadlineSeconds: 120 });
  return { id, folder };
}

async function stateOf(id: string, type: string): Promise<ObservedState> {
  const found = (await project.seen.states(id)).find((state) => state.type === type);
  if (found === undefined) throw new Error(`run ${id} has no state ${type}`);
  return found;
}

/** The attempts that the run's task was told it is. */
async function attemptsOf(id: string): Promise<(string | undefined)[]> {
  const task = await project.seen.task(id);
  return (task.overrides?.containerOverrides ?? []).map(({ environment }) => {
    const headers = environment?.find(({ name }) => name === 'PREFECT_CLIENT_CUSTOM_HEADERS')?.value ?? '{}';
    return z.looseObject({ 'X-Slipway-Attempt': z.string() }).parse(JSON.parse(headers))['X-Slipway-Attempt'];
  });
}
