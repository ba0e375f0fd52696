// The whole local stack in this process: what enters by EventBridge or by the API comes out as an ended run.

import path from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { credentials } from '../../local/account.ts';
import { callApi, identified } from '../../local/api-client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { createWorkPools } from '../../local/work-pools.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

let folder: TempDir;
let stack: Stack;
const own = { ...process.env };

beforeAll(async () => {
  folder = await tempDir('slipway-stack-');
  process.env['AWS_PROFILE'] = 'operator';
  // The Lambdas log to the console, as on AWS; here nobody reads it.
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  stack = await startStack({
    dataDir: folder.path,
    port: 0,
    report: () => undefined,
    searchPath: [path.dirname(process.execPath)],
  });
  await createWorkPools(stack.url);
});

afterAll(async () => {
  await stack.close();
  await folder.remove();
  process.env = own;
  vi.restoreAllMocks();
});

const runs = z.array(z.object({ id: z.string(), state_type: z.string().nullable(), parameters: z.unknown() }));

async function deploy(name: string, command: string): Promise<string> {
  const apiUrl = stack.url;
  const flow = await callApi({ apiUrl, path: '/flows/', body: { name } }, identified);
  const body = { name, flow_id: flow.id, work_pool_name: 'production', job_variables: { image: 'none', command } };
  return (await callApi({ apiUrl, path: '/deployments/', body }, identified)).id;
}

async function runsOf(deploymentId: string): Promise<z.output<typeof runs>> {
  const body = { deployments: { id: { any_: [deploymentId] } } };
  return await callApi({ apiUrl: stack.url, path: '/flow_runs/filter', body }, runs);
}

async function ended(deploymentId: string, count: number, type: string): Promise<z.output<typeof runs>> {
  return await waitFor(
    `${count} runs to be ${type}`,
    async () => {
      const found = await runsOf(deploymentId);
      return found.length === count && found.every((run) => run.state_type === type) ? found : undefined;
    },
    { deadlineSeconds: 30 },
  );
}

describe('the local stack', () => {
  it('takes the operator’s AWS profile out of the environment', () => {
    expect(process.env).not.toHaveProperty('AWS_PROFILE');
    expect(process.env).toMatchObject({ AWS_ACCESS_KEY_ID: 'local', AWS_CONFIG_FILE: '/dev/null' });
  });

  it.each([
    ['Completed when its command exits with 0', 'ok', 'true', 'COMPLETED'],
    ['Failed when its command exits with another code', 'bad', 'false', 'FAILED'],
  ])('ends a run %s', async (_what, name, command, type) => {
    const id = await deploy(name, command);

    await callApi({ apiUrl: stack.url, path: `/deployments/${id}/create_flow_run`, body: {} }, identified);

    expect(await ended(id, 1, type)).toHaveLength(1);
  });

  it.each(['default', 'slipway'])('runs a deployment once that an event on the bus %s asks for twice', async (bus) => {
    const name = `by-event-${bus}`;
    const id = await deploy(name, 'true');
    const client = new EventBridgeClient({ endpoint: stack.endpoints.services, region: 'us-east-1', credentials });
    const detail = { deployment: `${name}/${name}`, parameters: { day: 1 }, idempotency_key: 'once' };
    const entry = {
      EventBusName: bus,
      Source: 'test',
      DetailType: 'Slipway Run Requested',
      Detail: JSON.stringify(detail),
    };

    await client.send(new PutEventsCommand({ Entries: [entry, entry] }));

    const [run] = await ended(id, 1, 'COMPLETED');
    client.destroy();
    expect(run?.parameters).toEqual({ day: 1 });
  });

  it('lets a bad message block none of those behind it', async () => {
    const id = await deploy('behind', 'true');
    const client = new SQSClient({ endpoint: stack.endpoints.queue, region: 'us-east-1', credentials });
    const send = (MessageBody: string) =>
      client.send(new SendMessageCommand({ QueueUrl: stack.queueUrls.trigger, MessageBody }));

    await send('not JSON');
    await send(JSON.stringify({ deployment: 'behind/behind' }));

    await ended(id, 1, 'COMPLETED');
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: stack.queueUrls.trigger }));
    client.destroy();
    // Not handed out again before the queue's visibility time-out, as on AWS.
    expect(Messages ?? []).toEqual([]);
  });
});
