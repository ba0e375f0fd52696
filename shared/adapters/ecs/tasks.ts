// ECS over the real SDK. What matters is telling a definite no from an unknown outcome:
// only an answer that ECS gave counts as a no, a time-out or a 5xx may have taken effect.
import {
  DescribeTasksCommand,
  ECSClient,
  ECSServiceException,
  ListTasksCommand,
  type ListTasksCommandInput,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import type { JsonObject } from '../../domain/json.ts';
import type { LaunchOutcome, Refusal, Tasks } from '../../ports/tasks.ts';
import { callSettings, leanClient, sameSteps } from '../sdk.ts';
import { readTask } from './task-codec.ts';

/** DescribeTasks takes this many ARNs. */
const describeBatch = 100;

export function createEcsClient(): ECSClient {
  return leanClient(
    new ECSClient({
      maxAttempts: 3,
      ...sameSteps,
      ...callSettings({ answerMs: 8_000, connectionMs: 2_000, sockets: 128 }),
    }),
  );
}

/** RunTask is sent once a call: our own tries count the sends (rule 4). */
export function createLaunchClient(): ECSClient {
  return leanClient(
    new ECSClient({
      maxAttempts: 1,
      ...sameSteps,
      ...callSettings({ answerMs: 8_000, connectionMs: 2_000, sockets: 128 }),
    }),
  );
}

function refusal(error: unknown): Refusal {
  if (
    error instanceof ECSServiceException &&
    (error.$metadata.httpStatusCode ?? 500) < 500 &&
    error.$fault === 'client'
  ) {
    return { kind: 'refused', code: error.name, reason: error.message };
  }
  const name = error instanceof Error ? error.name : 'UnknownError';
  return { kind: 'unknown', code: name, reason: error instanceof Error ? error.message : String(error) };
}

function isGone(error: unknown): boolean {
  return error instanceof ECSServiceException && /not found|MISSING/i.test(error.message);
}

function isThrottled(error: unknown): boolean {
  return (
    error instanceof ECSServiceException &&
    /throttl|rate exceeded|too ?many ?requests/i.test(`${error.name} ${error.message}`)
  );
}

export function createTasks(clients: { readonly ecs: ECSClient; readonly launch: ECSClient }): Tasks {
  const { ecs, launch } = clients;

  async function* pages(input: ListTasksCommandInput): AsyncGenerator<readonly string[]> {
    let nextToken: string | undefined;
    do {
      const page = await ecs.send(new ListTasksCommand({ ...input, maxResults: 100, nextToken }));
      yield page.taskArns ?? [];
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }

  async function* list(input: ListTasksCommandInput): AsyncGenerator<string> {
    for await (const page of pages(input)) yield* page;
  }

  return {
    async register(definition) {
      try {
        const input = definition as unknown as RegisterTaskDefinitionCommandInput;
        const answer = await ecs.send(new RegisterTaskDefinitionCommand(input));
        return { kind: 'registered', arn: answer.taskDefinition?.taskDefinitionArn ?? '' };
      } catch (error) {
        return refusal(error);
      }
    },

    async run(request: JsonObject, clientToken): Promise<LaunchOutcome> {
      try {
        const input = { ...request, clientToken } as unknown as RunTaskCommandInput;
        const answer = await launch.send(new RunTaskCommand(input));
        const [task] = answer.tasks ?? [];
        if (task !== undefined) return { kind: 'launched', ...readTask(task) };
        const [failure] = answer.failures ?? [];
        const reason = [failure?.reason, failure?.detail].filter((text) => text !== undefined).join(': ');
        return {
          kind: 'refused',
          code: failure?.reason ?? 'NoTask',
          reason: reason === '' ? 'ECS started no task' : reason,
          isAnswer: true,
        };
      } catch (error) {
        return refusal(error);
      }
    },

    async stop(cluster, taskArn, reason) {
      try {
        await ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason }));
        return 'requested';
      } catch (error) {
        if (isGone(error)) return 'gone';
        if (isThrottled(error)) return 'throttled';
        throw error;
      }
    },

    async describe(cluster, taskArns) {
      const batches: string[][] = [];
      for (let at = 0; at < taskArns.length; at += describeBatch) batches.push(taskArns.slice(at, at + describeBatch));
      const answers = [];
      for (const tasks of batches) answers.push(await ecs.send(new DescribeTasksCommand({ cluster, tasks })));
      return {
        tasks: answers.flatMap((answer) => (answer.tasks ?? []).map(readTask)),
        missing: answers.flatMap((answer) =>
          (answer.failures ?? []).flatMap(({ arn }) => (arn === undefined ? [] : [arn])),
        ),
      };
    },

    runningPages: (cluster) => pages({ cluster, desiredStatus: 'RUNNING' }),
    listRunning: (cluster, family) =>
      list({ cluster, desiredStatus: 'RUNNING', ...(family === undefined ? {} : { family }) }),
    listStopped: (cluster, family) =>
      list({ cluster, desiredStatus: 'STOPPED', ...(family === undefined ? {} : { family }) }),
  };
}
