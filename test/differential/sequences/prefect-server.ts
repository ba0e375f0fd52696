// A real Prefect server of its own: new database, free port, nothing left behind.
// Its loops that change things by the clock are off, so that only requests change anything.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { pythonEnv } from '../../support/python-env.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Answer, Server } from './server.ts';

const loops = [
  'SCHEDULER',
  'LATE_RUNS',
  'FOREMAN',
  'PAUSE_EXPIRATIONS',
  'CANCELLATION_CLEANUP',
  'REPOSSESSOR',
  'TRIGGERS',
];

/**
 * `services`: settings of its services that are not as usual, `FOREMAN_ENABLED` for one.
 * @throws with what the server wrote last, when it does not answer within two minutes
 */
export async function startPrefectServer(services: Readonly<Record<string, string>> = {}): Promise<Server> {
  const { bin } = await pythonEnv('prefect-server');
  const home = await tempDir('slipway-prefect-');
  const port = await freePort();
  const args = ['server', 'start', '--host', '127.0.0.1', '--port', String(port), '--no-ui'];
  const child = spawn(path.join(bin, 'prefect'), args, {
    env: { ...variables(bin, home.path), ...underPrefix(services) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (said = (said + String(text)).slice(-4000)));
  const ended = once(child, 'exit');
  const agent = new Agent({ keepAlive: true });
  const close = async () => {
    agent.destroy();
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(patience);
    await home.remove();
  };
  const ask = (method: string, target: string, body: string | undefined) => send(agent, { port, method, target, body });
  try {
    const ready = async () => child.exitCode !== null || (await ask('GET', '/health', undefined)).status === 200;
    await waitFor('a real Prefect server', ready, { deadlineSeconds: 120, everyMilliseconds: 200 });
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
  } catch (error) {
    await close();
    throw new Error(`a real Prefect server did not start: ${said}`, { cause: error });
  }
  return { name: 'prefect', ask, close };
}

function variables(bin: string, home: string): NodeJS.ProcessEnv {
  return {
    PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
    HOME: home,
    PREFECT_HOME: home,
    PREFECT_SERVER_DATABASE_CONNECTION_URL: `sqlite+aiosqlite:///${path.join(home, 'prefect.db')}`,
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    DO_NOT_TRACK: '1',
    PREFECT_LOGGING_SERVER_LEVEL: 'ERROR',
    PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL: '0.5',
    ...underPrefix(Object.fromEntries(loops.map((loop) => [`${loop}_ENABLED`, 'false']))),
  };
}

function underPrefix(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`PREFECT_SERVER_SERVICES_${name}`, value]),
  );
}

type Sent = {
  readonly port: number;
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
};

function send(agent: Agent, { port, method, target, body }: Sent): Promise<Answer> {
  const headers =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path: `/api${target}`, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
      });
    });
    sent.on('error', (error) => {
      // The server lets go of idle connections; a request that meets such an end was never read.
      if (sent.reusedSocket) resolve(send(agent, { port, method, target, body }));
      else reject(new Error(`${method} ${target} was cut off`, { cause: error }));
    });
    sent.end(body);
  });
}
