// `prefect deploy` and a worker, as the README's reader uses them, on the two flows of the example project.

import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { projectRoot } from '../support/local-program.ts';
import { type RunningStack, startRunningStack } from '../support/running-stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Observer, observe } from './observed-runs.ts';
import { type PrefectClient, prefectClient, type Started } from './prefect-client.ts';

const promisedYaml = `deployments:
  - name: my-flow
    entrypoint: flows/my_flow.py:my_flow
    work_pool:
      name: development
  - name: heavy-etl
    entrypoint: flows/heavy_etl.py:heavy_etl_flow
    work_pool:
      name: production
      job_variables:
        cpu: 1024
        memory: 2048
`;
const berlin = 'Europe/Berlin';
const caughtUp = `  - name: tens
    entrypoint: flows/my_flow.py:my_flow
    schedules:
      - {cron: "*/10 * * * *", timezone: ${berlin}, slug: tens}
      - {cron: "0 6 * * *", timezone: ${berlin}, slug: mornings}
    work_pool:
      name: production
      job_variables:
        catch_up: last
        catch_up_of_schedules: {mornings: none}
`;
const deployment = z.record(z.string(), z.unknown());

let stack: RunningStack;
let prefect: PrefectClient;
let seen: Observer;
let project: string;

beforeAll(async () => {
  stack = await startRunningStack({ args: ['--no-example'] });
  prefect = await prefectClient(stack.url, stack.folder);
  seen = observe(stack);
  project = path.join(stack.folder, 'flows-project');
  await cp(path.join(projectRoot, 'examples/flows-project'), project, { recursive: true });
});

afterAll(async () => {
  await prefect?.close();
  await stack?.close();
});

const deployAll = () => prefect.cli(['--no-prompt', 'deploy', '--all'], { cwd: project });
const read = (name: string) => seen.call(`/deployments/name/${name}`, deployment);

describe('prefect deploy --all', () => {
  it('has exactly the project file that was promised', async () => {
    const text = await readFile(path.join(project, 'prefect.yaml'), 'utf8');

    expect(text).toBe(promisedYaml);
  });

  it('finds the pool of a fresh stack with prefect work-pool inspect', async () => {
    const output = await prefect.cli(['work-pool', 'inspect', 'development']);

    expect(output).toContain("name='development'");
    expect(output).toContain("type='process'");
    expect(output).toContain('status=WorkPoolStatus.NOT_READY');
  });

  it('creates both deployments with the entry points, pools and job variables of the file', async () => {
    const output = await deployAll();

    expect(output).toMatch(/Deployment 'my-flow\/my-flow' successfully created/);
    expect(output).toMatch(/Deployment 'heavy-etl-flow\/heavy-etl' successfully created/);
    expect(await read('my-flow/my-flow')).toMatchObject({
      entrypoint: 'flows/my_flow.py:my_flow',
      work_pool_name: 'development',
      work_queue_name: 'default',
      job_variables: {},
      pull_steps: [{ 'prefect.deployments.steps.set_working_directory': { directory: project } }],
      parameter_openapi_schema: { properties: { name: { default: 'world', type: 'string' } } },
      enforce_parameter_schema: true,
      status: 'NOT_READY',
    });
    expect(await read('heavy-etl-flow/heavy-etl')).toMatchObject({
      entrypoint: 'flows/heavy_etl.py:heavy_etl_flow',
      work_pool_name: 'production',
      job_variables: { cpu: 1024, memory: 2048 },
      description: 'Reads, condenses and stores, with a log line for each step.',
      status: 'READY',
    });
  });

  it('changes nothing but the time of the update when nothing was changed', async () => {
    const before = await Promise.all([read('my-flow/my-flow'), read('heavy-etl-flow/heavy-etl')]);

    await deployAll();

    const after = await Promise.all([read('my-flow/my-flow'), read('heavy-etl-flow/heavy-etl')]);
    expect(after.map(withoutUpdated)).toEqual(before.map(withoutUpdated));
    expect(after[0]?.['updated']).not.toBe(before[0]?.['updated']);
  });

  it('changes what was changed in the file and nothing else', async () => {
    const before = await Promise.all([read('my-flow/my-flow'), read('heavy-etl-flow/heavy-etl')]);
    const file = path.join(project, 'prefect.yaml');
    await writeFile(file, promisedYaml.replace('memory: 2048', 'memory: 4096'));

    await deployAll();

    await writeFile(file, promisedYaml);
    const after = await Promise.all([read('my-flow/my-flow'), read('heavy-etl-flow/heavy-etl')]);
    expect(withoutUpdated(after[0])).toEqual(withoutUpdated(before[0]));
    expect(withoutUpdated(after[1])).toEqual({
      ...withoutUpdated(before[1]),
      job_variables: { cpu: 1024, memory: 4096 },
    });
  });

  it('refuses a size that Fargate does not offer, with the nearest ones', async () => {
    const file = path.join(project, 'prefect.yaml');
    await writeFile(file, promisedYaml.replace('memory: 2048', 'memory: 1000'));

    const { exitCode, output } = await prefect.run(['--no-prompt', 'deploy', '--name', 'heavy-etl'], { cwd: project });

    await writeFile(file, promisedYaml);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/2048/);
    expect(await read('heavy-etl-flow/heavy-etl')).toMatchObject({ job_variables: { cpu: 1024, memory: 4096 } });
  });

  it('shows them with prefect deployment ls and inspect', async () => {
    const listed = await prefect.cli(['deployment', 'ls']);
    const inspected = await prefect.cli(['deployment', 'inspect', 'my-flow/my-flow']);

    expect(listed).toMatch(/heavy-etl-flow\/heavy-etl .* production/);
    expect(listed).toMatch(/my-flow\/my-flow .* development/);
    expect(inspected).toContain("'entrypoint': 'flows/my_flow.py:my_flow'");
    expect(inspected).toContain("'work_pool_name': 'development'");
  });

  it('keeps what the file says of schedules and of catching up', async () => {
    const file = path.join(project, 'prefect.yaml');
    await writeFile(file, `${promisedYaml}${caughtUp}`);

    await prefect.cli(['--no-prompt', 'deploy', '--name', 'tens'], { cwd: project });

    await writeFile(file, promisedYaml);
    expect(await read('my-flow/tens')).toMatchObject({
      job_variables: { catch_up: 'last', catch_up_of_schedules: { mornings: 'none' } },
      schedules: expect.arrayContaining([
        expect.objectContaining({ slug: 'tens', schedule: { cron: '*/10 * * * *', timezone: berlin, day_or: true } }),
        expect.objectContaining({ slug: 'mornings', schedule: { cron: '0 6 * * *', timezone: berlin, day_or: true } }),
      ]),
    });
  });
});

describe('prefect worker start --pool development', () => {
  const workers = z.array(z.object({ name: z.string(), status: z.string(), last_heartbeat_time: z.string() }));
  const listWorkers = () => seen.call('/work_pools/development/workers/filter', workers, {});
  let worker: Started;

  beforeAll(() => {
    worker = prefect.start('prefect', ['worker', 'start', '--pool', 'development', '--name', 'tester'], {
      environment: { PREFECT_WORKER_HEARTBEAT_SECONDS: '2', PREFECT_WORKER_QUERY_SECONDS: '2' },
    });
  });

  it('is listed online and makes its pool ready', async () => {
    await worker.line(/Worker 'tester' started!/);

    const pool = await waitFor('the pool to be ready', async () => {
      const found = await seen.call('/work_pools/development', z.looseObject({ status: z.string() }));
      return found.status === 'READY' ? found : undefined;
    });
    expect(pool).toMatchObject({ status: 'READY' });
    expect(await listWorkers()).toMatchObject([{ name: 'tester', status: 'ONLINE' }]);
  });

  it('keeps telling by REST that it lives', async () => {
    const [first] = await listWorkers();

    const [later] = await waitFor(
      'two more heartbeats',
      async () => {
        const found = await listWorkers();
        const gained = Date.parse(found[0]?.last_heartbeat_time ?? '') - Date.parse(first?.last_heartbeat_time ?? '');
        return gained > 2500 ? found : undefined;
      },
      { deadlineSeconds: 30 },
    );

    expect(later).toMatchObject({ name: 'tester', status: 'ONLINE' });
  });

  it('executes what prefect deployment run triggers, with its parameter and tags', async () => {
    const id = await prefect.trigger(['my-flow/my-flow', '--param', 'name=Ada', '--tag', 'blue', '--tag', 'green']);

    const run = await seen.untilEnded(id, 'COMPLETED');

    expect(run).toMatchObject({ parameters: { name: 'Ada' }, run_count: 1 });
    expect([...run.tags].sort()).toEqual(['blue', 'green']);
    expect(await seen.stateNames(id)).toEqual(['Scheduled', 'Pending', 'Submitting', 'Running', 'Completed']);
    expect(worker.output()).toContain('hello Ada from Slipway');
    const logs = await waitFor(
      'its log',
      async () => {
        const found = await prefect.cli(['flow-run', 'logs', id]);
        return found.includes('hello Ada from Slipway') ? found : undefined;
      },
      { deadlineSeconds: 30 },
    );
    expect(logs).toContain("Worker 'tester' submitting flow run");
  });

  it('makes its deployment ready', async () => {
    expect(await read('my-flow/my-flow')).toMatchObject({ status: 'READY' });
  });

  it('stops cleanly on SIGINT', async () => {
    const startedAt = performance.now();

    worker.kill('SIGINT');
    const { output } = await worker.ended;

    expect(output).toContain("Worker 'tester' stopped!");
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });
});

function withoutUpdated(body: Readonly<Record<string, unknown>> | undefined): object {
  const { updated: _updated, ...rest } = body ?? {};
  return rest;
}
