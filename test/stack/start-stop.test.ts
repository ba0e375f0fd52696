// `npm start` as a newcomer and as a process supervisor use it: readiness, signals, refusals, and what is left behind.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isAlive, readProcess } from '../../local/ecs/process-identity.ts';
import { freePort } from '../support/free-port.ts';
import { type LocalProgram, type ProgramOptions, readStackJson, startProgram } from '../support/local-program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: { close(): Promise<void> }[] = [];
let folder: string;

beforeEach(async () => {
  const made = await tempDir('slipway-start-');
  opened.push({ close: made.remove });
  folder = made.path;
});

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

function start(args: readonly string[] = [], options: ProgramOptions = {}): LocalProgram {
  const program = startProgram(['--port', '0', '--data', folder, ...args], options);
  opened.push(program);
  return program;
}

async function ready(program: LocalProgram): Promise<string> {
  const [, url] = await program.line(/^slipway ready (http:\/\/127\.0\.0\.1:\d+\/api)$/m);
  return url ?? '';
}

const answer = z.record(z.string(), z.unknown());

async function send(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBeLessThan(300);
  return await response.json();
}

async function post(url: string, body: object): Promise<Record<string, unknown>> {
  return answer.parse(await send(url, body));
}

async function get(url: string): Promise<Record<string, unknown>> {
  return answer.parse(await (await fetch(url)).json());
}

describe('npm start', () => {
  it('is ready within seconds, says where, and writes it down', async () => {
    const startedAt = performance.now();
    const program = start(['--no-example'], { by: 'npm' });

    const url = await ready(program);

    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`ready after ${seconds.toFixed(2)} s, npm included`);
    expect(seconds).toBeLessThan(10);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const written = readStackJson(folder);
    expect(url).toBe(`http://127.0.0.1:${written.ports['api']}/api`);
    expect(readProcess(written.pid ?? 0)?.parentPid).toBe(program.pid);
    expect(Date.now() - Date.parse(written.startedAt)).toBeLessThan(60_000);
  });

  it('runs the example to its end, shows states and log lines in order, and says what to try next', async () => {
    // Nothing of the operator's AWS set-up may matter, so all of it is wrong here.
    const environment = {
      AWS_PROFILE: 'nobody',
      AWS_ACCESS_KEY_ID: 'operator',
      AWS_SECRET_ACCESS_KEY: 'operator',
      AWS_SESSION_TOKEN: 'operator',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'nowhere-1',
      SLIPWAY_AUTH_SECRET_ARN: 'arn:of:nobody',
    };
    const program = start([], { environment });

    await program.line(/^serving until Ctrl-C$/m, 60);

    const url = await ready(program);
    const words = ['Scheduled', 'Pending', 'Running', 'hello from deployment hello', 'step 3 of 3', 'Completed'];
    expect(program.output()).toMatch(new RegExp(words.join('[\\s\\S]*')));
    expect(program.output()).toContain(`curl -X POST ${url}/deployments/`);
    expect(program.output()).toMatch(/python3 -m venv[^\n]*\n\s+pip install prefect==/);
    const pools = await send(`${url}/work_pools/filter`, {});
    expect(pools).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'development', type: 'process' }),
        expect.objectContaining({ name: 'production', type: 'ecs:push' }),
      ]),
    );
  });

  it('has the pools but no example with --no-example', async () => {
    const url = await ready(start(['--no-example']));

    const pools = await send(`${url}/work_pools/filter`, {});
    const deployments = await send(`${url}/deployments/filter`, {});

    expect(pools).toHaveLength(2);
    expect(deployments).toEqual([]);
  });

  it('listens on loopback only, with every port', async () => {
    await ready(start(['--no-example']));
    const { ports } = readStackJson(folder);

    const codes = await Promise.all(
      Object.values(ports).map(async (port) => {
        const [error] = await once(connect({ host: '127.0.0.2', port }), 'error');
        return error.code;
      }),
    );

    expect(codes).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
  });
});

describe('stopping', () => {
  it.each([
    ['SIGTERM to npm', 'npm', 'SIGTERM'],
    ['SIGINT to npm', 'npm', 'SIGINT'],
    ['SIGTERM to the program', 'node', 'SIGTERM'],
    ['SIGINT to the program', 'node', 'SIGINT'],
    ['SIGHUP to the program', 'node', 'SIGHUP'],
  ] as const)('on %s ends the program and its children with exit code 0', async (_what, by, signal) => {
    const program = start(['--no-example'], { by });
    await ready(program);
    const { pid, database } = readStackJson(folder);
    const node = readProcess(pid ?? 0);
    const stoppedAt = performance.now();

    program.kill(signal);

    expect(await program.ended).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    expect(node !== undefined && isAlive(node)).toBe(false);
    expect(database !== undefined && isAlive(database)).toBe(false);
    expect(readStackJson(folder)).not.toHaveProperty('pid');
  });

  it('lets tasks live on, and brings their runs to their true end after the next start', async () => {
    const first = start(['--no-example']);
    const url = await ready(first);
    const gate = path.join(folder, 'gate');
    const flow = await post(`${url}/flows/`, { name: 'slow' });
    const deployment = await post(`${url}/deployments/`, {
      name: 'slow',
      flow_id: flow['id'],
      work_pool_name: 'production',
      job_variables: { image: 'none', command: `sh -c 'while [ ! -e ${gate} ]; do sleep 0.05; done'` },
    });
    const run = await post(`${url}/deployments/${deployment['id']}/create_flow_run`, {});
    const stateOf = async (api: string) => (await get(`${api}/flow_runs/${run['id']}`))['state_type'];
    await waitFor('the run to be RUNNING', async () => (await stateOf(url)) === 'RUNNING', { deadlineSeconds: 20 });
    first.kill('SIGTERM');
    await first.ended;

    const second = await ready(start(['--no-example']));
    const stateBefore = await stateOf(second);
    writeFileSync(gate, '');

    expect(stateBefore).toBe('RUNNING');
    await waitFor('the run to be COMPLETED', async () => (await stateOf(second)) === 'COMPLETED', {
      deadlineSeconds: 20,
    });
  });
});

describe('the folder', () => {
  it('is refused to a second start, which names the running one and leaves it alone', async () => {
    const url = await ready(start(['--no-example']));
    const second = start(['--no-example']);

    const code = await second.ended;

    const { pid } = readStackJson(folder);
    expect(code).toBe(1);
    expect(second.output()).toBe(`slipway: slipway already runs on ${folder}: ${url} (process ${pid})\n`);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('goes to exactly one of two that start at once', async () => {
    const both = [start(['--no-example']), start(['--no-example'])];

    const loser = await Promise.race(both.map((program) => program.ended.then((code) => ({ program, code }))));

    const winner = both.find((program) => program !== loser.program);
    expect(loser.code).toBe(1);
    expect(loser.program.output()).toMatch(
      /^slipway: slipway (?:already runs|is just starting or stopping) on [^\n]+\n$/,
    );
    expect(winner && (await ready(winner))).toMatch(/^http/);
  });

  it('is free again after kill -9, with its last port, at once', async () => {
    const first = start(['--no-example']);
    const url = await ready(first);
    const { database } = readStackJson(folder);
    await post(`${url}/flows/`, { name: 'kept' });
    first.kill('SIGKILL');
    await first.ended;

    const second = await ready(start(['--no-example']));

    expect(second).toBe(url);
    expect(database !== undefined && isAlive(database)).toBe(false);
    expect(await get(`${second}/flows/name/kept`)).toMatchObject({ name: 'kept' });
  });

  it('is free although stack.json names a process that lives: numbers are used again', async () => {
    const ports = { api: await freePort(), database: 1, queue: 1, services: 1 };
    const stale = {
      pid: process.pid,
      ports,
      startedAt: '2026-01-01T00:00:00Z',
      database: { pid: process.pid, startTicks: '1' },
    };
    writeFileSync(path.join(folder, 'stack.json'), JSON.stringify(stale));

    const url = await ready(start(['--no-example']));

    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('gives another port with --port 0 when its last one is taken', async () => {
    const server = await listenSomewhere();
    const ports = { api: server.port, database: 1, queue: 1, services: 1 };
    writeFileSync(path.join(folder, 'stack.json'), JSON.stringify({ ports, startedAt: '2026-01-01T00:00:00Z' }));

    const url = await ready(start(['--no-example']));

    expect(url).not.toContain(`:${server.port}/`);
  });
});

describe('what cannot be done is one line and exit code 1', () => {
  it.each([
    [
      'a folder that is a file',
      () => ['--data', new URL(import.meta.url).pathname],
      /^slipway: cannot write to folder [^\n]+\n$/,
    ],
    [
      'a folder that cannot be made',
      () => ['--data', '/proc/slipway'],
      /^slipway: cannot write to folder \/proc\/slipway: [^\n]+\n$/,
    ],
    ['an unknown option', () => ['--prot', '1'], /^slipway: unknown option '--prot': see --help\n$/],
    ['a word that is no option', () => ['now'], /^slipway: [^\n]*'now'[^\n]*: see --help\n$/],
    [
      'a port that is none',
      () => ['--port', '66000'],
      /^slipway: --port must be a number from 0 to 65535, got 66000\n$/,
    ],
    [
      'a transport that is none',
      () => ['--sockets', 'azure'],
      /^slipway: --sockets must be local or aws, got azure\n$/,
    ],
    ['a Python that is not there', () => ['--python', '/no/python'], /^slipway: no Python at \/no\/python: [^\n]+\n$/],
  ])('for %s', async (_what, args, message) => {
    const program = start(args());

    const code = await program.ended;

    expect(program.output()).toMatch(message);
    expect(code).toBe(1);
  });

  it('for a port in use', async () => {
    const { port } = await listenSomewhere();
    const program = start(['--port', String(port)]);

    const code = await program.ended;

    expect(program.output()).toBe(
      `slipway: port ${port} is in use: choose another with --port, or --port 0 for any free one\n`,
    );
    expect(code).toBe(1);
  });

  it('for a database that is given and does not answer', async () => {
    const { port } = await listenSomewhere();
    const program = start([], { environment: { SLIPWAY_DYNAMODB_ENDPOINT: `http://127.0.0.1:${port}` } });

    const code = await program.ended;

    expect(program.output()).toMatch(
      /^slipway: the database at http:\/\/127\.0\.0\.1:\d+ does not answer as DynamoDB: [^\n]+\n$/,
    );
    expect(code).toBe(1);
  });

  it('for a launch rate that is no number', async () => {
    const program = start([], { environment: { SLIPWAY_LAUNCH_RATE: 'fast' } });

    const code = await program.ended;

    expect(program.output()).toBe('slipway: SLIPWAY_LAUNCH_RATE must be a number above 0, got fast\n');
    expect(code).toBe(1);
  });
});

it('--help says every option and exits with 0', async () => {
  const program = start(['--help']);

  const code = await program.ended;

  expect(code).toBe(0);
  for (const option of ['--port', '--data', '--no-example', '--python', '--sockets', 'SLIPWAY_DYNAMODB_ENDPOINT']) {
    expect(program.output()).toContain(option);
  }
});

async function listenSomewhere(): Promise<{ port: number; server: Server }> {
  const server = createServer((_request, response) => response.writeHead(404).end('nothing here'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  opened.push({ close: async () => void server.close() });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('wanted a port');
  return { port: address.port, server };
}
