// A thousand runs at once on the real stack, which dies half-way: nothing is lost, nothing is started twice.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callApi, identified } from '../../local/api-client.ts';
import { type LocalProgram, readStackJson, startProgram } from '../support/local-program.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';
import { killQuietly, processesWith } from './local-ecs-stack.ts';

const rate = { SLIPWAY_LAUNCH_RATE: '200', SLIPWAY_LAUNCH_BURST: '200' };

let folder: TempDir;
let programs: LocalProgram[];
beforeEach(async () => {
  folder = await tempDir('slipway-thousand-');
  programs = [];
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.close()));
  for (const pid of processesWith(folder.path)) killQuietly(pid);
  await folder.remove();
});

async function start(): Promise<{ readonly program: LocalProgram; readonly apiUrl: string }> {
  const arguments_ = ['--port', '0', '--data', path.join(folder.path, 'data'), '--no-example'];
  const program = startProgram(arguments_, { environment: rate });
  programs.push(program);
  const [, apiUrl = ''] = await program.line(/slipway ready (\S+)/, 30);
  return { program, apiUrl };
}

async function deploy(apiUrl: string, command: string): Promise<string> {
  const flow = await callApi({ apiUrl, path: '/flows/', body: { name: 'append' } }, identified);
  const body = {
    name: 'append',
    flow_id: flow.id,
    work_pool_name: 'production',
    job_variables: { image: 'busybox', command: ['sh', '-c', command].map(quoted).join(' '), cpu: 256, memory: 512 },
  };
  return (await callApi({ apiUrl, path: '/deployments/', body }, identified)).id;
}

const quoted = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;

/** Triggers so many runs, 50 requests at a time; answers their ids. */
async function triggerMany(apiUrl: string, deploymentId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const route = { apiUrl, path: `/deployments/${deploymentId}/create_flow_run`, body: {} };
      ids.push((await callApi(route, identified)).id);
    }
  };
  await Promise.all(Array.from({ length: 50 }, lane));
  return ids;
}

const linesOf = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

const countOf = (apiUrl: string, type: string) =>
  callApi({ apiUrl, path: '/flow_runs/count', body: { flow_runs: { state: { type: { any_: [type] } } } } }, z.number());

/** Ends the program, its database and its queue without a word; the tasks live on unless they are named. */
async function killEverything(program: LocalProgram, { tasks }: { readonly tasks: boolean }): Promise<void> {
  const dataDir = path.join(folder.path, 'data');
  const { pid, database } = readStackJson(dataDir);
  program.kill('SIGKILL');
  for (const each of [pid, database?.pid]) if (each !== undefined) killQuietly(each);
  await program.ended;
  if (!tasks) return;
  await waitFor('the end of every process of a task', () => {
    const alive = processesWith('SLIPWAY_LOCAL_CONTAINER=').filter((each) => isOf(each, dataDir));
    for (const each of alive) killQuietly(each);
    return alive.length === 0;
  });
}

function isOf(pid: number, dataDir: string): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dataDir) ||
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir)
    );
  } catch {
    return false;
  }
}

async function allCompleted(apiUrl: string, count: number): Promise<void> {
  const question = { look: () => countOf(apiUrl, 'COMPLETED'), isWanted: (completed: number) => completed === count };
  await waitUntil(`${count} completed runs`, question, { deadlineSeconds: 240, everyMilliseconds: 500 });
}

describe('the program killed half-way', () => {
  it('completes 1,000 runs, each started once', { timeout: 400_000 }, async () => {
    const file = path.join(folder.path, 'lines');
    const first = await start();
    const command = `echo "$PREFECT__FLOW_RUN_ID $PREFECT_CLIENT_CUSTOM_HEADERS" >> ${file}`;
    const ids = await triggerMany(first.apiUrl, await deploy(first.apiUrl, command), 1000);

    await waitFor('half of the lines', () => linesOf(file).length >= 500, { deadlineSeconds: 120 });
    await killEverything(first.program, { tasks: false });
    const second = await start();
    await allCompleted(second.apiUrl, 1000);

    const lines = linesOf(file);
    expect(lines).toHaveLength(1000);
    expect(new Set(lines.map((line) => line.split(' ')[0]))).toEqual(new Set(ids));
  });

  it('starts new attempts for tasks that die with it', { timeout: 400_000 }, async () => {
    const file = path.join(folder.path, 'lines');
    const first = await start();
    const command = `sleep 4; echo "$PREFECT__FLOW_RUN_ID" >> ${file}`;
    const ids = await triggerMany(first.apiUrl, await deploy(first.apiUrl, command), 100);

    await waitUntil(
      'running runs',
      { look: () => countOf(first.apiUrl, 'RUNNING'), isWanted: (running) => running >= 20 },
      { deadlineSeconds: 60 },
    );
    await killEverything(first.program, { tasks: true });
    const second = await start();
    await allCompleted(second.apiUrl, 100);

    const states = await Promise.all(ids.map((id) => statesOf(second.apiUrl, id)));
    const restarted = states.filter((names) => names.includes('AwaitingRetry'));
    expect(restarted.length).toBeGreaterThanOrEqual(20);
    expect(new Set(linesOf(file))).toEqual(new Set(ids));
  });
});

async function statesOf(apiUrl: string, runId: string): Promise<string[]> {
  const route = { apiUrl, method: 'GET', path: `/flow_run_states/?flow_run_id=${runId}` } as const;
  return (await callApi(route, z.array(z.object({ name: z.string() })))).map(({ name }) => name);
}
