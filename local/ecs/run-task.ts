// RunTask: checks a request as AWS does, answers a token's first answer again, and books new tasks.
// Rule: the tasks, the token and the reply are stored before the reply leaves; starting them comes after.

import { AwsError } from '../aws-endpoint.ts';
import { cpuUnits, isFargateSize, memoryMebibytes } from './fargate-sizes.ts';
import { checkTags, clientError, invalidParameter, parseInput, type RunTaskInput, runTaskInput } from './input.ts';
import { clusterArn } from './names.ts';
import { definitionContainers, newTask } from './new-task.ts';
import type { TaskDefinitionRecord } from './records.ts';
import type { TaskBook } from './task-book.ts';
import type { TaskDefinitions } from './task-definitions.ts';
import { taskReply } from './task-view.ts';

/** Lets a test stand in for a full or throttling AWS: failures in a 200 reply, or an error. */
export type RunTaskRefusal =
  | { readonly failures: readonly { readonly arn?: string; readonly reason: string; readonly detail?: string }[] }
  | AwsError;

export type RunTaskDeps = {
  readonly clusterName: string;
  readonly now: () => number;
  readonly book: TaskBook;
  readonly definitions: TaskDefinitions;
  readonly refuse: (input: RunTaskInput) => RunTaskRefusal | undefined;
  /** Starts a task that is booked. */
  readonly launch: (taskId: string) => void;
};

const maxOverridesLength = 8192;

export function checkCluster(cluster: string, clusterName: string): void {
  if (cluster !== clusterName && cluster !== clusterArn(clusterName)) {
    throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
  }
}

/** Runs tasks at most once for a client token: the first answer is replayed, failures included. */
export function runTask(deps: RunTaskDeps, rawInput: unknown): unknown {
  const input = parseInput(runTaskInput, rawInput);
  checkCluster(input.cluster, deps.clusterName);
  checkShape(input);
  const request = canonicalJson(rawInput);
  const earlier = input.clientToken === undefined ? undefined : deps.book.findToken(input.clientToken);
  if (earlier !== undefined) return replay(earlier, { request, clusterName: deps.clusterName, book: deps.book });

  const definition = launchableDefinition(deps.definitions, input);
  checkAgainstDefinition(input, definition);
  const refusal = deps.refuse(input);
  if (refusal instanceof AwsError) throw refusal;
  return bookTasks(deps, { input, request, definition, failures: refusal?.failures });
}

type Booking = {
  readonly input: RunTaskInput;
  readonly request: string;
  readonly definition: TaskDefinitionRecord;
  readonly failures: readonly object[] | undefined;
};

function bookTasks(deps: RunTaskDeps, { input, request, definition, failures }: Booking): unknown {
  const now = deps.now();
  const count = failures === undefined ? input.count : 0;
  const facts = { clusterName: deps.clusterName, definition, input, now };
  const tasks = Array.from({ length: count }, () => newTask(facts));
  const response = { tasks: tasks.map((task) => taskReply(task, { tags: true })), failures: failures ?? [] };
  const token = input.clientToken;
  const taskIds = tasks.map((task) => task.id);
  deps.book.add(
    tasks,
    token === undefined ? undefined : { token, request, response: JSON.stringify(response), taskIds, createdAt: now },
  );
  for (const task of tasks) deps.launch(task.id);
  return response;
}

type Replay = { readonly request: string; readonly clusterName: string; readonly book: TaskBook };

function replay(
  earlier: { readonly request: string; readonly response: string; readonly taskIds: readonly string[] },
  { request, book }: Replay,
): unknown {
  if (earlier.request === request) return JSON.parse(earlier.response);
  const resourceIds = earlier.taskIds.flatMap((id) => book.find(id)?.arn ?? []);
  throw new AwsError(
    'ConflictException',
    'The client token was used in an earlier request with other parameters.',
    400,
    { resourceIds },
  );
}

/** The same text for the same request, whatever the order of its members. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });
}

function checkShape(input: RunTaskInput): void {
  const { clientToken, startedBy, count } = input;
  if (!Number.isInteger(count) || count < 1 || count > 10) throw invalidParameter('Count must be between 1 and 10.');
  if (clientToken !== undefined && !/^[\x21-\x7e]{1,64}$/.test(clientToken)) {
    throw invalidParameter('Client token can be up to 64 ASCII characters in the range of 33-126.');
  }
  if (startedBy !== undefined && !/^[A-Za-z0-9/_-]{1,128}$/.test(startedBy)) {
    throw invalidParameter('startedBy can be up to 128 letters, numbers, hyphens, forward slashes and underscores.');
  }
  if (input.launchType !== undefined && input.capacityProviderStrategy.length > 0) {
    throw invalidParameter(
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    );
  }
  checkTags(input.tags);
  checkOverridesLength(input);
}

// Counted as JSON, which is what the limit means by its name.
function checkOverridesLength({ overrides }: RunTaskInput): void {
  if (JSON.stringify(overrides ?? {}).length > maxOverridesLength) {
    throw invalidParameter(`Container Overrides length must be at most ${maxOverridesLength}`);
  }
}

function launchableDefinition(definitions: TaskDefinitions, input: RunTaskInput): TaskDefinitionRecord {
  const definition = definitions.find(input.taskDefinition);
  if (definition === undefined) throw clientError('TaskDefinition not found.');
  if (definition.status !== 'ACTIVE') throw invalidParameter('TaskDefinition is inactive');
  return definition;
}

function checkAgainstDefinition(input: RunTaskInput, definition: TaskDefinitionRecord): void {
  const isAwsvpc = definition.wire['networkMode'] === 'awsvpc';
  if (isAwsvpc && input.networkConfiguration?.awsvpcConfiguration === undefined) {
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  if (!isAwsvpc && input.networkConfiguration !== undefined) {
    throw invalidParameter('Network Configuration is not valid for the given networkMode of this task definition.');
  }
  const names = definitionContainers(definition).map((container) => container.name);
  for (const { name } of input.overrides?.containerOverrides ?? []) {
    if (!names.includes(name)) {
      throw invalidParameter(`Override for container named ${name} is not a container in the TaskDefinition.`);
    }
  }
  if (usesFargate(input)) checkFargate(input, definition);
}

function usesFargate({ launchType, capacityProviderStrategy }: RunTaskInput): boolean {
  return (
    launchType === 'FARGATE' || capacityProviderStrategy.some((item) => item.capacityProvider.startsWith('FARGATE'))
  );
}

function checkFargate({ overrides }: RunTaskInput, { wire }: TaskDefinitionRecord): void {
  const compatibilities = wire['requiresCompatibilities'];
  if (!Array.isArray(compatibilities) || !compatibilities.includes('FARGATE')) {
    throw invalidParameter('Task definition does not support launch_type FARGATE.');
  }
  const cpu = overrides?.cpu ?? String(wire['cpu']);
  const memory = overrides?.memory ?? String(wire['memory']);
  if (!isFargateSize(cpuUnits(cpu), memoryMebibytes(memory))) {
    throw clientError(`No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory.`);
  }
}
