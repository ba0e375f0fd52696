// Builders for the making of ECS tasks: a stack's defaults, a run's identity, and the two steps from a template.
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import type { TaskForRun } from '../../shared/domain/task/task-for-run.ts';
import { type TaskForRunResult, taskForRun } from '../../shared/domain/task/task-for-run.ts';
import { type RunIdentity, type TaskDefaults, unreadEcsKeys } from '../../shared/domain/task/task-input.ts';
import { fieldOf, listOf, objectOf } from '../../shared/domain/template/json-value.ts';
import { followPath } from '../../shared/domain/template/placeholder.ts';
import { renderJobConfiguration } from '../../shared/domain/template/render.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';

export const defaults: TaskDefaults = {
  clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/slipway',
  executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
  taskRoleArn: 'arn:aws:iam::123456789012:role/task',
  subnets: ['subnet-a', 'subnet-b'],
  securityGroups: ['sg-1'],
  assignPublicIp: 'ENABLED',
  logGroup: '/slipway/tasks',
  region: 'eu-west-1',
  apiUrl: 'https://slipway.example/api',
  authSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:auth',
  defaultImage: 'prefecthq/prefect:3-latest',
};

export const aRun: RunIdentity = {
  runId: '11111111-1111-4111-8111-111111111111',
  runName: 'brave-otter',
  attempt: 1,
  flow: { id: '22222222-2222-4222-8222-222222222222', name: 'my flow' },
  deployment: { id: '33333333-3333-4333-8333-333333333333', name: 'nightly' },
  workPoolName: 'production',
  startedBy: 'slipway/11111111/1',
  clientToken: 'token-1',
};

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export type TaskOf = {
  readonly jobVariables?: JsonObject;
  readonly template?: JsonObject;
  readonly defaults?: TaskDefaults;
  readonly run?: RunIdentity;
};

/** From job variables to the task, as a launch does it; a refused rendering is the task's problem. */
export function taskOf(given: TaskOf): TaskForRunResult {
  const values = given.jobVariables ?? {};
  const rendered = renderJobConfiguration({
    template: given.template ?? ecsPushTemplate,
    values,
    variables: {},
    blocks: () => undefined,
    unresolved: unreadEcsKeys,
  });
  if (!rendered.ok) return rendered;
  return taskForRun({
    configuration: rendered.configuration,
    defaults: given.defaults ?? defaults,
    run: given.run ?? aRun,
    sha256,
    reports: values['reports'],
  });
}

export function launched(given: TaskOf = {}): TaskForRun {
  const task = taskOf(given);
  if (!task.ok) throw new Error(`refused: ${task.problem}`);
  return task;
}

export function problemOf(given: TaskOf): string {
  const task = taskOf(given);
  return task.ok ? 'launched' : task.problem;
}

export const own = 'overrides.containerOverrides[0]';
export const requestAt = (task: TaskForRun, path: string) => followPath(task.request, path);
export const containerOf = (task: TaskForRun) => followPath(task.definition ?? null, 'containerDefinitions[0]') ?? null;

export function environmentOf(task: TaskForRun): Record<string, Json | undefined> {
  const entries = listOf(followPath(task.request, own), 'environment');
  return Object.fromEntries(entries.map((entry) => [String(fieldOf(entry, 'name')), fieldOf(entry, 'value')]));
}

/** The template with another task_run_request or task_definition. */
export function templateWith(changes: JsonObject): JsonObject {
  const configuration = objectOf(ecsPushTemplate, 'job_configuration');
  return { ...ecsPushTemplate, job_configuration: { ...configuration, ...changes } };
}
