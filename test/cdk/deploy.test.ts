// The whole app, deployed by the real `cdk deploy` into an AWS emulator: a run goes its road through the deployed Lambdas.
// The emulator keeps tasks RUNNING and tells nobody of them, so the test says what ECS would say.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DescribeTaskDefinitionCommand, DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';
import { runCdk } from './cdk-cli.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { callHttpApi, type HttpCall } from './http-call.ts';

const Outputs = z.object({
  SlipwayService: z.object({
    ApiUrl: z.string(),
    AuthSecretArn: z.string(),
    ClusterName: z.string(),
    BusName: z.string(),
  }),
});
const WithId = z.looseObject({ id: z.string() });
const Run = z.looseObject({ id: z.string(), state: z.looseObject({ type: z.string() }) });

let emulator: Emulator;
let ecs: ECSClient;
let outputs: z.infer<typeof Outputs>['SlipwayService'];
let auth: string;
let deploymentId: string;

beforeAll(async () => {
  emulator = await startEmulator();
  ecs = new ECSClient(emulator.client);
  await using output = await tempDir();
  const outputsFile = path.join(output.path, 'outputs.json');
  const common = ['--output', path.join(output.path, 'cdk.out')];
  await mustSucceed(['bootstrap', ...common]);
  await mustSucceed(['deploy', '--all', '--require-approval', 'never', '--outputs-file', outputsFile, ...common]);
  outputs = Outputs.parse(JSON.parse(await readFile(outputsFile, 'utf8'))).SlipwayService;
  auth = await readAuthString();
  deploymentId = await deployPlainContainer();
});

afterAll(() => emulator.close());

async function mustSucceed(args: readonly string[]): Promise<void> {
  const answer = await runCdk(args, emulator.variables);
  if (answer.exitCode === 0) return;
  throw new Error(`cdk ${args[0]} ended with ${answer.exitCode}: ${answer.output.slice(-4000)}\n${emulator.log()}`);
}

async function readAuthString(): Promise<string> {
  const secrets = new SecretsManagerClient(emulator.client);
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: outputs.AuthSecretArn }));
  return z.string().parse(SecretString);
}

const call = (request: HttpCall) => callHttpApi(outputs.ApiUrl, request);

async function post(where: string, body: unknown): Promise<unknown> {
  const answer = await call({ path: where, method: 'POST', auth, body });
  if (answer.status >= 300) {
    throw new Error(`POST ${where} answered ${answer.status} ${JSON.stringify(answer.body)}\n${emulator.log()}`);
  }
  return answer.body;
}

async function deployPlainContainer(): Promise<string> {
  await post('/work_pools/', { name: 'production', type: 'ecs:push' });
  const flow = WithId.parse(await post('/flows/', { name: 'hello' }));
  const deployment = await post('/deployments/', {
    name: 'hello',
    flow_id: flow.id,
    work_pool_name: 'production',
    job_variables: { image: 'hello:1', command: 'node hello.mjs' },
  });
  return WithId.parse(deployment).id;
}

async function taskOfRun(runId: string) {
  return waitFor(
    `a task of run ${runId}`,
    async () => {
      const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: outputs.ClusterName }));
      if (taskArns === undefined || taskArns.length === 0) return undefined;
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: outputs.ClusterName, tasks: taskArns }));
      return tasks?.find(({ startedBy }) => startedBy?.includes(runId));
    },
    { deadlineSeconds: 60, everyMilliseconds: 250 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${emulator.log()}`, { cause: error });
  });
}

const stateOf = async (runId: string) => Run.parse((await call({ path: `/flow_runs/${runId}`, auth })).body).state.type;

describe('the deployed API', () => {
  it('answers 401 without the auth string, and with a wrong one', async () => {
    const read = { path: '/flows/filter', method: 'POST', body: {} } as const;

    expect((await call(read)).status).toBe(401);
    expect((await call({ ...read, auth: `${auth}x` })).status).toBe(401);
    expect((await call({ ...read, auth })).status).toBe(200);
  });

  it('answers health and ready to anybody', async () => {
    expect(await call({ path: '/health' })).toEqual({ status: 200, body: true });
    expect((await call({ path: '/ready' })).status).toBe(200);
  });
});

describe('a run through the deployed thing', () => {
  it('becomes a task by the submit Lambda, with the stack around it', async () => {
    const run = Run.parse(await post(`/deployments/${deploymentId}/create_flow_run`, {}));

    const task = await taskOfRun(run.id);

    const environment = task.overrides?.containerOverrides?.[0]?.environment ?? [];
    expect(environment).toContainEqual({ name: 'PREFECT__FLOW_RUN_ID', value: run.id });
    expect(environment).toContainEqual({ name: 'PREFECT_API_URL', value: outputs.ApiUrl });
    expect(JSON.stringify(environment)).not.toContain(auth);
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: task.taskDefinitionArn }),
    );
    expect(taskDefinition).toMatchObject({
      family: expect.stringMatching(/^slipway-/),
      taskRoleArn: expect.stringContaining('TaskRole'),
      executionRoleArn: expect.stringContaining('ExecutionRole'),
      containerDefinitions: [
        { image: 'hello:1', secrets: [{ name: 'PREFECT_API_AUTH_STRING', valueFrom: outputs.AuthSecretArn }] },
      ],
    });
  });

  it('ends as the task ends, by the observe Lambda', async () => {
    const run = Run.parse(await post(`/deployments/${deploymentId}/create_flow_run`, {}));
    const task = await taskOfRun(run.id);

    await tellObserve(stoppedEvent(task));

    const state = await waitUntil(
      'the end of the run',
      {
        look: () => stateOf(run.id),
        isWanted: (type) => type === 'COMPLETED' || type === 'FAILED' || type === 'CRASHED',
      },
      { deadlineSeconds: 60, everyMilliseconds: 250 },
    );
    expect(state).toBe('COMPLETED');
  });

  it('is asked for by an event on the bus, by the trigger Lambda', async () => {
    const known = new Set((await readRuns()).map(({ id }) => id));

    await putEvent({
      EventBusName: outputs.BusName,
      Source: 'test.orders',
      DetailType: 'Slipway Run Requested',
      Detail: JSON.stringify({ deployment: 'hello/hello', parameters: {} }),
    });

    const run = await waitFor('the run', async () => (await readRuns()).find(({ id }) => !known.has(id)), {
      deadlineSeconds: 60,
      everyMilliseconds: 250,
    });
    expect((await taskOfRun(run.id)).startedBy).toContain(run.id);
  });

  it('is counted by the publish Lambda', async () => {
    const count = await waitUntil(
      'the counter of completed runs',
      {
        look: async () => (await call(completedCount())).body,
        isWanted: (body) => body === 1,
      },
      { deadlineSeconds: 60, everyMilliseconds: 250 },
    );

    expect(count).toBe(1);
  });
});

async function readRuns() {
  return z.array(Run).parse(await post('/flow_runs/filter', { limit: 200 }));
}

function completedCount(): HttpCall {
  const body = { flow_runs: { state: { type: { any_: ['COMPLETED'] } } } };
  return { path: '/flow_runs/count', method: 'POST', auth, body };
}

type Entry = Omit<NonNullable<ConstructorParameters<typeof PutEventsCommand>[0]['Entries']>[number], 'Time'>;

async function putEvent(entry: Entry): Promise<void> {
  const { FailedEntryCount } = await new EventBridgeClient(emulator.client).send(
    new PutEventsCommand({ Entries: [entry] }),
  );
  if (FailedEntryCount !== 0)
    throw new Error(`the bus took no event: wanted 0 failed entries, got ${FailedEntryCount}`);
}

/** The bus takes no event in the name of ECS from anybody else, so the rule is spared: what it delivers lies in the queue. */
async function tellObserve(event: unknown): Promise<void> {
  const sqs = new SQSClient(emulator.client);
  const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'SlipwayData-QueuesObserve' }));
  const queueUrl = QueueUrls?.find((url) => !url.includes('DeadLetters'));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }));
}

/** As ECS tells of a task whose only container ended with 0. */
function stoppedEvent(task: Awaited<ReturnType<typeof taskOfRun>>) {
  const now = new Date().toISOString();
  const { taskArn, clusterArn, taskDefinitionArn, startedBy, group, overrides } = task;
  const container = { ...task.containers?.[0], lastStatus: 'STOPPED', exitCode: 0 };
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '000000000000',
    time: now,
    region: 'us-east-1',
    resources: [taskArn],
    detail: {
      ...{ taskArn, clusterArn, taskDefinitionArn, startedBy, group, overrides },
      launchType: 'FARGATE',
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      createdAt: now,
      startedAt: now,
      stoppingAt: now,
      stoppedAt: now,
      updatedAt: now,
      version: 9,
      containers: [container],
    },
  };
}
