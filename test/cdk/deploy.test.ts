// The whole app, deployed by the real `cdk deploy` into an AWS emulator: a run goes its road through the deployed Lambdas.
// The emulator keeps tasks RUNNING and tells nobody of them, so the test says what ECS would say.
import { DescribeTaskDefinitionCommand, DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { ListBucketsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sockets } from '../../shared/config/resources.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';
import { connectDeployed } from './deployed-sockets.ts';
import { type DeployedStack, deployStack } from './deployed-stack.ts';
import { readLambdaLogs } from './lambda-logs.ts';
import { stoppedEvent } from './stopped-event.ts';

const patience = { deadlineSeconds: 60, everyMilliseconds: 250 } as const;
const WithId = z.looseObject({ id: z.string() });
const Run = z.looseObject({ id: z.string(), state: z.looseObject({ type: z.string() }) });

let stack: DeployedStack;
let ecs: ECSClient;
let sqs: SQSClient;
let s3: S3Client;
let events: EventBridgeClient;
let deploymentId: string;
/** A queue that hears everything on the bus. */
let listenerUrl: string;

beforeAll(async () => {
  stack = await deployStack();
  ecs = new ECSClient(stack.emulator.client);
  sqs = new SQSClient(stack.emulator.client);
  s3 = new S3Client(stack.emulator.client);
  events = new EventBridgeClient(stack.emulator.client);
  listenerUrl = await listenToBus();
  deploymentId = await deployPlainContainer();
});

afterAll(() => stack?.close());

async function listenToBus(): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'listener' }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const rule = { Name: 'listener', EventBusName: stack.outputs.BusName };
  await events.send(new PutRuleCommand({ ...rule, EventPattern: '{"detail-type":["Slipway Run State Changed"]}' }));
  const targets = [{ Id: 'listener', Arn: Attributes?.['QueueArn'] }];
  await events.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: rule.EventBusName, Targets: targets }));
  return z.string().parse(QueueUrl);
}

async function deployPlainContainer(): Promise<string> {
  await stack.post('/work_pools/', { name: 'production', type: 'ecs:push' });
  const flow = WithId.parse(await stack.post('/flows/', { name: 'hello' }));
  const deployment = await stack.post('/deployments/', {
    name: 'hello',
    flow_id: flow.id,
    work_pool_name: 'production',
    job_variables: { image: 'hello:1', command: 'node hello.mjs' },
  });
  return WithId.parse(deployment).id;
}

const createRun = async () => Run.parse(await stack.post(`/deployments/${deploymentId}/create_flow_run`, {}));

async function taskOfRun(runId: string) {
  const cluster = stack.outputs.ClusterName;
  const find = async () => {
    const { taskArns } = await ecs.send(new ListTasksCommand({ cluster }));
    if (taskArns === undefined || taskArns.length === 0) return undefined;
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    return tasks?.find(({ startedBy }) => startedBy?.includes(runId));
  };
  return waitFor(`a task of run ${runId}`, find, patience).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await readLambdaLogs(stack.emulator)}`, { cause: error });
  });
}

describe('the deployed API', () => {
  it('answers 401 without the auth string, and with a wrong one', async () => {
    const read = { path: '/flows/filter', method: 'POST', body: {} } as const;

    expect((await stack.call(read)).status).toBe(401);
    expect((await stack.call({ ...read, auth: `${stack.auth}x` })).status).toBe(401);
    expect((await stack.call({ ...read, auth: stack.auth })).status).toBe(200);
  });

  it('answers health and ready to anybody', async () => {
    expect(await stack.call({ path: '/health' })).toEqual({ status: 200, body: true });
    expect((await stack.call({ path: '/ready' })).status).toBe(200);
  });
});

describe('a run through the deployed thing', () => {
  it('has the 500 KB of parameters that it was given, by way of the bucket', async () => {
    const parameters = { text: 'x'.repeat(500_000) };

    const { id } = Run.parse(await stack.post(`/deployments/${deploymentId}/create_flow_run`, { parameters }));
    const { body } = await stack.call({ path: `/flow_runs/${id}`, auth: stack.auth });

    expect(z.looseObject({ parameters: z.looseObject({ text: z.string() }) }).parse(body).parameters).toEqual(
      parameters,
    );
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const [bucket] = Buckets.filter(({ Name }) => Name?.startsWith('slipwaydata-'));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket?.Name }));
    expect(Contents.map(({ Key }) => Key)).toEqual([expect.stringMatching(`^runs/${id}/`)]);
  });

  it('becomes a task by the submit Lambda, with the stack around it', async () => {
    const run = await createRun();

    const task = await taskOfRun(run.id);

    const environment = task.overrides?.containerOverrides?.[0]?.environment ?? [];
    expect(environment).toContainEqual({ name: 'PREFECT__FLOW_RUN_ID', value: run.id });
    expect(environment).toContainEqual({ name: 'PREFECT_API_URL', value: stack.outputs.ApiUrl });
    const definition = new DescribeTaskDefinitionCommand({ taskDefinition: task.taskDefinitionArn });
    expect((await ecs.send(definition)).taskDefinition).toMatchObject({
      family: expect.stringMatching(/^slipway-/),
      taskRoleArn: expect.stringContaining('TaskRole'),
      executionRoleArn: expect.stringContaining('ExecutionRole'),
      containerDefinitions: [{ image: 'hello:1' }],
    });
  });

  it('gives its task the auth string by the ARN of the secret, and nowhere in clear', async () => {
    const run = await createRun();

    const task = await taskOfRun(run.id);

    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: task.taskDefinitionArn }),
    );
    expect(taskDefinition?.containerDefinitions?.[0]?.secrets).toEqual([
      { name: 'PREFECT_API_AUTH_STRING', valueFrom: stack.outputs.AuthSecretArn },
    ]);
    expect(JSON.stringify([task, taskDefinition])).not.toContain(stack.auth);
  });

  it('ends as its task ends, by the observe Lambda', async () => {
    const ended = await runToTheEnd();

    expect(ended.state.type).toBe('COMPLETED');
  });

  it('is counted and told to the bus by the publish Lambda', async () => {
    const before = await countCompleted();

    const run = await runToTheEnd();

    const isWanted = (count: number) => count > before;
    expect(await waitUntil('the counter', { look: countCompleted, isWanted }, patience)).toBe(before + 1);
    expect(await waitFor('the event of the end', () => hears(run.id, 'COMPLETED'), patience)).toBe(true);
  });

  it('is asked for by an event on the bus, by the trigger Lambda', async () => {
    const known = new Set((await readRuns()).map(({ id }) => id));

    const { FailedEntryCount } = await events.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: stack.outputs.BusName,
            Source: 'test.orders',
            DetailType: 'Slipway Run Requested',
            Detail: JSON.stringify({ deployment: 'hello/hello', parameters: {} }),
          },
        ],
      }),
    );

    expect(FailedEntryCount).toBe(0);
    const run = await waitFor('the run', async () => (await readRuns()).find(({ id }) => !known.has(id)), patience);
    expect((await taskOfRun(run.id)).startedBy).toContain(run.id);
  });
});

/** A run whose task ECS has told to be over, once its state says so too. */
async function runToTheEnd() {
  const run = await createRun();
  await tellObserve(stoppedEvent(await taskOfRun(run.id)));
  const look = async () => Run.parse((await stack.call({ path: `/flow_runs/${run.id}`, auth: stack.auth })).body);
  const isWanted = ({ state }: z.infer<typeof Run>) => ['COMPLETED', 'FAILED', 'CRASHED'].includes(state.type);
  return waitUntil('the end of the run', { look, isWanted }, patience);
}

async function countCompleted(): Promise<number> {
  const completed = { flow_runs: { state: { type: { any_: ['COMPLETED'] } } } };
  return z.number().parse(await stack.post('/flow_runs/count', completed));
}

async function readRuns() {
  return z.array(Run).parse(await stack.post('/flow_runs/filter', { limit: 200 }));
}

/** The bus takes no event in the name of ECS from anybody else, so the rule is spared: what it delivers lies in the queue. */
async function tellObserve(event: unknown): Promise<void> {
  const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'SlipwayData-QueuesObserve' }));
  const queueUrl = QueueUrls?.find((url) => !url.includes('DeadLetters'));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) }));
}

/** Whether a message that was not looked at before tells of this run in this state. */
async function hears(runId: string, stateType: string): Promise<boolean> {
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: listenerUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
  );
  return Messages?.some(({ Body }) => Body?.includes(runId) && Body.includes(`"${stateType}"`)) ?? false;
}

describe('the deployed sockets', () => {
  const basic = (auth: string) => ({ authorization: `Basic ${Buffer.from(auth).toString('base64')}` });
  const answerOf = (stage: string, headers: Readonly<Record<string, string>>) =>
    connectDeployed(stack, { stage, headers }).then(
      async (client) => {
        await client.close();
        return 'let in';
      },
      () => 'refused',
    );

  it.each(sockets)('let a client with the auth string into $kind, and nobody else', async ({ kind }) => {
    const watch = { 'x-slipway-watch': '1' };

    const answers = [
      await answerOf(kind, { ...watch, ...basic(stack.auth) }),
      await answerOf(kind, { ...watch, ...basic('admin:wrong') }),
      await answerOf(kind, watch),
    ];

    expect(answers).toEqual(['let in', 'refused', 'refused']);
  });

  it('refuse /events/out to engines, which then poll', async () => {
    expect(await answerOf('events-out', basic(stack.auth))).toBe('refused');
  });
});
