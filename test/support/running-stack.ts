// A local stack of its own for one test file: a child process on a temporary folder and a free port.
// Rule: close() leaves neither the program, nor its tasks, nor the folder behind.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { endProcessesIn } from '../stack/local-ecs-stack.ts';
import { type LocalProgram, readStackJson, startProgram } from './local-program.ts';
import { tempDir } from './temp-dir.ts';

export type RunningStack = {
  /** `http://127.0.0.1:PORT/api` */
  readonly url: string;
  /** Where the SDK reaches ECS, EventBridge, logs and secrets. */
  readonly services: string;
  readonly dataDir: string;
  /** For whatever else the test writes: removed with the stack. */
  readonly folder: string;
  readonly program: LocalProgram;
  close(): Promise<void>;
};

export type RunningStackOptions = {
  /** Further arguments of `npm start --`, after `--port 0 --data DIR`. */
  readonly args?: readonly string[];
  /** Of the operator who starts the program. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** Resolves at the line that marks readiness. */
export async function startRunningStack({
  args = [],
  environment = {},
}: RunningStackOptions = {}): Promise<RunningStack> {
  const temp = await tempDir('slipway-running-');
  const dataDir = path.join(temp.path, 'data');
  const folder = path.join(temp.path, 'work');
  await mkdir(folder);
  const program = startProgram(['--port', '0', '--data', dataDir, ...args], { environment });
  const close = async () => {
    await program.close();
    if (existsSync(path.join(dataDir, 'tasks'))) await endProcessesIn(dataDir);
    await temp.remove();
  };
  try {
    const [, url = ''] = await program.line(/^slipway ready (http:\/\/127\.0\.0\.1:\d+\/api)$/m, 30);
    const services = `http://127.0.0.1:${readStackJson(dataDir).ports['services']}`;
    return { url, services, dataDir, folder, program, close };
  } catch (error) {
    await close();
    throw error;
  }
}
