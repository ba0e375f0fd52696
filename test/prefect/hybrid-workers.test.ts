// The stock workers of Prefect's packages for ECS, Docker and Kubernetes, on pools whose runs they start themselves.
// ECS is the local one; Docker and Kubernetes are pretended up to the point where a container would be made.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { credentials } from '../../local/account.ts';
import { region } from '../../local/ecs/names.ts';
import { kubeconfigFor, nothingBehind, startFakeDocker, startFakeKubernetes } from '../support/fake-engines.ts';
import type { RecordingServer } from '../support/recording-server.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Started } from './prefect-client.ts';
import { startTestProject, type TestProject } from './test-project.ts';

const types = ['ecs', 'docker', 'kubernetes'] as const;
type Type = (typeof types)[number];

let project: TestProject;
let docker: RecordingServer;
let kubernetes: RecordingServer;

beforeAll(async () => {
  [project, docker, kubernetes] = await Promise.all([
    startTestProject({ deployments: [], client: 'prefect-workers' }),
    startFakeDocker(),
    startFakeKubernetes(),
  ]);
  for (const type of types) await project.prefect.cli(['work-pool', 'create', `my-${type}`, '--type', type]);
  const names = types.flatMap((type) => ['--name', `by-${type}`]);
  await project.prefect.cli(['--no-prompt', 'deploy', ...names], {
    cwd: project.folder,
    environment: { PROJECT: project.folder },
  });
});

afterAll(async () => {
  await project?.close();
  await Promise.all([docker?.close(), kubernetes?.close()]);
});

describe('the stock ECS worker', () => {
  let worker: Started;
  let id: string;

  beforeAll(async () => {
    worker = startWorker('ecs', {
      AWS_ENDPOINT_URL: project.stack.services(),
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    id = await project.prefect.trigger(['elsewhere/by-ecs', '--param', 'name=Ada']);
  });

  it('runs a flow to its end as a task of the local ECS', async () => {
    const run = await project.seen.untilEnded(id, 'COMPLETED');

    const task = await project.seen.untilStopped(id);
    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Submitting', 'Running', 'Completed']);
    expect(run).toMatchObject({ parameters: { name: 'Ada' }, run_count: 1 });
    expect(task.launchType).toBe('FARGATE');
    expect(task.containers?.map(({ name, exitCode }) => ({ name, exitCode }))).toEqual([
      { name: 'prefect', exitCode: 0 },
    ]);
    expect(task.tags).toContainEqual({ key: 'prefect.io/flow-run-id', value: id });
  });

  it('is told what it lacks for its events, and nothing else goes wrong', () => {
    expect(worker.output()).toMatch(/SQS queue 'prefect-ecs-tasks-events' does not exist/);
    expect(worker.output()).not.toMatch(/ERROR|Traceback/);
  });

  it('has its runs left alone by the control plane: the end of the task changes nothing', async () => {
    const run = await project.seen.run(id);

    expect(run).toMatchObject({ state_type: 'COMPLETED', run_count: 1 });
    expect(run.infrastructure_pid).toMatch(/^slipway::arn:aws:ecs:/);
  });
});

describe('the stock Docker worker', () => {
  beforeAll(() => {
    startWorker('docker', { DOCKER_HOST: `tcp://127.0.0.1:${docker.port}` });
  });

  it('connects, is listed online, and goes on telling that it lives', () => isAlive('docker'));

  it('polls, and asks its engine for a container that runs the flow', async () => {
    const id = await project.prefect.trigger(['elsewhere/by-docker']);

    const run = await project.seen.untilEnded(id, 'CRASHED');
    const made = docker.calls.find((call) => call.method === 'POST' && call.path.endsWith('/containers/create'));
    expect(made?.body).toMatchObject({ Image: 'app:1', Env: expect.arrayContaining([`PREFECT__FLOW_RUN_ID=${id}`]) });
    expect(run.state.message).toContain(nothingBehind);
    expect(await project.seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Submitting', 'Crashed']);
  });
});

describe('the stock Kubernetes worker', () => {
  beforeAll(async () => {
    const kubeconfig = path.join(project.stack.folder, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigFor(kubernetes));
    startWorker('kubernetes', { KUBECONFIG: kubeconfig });
  });

  it('connects, is listed online, and goes on telling that it lives', () => isAlive('kubernetes'));

  it('polls, and asks its cluster for a job that runs the flow', async () => {
    const id = await project.prefect.trigger(['elsewhere/by-kubernetes']);

    const run = await project.seen.untilEnded(id, 'CRASHED');
    const made = kubernetes.calls.find((call) => call.method === 'POST' && call.path.endsWith('/jobs'));
    expect(JSON.stringify(made?.body)).toContain(`{"name":"PREFECT__FLOW_RUN_ID","value":"${id}"}`);
    expect(run.state.message).toContain(nothingBehind);
  });
});

function startWorker(type: Type, environment: Readonly<Record<string, string>>): Started {
  return project.prefect.start('prefect', ['worker', 'start', '--pool', `my-${type}`, '--name', `${type}-worker`], {
    environment: { PREFECT_WORKER_HEARTBEAT_SECONDS: '2', PREFECT_WORKER_QUERY_SECONDS: '2', ...environment },
  });
}

const workers = z.array(z.object({ name: z.string(), status: z.string(), last_heartbeat_time: z.string() }));

/** Sees two heartbeats of the worker, and its pool READY. */
async function isAlive(type: Type): Promise<void> {
  const read = () => project.seen.call(`/work_pools/my-${type}/workers/filter`, workers, {});
  const look = { deadlineSeconds: 90 };
  const [first] = await waitFor(`the ${type} worker`, async () => orNone(await read()), look);
  const [later] = await waitFor(
    `another heartbeat of the ${type} worker`,
    async () => orNone((await read()).filter((now) => now.last_heartbeat_time !== first?.last_heartbeat_time)),
    look,
  );
  const pool = await project.seen.call(`/work_pools/my-${type}`, z.object({ status: z.string() }));
  expect(first).toMatchObject({ name: `${type}-worker`, status: 'ONLINE' });
  expect(later).toMatchObject({ name: `${type}-worker`, status: 'ONLINE' });
  expect(pool).toEqual({ status: 'READY' });
}

function orNone<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}
