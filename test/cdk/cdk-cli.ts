// Runs the project's own CDK CLI with the project's own Node, as `npx cdk` does, and keeps what it said.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from './templates.ts';

export type CdkAnswer = { readonly exitCode: number; readonly output: string };

/** The environment of the operator without credentials, profiles and endpoints: nothing of these tests may reach AWS. */
export function isolatedVariables(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_|NODE_OPTIONS$|VITEST)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: `${path.join(projectRoot, 'node_modules/.bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

const Failed = z.object({ code: z.number() });

/** Never throws for what the CLI says: exit code and both its streams are the answer. */
export function runCdk(args: readonly string[], env: NodeJS.ProcessEnv = isolatedVariables()): Promise<CdkAnswer> {
  const settings = { cwd: projectRoot, env, maxBuffer: 64 * 1024 * 1024, timeout: 170_000 };
  return new Promise((resolve, reject) => {
    execFile('npx', ['cdk', ...args], settings, (error, stdout, stderr) => {
      const output = `${stdout}\n${stderr}`;
      if (error === null) return resolve({ exitCode: 0, output });
      const failed = Failed.safeParse(error);
      if (failed.success) return resolve({ exitCode: failed.data.code, output });
      return reject(error);
    });
  });
}
