// An AWS emulator for one test file: its own port, its own folder, nothing left behind.
// It runs the deployed Lambdas as processes of the project's own Node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../support/free-port.ts';
import { pythonEnv } from '../support/python-env.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { isolatedVariables } from './cdk-cli.ts';

export type Emulator = {
  /** Loopback address of every emulated service. */
  readonly endpoint: string;
  readonly port: number;
  /** What the CDK CLI needs to take it for AWS. */
  readonly variables: NodeJS.ProcessEnv;
  /** For `new ECSClient(emulator.client)` and its like. */
  readonly client: ClientSettings;
  /** What the emulator and the Lambdas in it said lately. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
};

type ClientSettings = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

export async function startEmulator(): Promise<Emulator> {
  const { bin } = await pythonEnv('ministack');
  const folder = await tempDir('slipway-emulator-');
  const port = await freePort();
  const work = path.join(folder.path, 'work');
  await mkdir(work);
  const logFile = path.join(folder.path, 'emulator.log');
  const program = startProgram(path.join(bin, 'ministack'), logFile, {
    ...emulatorVariables(work),
    GATEWAY_PORT: String(port),
  });
  const close = async () => {
    await program.stop();
    await folder.remove();
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await waitFor('the emulator', () => canConnect(endpoint), { deadlineSeconds: 60, everyMilliseconds: 100 });
  } catch (error) {
    await close();
    throw error;
  }
  const key = `AKIATEST${port}`;
  return {
    endpoint,
    port,
    close,
    log: () => readFileSync(logFile, 'utf8').slice(-8000),
    client: { endpoint, region: 'us-east-1', credentials: { accessKeyId: key, secretAccessKey: 'emulated' } },
    variables: cliVariables(endpoint, key, folder.path),
  };
}

/** The CLI remembers the account of an access key in its own folder, so both are of this emulator alone. */
function cliVariables(endpoint: string, key: string, folder: string): NodeJS.ProcessEnv {
  return {
    ...isolatedVariables(),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: key,
    AWS_SECRET_ACCESS_KEY: 'emulated',
    AWS_REGION: 'us-east-1',
    CDK_HOME: path.join(folder, 'cdk-home'),
  };
}

function emulatorVariables(work: string): NodeJS.ProcessEnv {
  return { ...isolatedVariables(), BIND_HOST: '127.0.0.1', LAMBDA_EXECUTOR: 'local', TMPDIR: work, HOME: work };
}

/** The shell ends its child when our end of the pipe closes: the emulator never outlives its tests. */
function startProgram(program: string, logFile: string, env: NodeJS.ProcessEnv): { stop: () => Promise<void> } {
  const log = openSync(logFile, 'w');
  const script = '"$@" </dev/null & d=$!; cat >/dev/null; kill $d; wait $d';
  const child = spawn('/bin/sh', ['-c', script, 'sh', program], {
    env,
    cwd: path.dirname(logFile),
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin?.end();
    await ended;
  };
  return { stop };
}

function canConnect(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(() => true);
}
