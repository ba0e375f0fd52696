// What tests see of runs and their tasks from outside: through the REST API and the ECS endpoint.

import { DescribeTaskDefinitionCommand, DescribeTasksCommand, ECSClient, type Task } from '@aws-sdk/client-ecs';
import { expect } from 'vitest';
import { z } from 'zod';
import { credentials } from '../../local/account.ts';
import { callApi } from '../../local/api-client.ts';
import { openTaskLog } from '../../local/example-task-log.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { waitFor } from '../support/wait-for.ts';

const run = z.looseObject({
  id: z.string(),
  state_type: z.string(),
  state_name: z.string(),
  run_count: z.number(),
  parameters: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
  infrastructure_pid: z.string().nullable(),
  parent_task_run_id: z.string().nullable(),
  state: z.looseObject({ message: z.string().nullable() }),
});
export type ObservedRun = z.output<typeof run>;

const state = z.looseObject({
  type: z.string(),
  name: z.string(),
  message: z.string().nullable(),
  timestamp: z.string().transform((text) => Date.parse(text)),
});
export type ObservedState = z.output<typeof state>;

const finalTypes = ['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'];

export type Observer = {
  call<Value>(path: string, shape: z.ZodType<Value>, body?: object): Promise<Value>;
  run(id: string): Promise<ObservedRun>;
  states(id: string): Promise<readonly ObservedState[]>;
  /** Names of the states so far, in order. */
  stateNames(id: string): Promise<readonly string[]>;
  /** Waits for a state of this type; answers the run. */
  until(id: string, type: string): Promise<ObservedRun>;
  /** Waits for the run's end, which must be of this type. */
  untilEnded(id: string, type: string): Promise<ObservedRun>;
  /** Waits until the run's task has stopped; answers it. */
  untilStopped(id: string): Promise<Task>;
  /** The task of a run, with its overrides and tags. */
  task(id: string): Promise<Task>;
  /** What the run's container wrote, once it is quiet: from CloudWatch Logs. */
  output(id: string): Promise<readonly string[]>;
  /** The size that the run's task definition registers, as ECS has it. */
  registeredSize(id: string): Promise<{ readonly cpu: string | undefined; readonly memory: string | undefined }>;
};

const patience = { deadlineSeconds: 120, everyMilliseconds: 100 };

export function observe(stack: Pick<RunningStack, 'url' | 'services'>): Observer {
  // A client a call: the endpoint is another after a restart.
  const ecs = () => new ECSClient({ endpoint: stack.services(), region: 'us-east-1', credentials });
  const apiUrl = stack.url;
  const call: Observer['call'] = (path, shape, body) =>
    callApi({ apiUrl, path, ...(body === undefined ? {} : { body }) }, shape);
  const readRun: Observer['run'] = (id) => call(`/flow_runs/${id}`, run);
  const states: Observer['states'] = (id) => call(`/flow_run_states/?flow_run_id=${id}`, z.array(state));
  const task: Observer['task'] = (id) => waitFor(`a task of run ${id}`, async () => taskOf(ecs(), await readRun(id)));
  return {
    call,
    run: readRun,
    states,
    stateNames: async (id) => (await states(id)).map(({ name }) => name),
    until: async (id, type) => {
      await waitFor(
        `run ${id} to be ${type}`,
        async () => {
          const seen = await states(id);
          return seen.some((one) => one.type === type) || missing(seen);
        },
        patience,
      );
      return await readRun(id);
    },
    untilEnded: async (id, type) => {
      const ended = await waitFor(
        `run ${id} to end`,
        async () => {
          const found = await readRun(id);
          return finalTypes.includes(found.state_type) ? found : missing(await states(id));
        },
        patience,
      );
      expect(ended.state_type, `${ended.state.message}`).toBe(type);
      return ended;
    },
    untilStopped: (id) => waitFor(`the task of run ${id} to stop`, async () => stopped(await task(id)), patience),
    task,
    output: async (id) => {
      const { taskArn } = await task(id);
      const log = openTaskLog(stack.services(), taskArn?.split('/').at(-1) ?? '');
      const lines = await log.readRest();
      log.close();
      return lines.map(({ text }) => text);
    },
    registeredSize: async (id) => {
      const { taskDefinitionArn } = await task(id);
      const { taskDefinition } = await ecs().send(
        new DescribeTaskDefinitionCommand({ taskDefinition: taskDefinitionArn }),
      );
      return { cpu: taskDefinition?.cpu, memory: taskDefinition?.memory };
    },
  };
}

function stopped(task: Task): Task | undefined {
  return task.lastStatus === 'STOPPED' ? task : undefined;
}

async function taskOf(ecs: ECSClient, { infrastructure_pid: pid }: ObservedRun): Promise<Task | undefined> {
  // `CLUSTER::TASK`, as Prefect's own ECS worker writes it.
  const arn = pid?.split('::').at(-1);
  if (arn === undefined) return undefined;
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'slipway', tasks: [arn], include: ['TAGS'] }));
  return tasks?.[0];
}

/** Thrown, it is "not yet", and the error at the deadline shows what was seen. */
function missing(seen: readonly ObservedState[]): never {
  throw new Error(seen.map(({ name, message }) => `${name} ${message ?? ''}`).join(' > '));
}
