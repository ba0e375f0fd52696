// The deployments that tests run, deployed by the real client from a copy of their project in the test's own folder.

import { cp } from 'node:fs/promises';
import path from 'node:path';
import { projectRoot } from '../support/local-program.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type RunningStack, startRunningStack } from '../support/running-stack.ts';
import { type Observer, observe } from './observed-runs.ts';
import { type PrefectClient, prefectClient } from './prefect-client.ts';

export type TestProject = {
  readonly stack: RunningStack;
  readonly prefect: PrefectClient;
  readonly seen: Observer;
  /** The copy of `test/prefect/project`. */
  readonly folder: string;
  close(): Promise<void>;
};

/** What a deployment is wanted on: tasks that find `prefect` on their PATH. */
export type TestProjectOptions = {
  /** Names of deployments in `project/prefect.yaml`. */
  readonly deployments: readonly string[];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The pinned file in `test/python` that names the client. @default prefect */
  readonly client?: string;
};

export async function startTestProject(options: TestProjectOptions): Promise<TestProject> {
  const client = options.client ?? 'prefect';
  const { python } = await pythonEnv(client);
  const args = ['--python', python, ...(options.args ?? ['--no-example'])];
  const stack = await startRunningStack({ args, environment: options.environment ?? {} });
  const prefect = await prefectClient(stack.url, stack.folder, client);
  const seen = observe(stack);
  const close = async () => {
    await prefect.close();
    await stack.close();
  };
  try {
    const folder = path.join(stack.folder, 'project');
    await cp(path.join(projectRoot, 'test/prefect/project'), folder, { recursive: true });
    const names = options.deployments.flatMap((name) => ['--name', name]);
    if (names.length > 0) await prefect.cli(['--no-prompt', 'deploy', ...names], { cwd: folder });
    return { stack, prefect, seen, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}
