// A local stack of its own for one test file: a child process on a temporary folder and a free port.
// Rule: close() leaves neither the program, nor its tasks, nor the folder behind.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { endProcessesIn } from '../stack/local-ecs-stack.ts';
import { type LocalProgram, readStackJson, startProgram } from './local-program.ts';
import { tempDir } from './temp-dir.ts';

export type RunningStack = {
  /** `http://127.0.0.1:PORT/api`; the same after a restart. */
  readonly url: string;
  /** Where the SDK reaches ECS, EventBridge, logs and secrets; another after a restart. */
  services(): string;
  readonly dataDir: string;
  /** For whatever else the test writes: removed with the stack. */
  readonly folder: string;
  /** The process that runs now. */
  program(): LocalProgram;
  /** Ends the program by a signal and starts it again on the same folder; tasks live on. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  close(): Promise<void>;
};

export type RunningStackOptions = {
  /** Further arguments of `npm start --`, after `--port 0 --data DIR`. */
  readonly args?: readonly string[];
  /** Of the operator who starts the program. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** Resolves at the line that marks readiness. */
export async function startRunningStack(options: RunningStackOptions = {}): Promise<RunningStack> {
  const { args = [], environment = {} } = options;
  const temp = await tempDir('slipway-running-');
  const dataDir = path.join(temp.path, 'data');
  const folder = path.join(temp.path, 'work');
  await mkdir(folder);
  const start = () => startProgram(['--port', '0', '--data', dataDir, ...args], { environment });
  let program = start();
  const close = async () => {
    await program.close();
    if (existsSync(path.join(dataDir, 'tasks'))) await endProcessesIn(dataDir);
    await temp.remove();
  };
  const restart: RunningStack['restart'] = async (signal) => {
    program.kill(signal);
    await program.ended;
    program = start();
    expect(await readyUrl(program)).toBe(url);
  };
  const url = await readyUrl(program).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const services = () => `http://127.0.0.1:${readStackJson(dataDir).ports['services']}`;
  return { url, services, dataDir, folder, program: () => program, restart, close };
}

async function readyUrl(program: LocalProgram): Promise<string> {
  const [, url = ''] = await program.line(/^slipway ready (http:\/\/127\.0\.0\.1:\d+\/api)$/m, 30);
  return url;
}
