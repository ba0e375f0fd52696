// The app, deployed by the real `cdk bootstrap` and `cdk deploy` into an emulator of its own, with what a client needs.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { tempDir } from '../support/temp-dir.ts';
import { runCdk } from './cdk-cli.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { callHttpApi, type HttpAnswer, type HttpCall } from './http-call.ts';
import { readLambdaLogs } from './lambda-logs.ts';

const Outputs = z.object({
  SlipwayService: z.object({
    ApiUrl: z.string(),
    ApiDirectUrl: z.string(),
    AuthSecretArn: z.string(),
    ClusterName: z.string(),
    BusName: z.string(),
  }),
});

export type DeployedStack = {
  readonly emulator: Emulator;
  readonly outputs: z.infer<typeof Outputs>['SlipwayService'];
  /** The auth string, as the secret has it. */
  readonly auth: string;
  readonly call: (request: HttpCall) => Promise<HttpAnswer>;
  /** An authorized POST; an answer of 300 or more is an error with what the Lambdas said. */
  readonly post: (path: string, body: unknown) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

export async function deployStack(): Promise<DeployedStack> {
  const emulator = await startEmulator();
  try {
    const outputs = await deployInto(emulator);
    const auth = await readAuthString(emulator, outputs.AuthSecretArn);
    const call = (request: HttpCall) => callHttpApi(outputs.ApiDirectUrl, request);
    const post = async (where: string, body: unknown) => {
      const answer = await call({ path: where, method: 'POST', auth, body });
      if (answer.status < 300) return answer.body;
      const said = await readLambdaLogs(emulator);
      throw new Error(`POST ${where} answered ${answer.status} ${JSON.stringify(answer.body)}\n${said}`);
    };
    return { emulator, outputs, auth, call, post, close: emulator.close };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}

async function deployInto(emulator: Emulator): Promise<DeployedStack['outputs']> {
  await using output = await tempDir();
  const outputsFile = path.join(output.path, 'outputs.json');
  const common = ['--output', path.join(output.path, 'cdk.out')];
  await mustSucceed(emulator, ['bootstrap', ...common]);
  await mustSucceed(emulator, [
    ...['deploy', '--all', '--require-approval', 'never', '--outputs-file', outputsFile],
    ...common,
  ]);
  return Outputs.parse(JSON.parse(await readFile(outputsFile, 'utf8'))).SlipwayService;
}

async function mustSucceed(emulator: Emulator, args: readonly string[]): Promise<void> {
  const answer = await runCdk(args, emulator.variables);
  if (answer.exitCode === 0) return;
  throw new Error(`cdk ${args[0]} ended with ${answer.exitCode}: ${answer.output.slice(-4000)}\n${emulator.log()}`);
}

async function readAuthString(emulator: Emulator, secretId: string): Promise<string> {
  const secrets = new SecretsManagerClient(emulator.client);
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
  return z.string().parse(SecretString);
}
