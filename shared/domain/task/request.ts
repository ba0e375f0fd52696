// The RunTask request of a run: the template's own keys, the stack's defaults below them, ours on top.
// Overrides carry all that differs between runs, and must stay under ECS's 8,192 characters.
import type { Json, JsonObject } from '../json.ts';
import {
  fieldOf,
  isJsonList,
  isJsonObject,
  kindOf,
  listOf,
  objectOf,
  textOf,
  withoutKeys,
} from '../template/json-value.ts';
import { pythonText } from '../template/python-text.ts';
import { readCommand } from './command.ts';
import { withoutEmpty } from './definition.ts';
import { type EnvironmentEntry, environmentObject } from './environment.ts';
import type { Launch } from './launch.ts';
import type { Tag } from './tags.ts';
import type { TaskDefaults, TaskInput } from './task-input.ts';

export type RequestInput = Pick<TaskInput, 'configuration' | 'defaults' | 'run'> & {
  readonly launch: Launch;
  readonly containerName: string;
  /** Undefined: the image's own command. */
  readonly command: readonly string[] | undefined;
  readonly environment: readonly EnvironmentEntry[];
  readonly tags: readonly Tag[];
  /** Family of our definition, or the user's own task definition. */
  readonly taskDefinition: string;
  /** Whether the task definition has the network mode awsvpc, the only one that takes a network configuration. */
  readonly needsNetwork: boolean;
};

export type RequestResult =
  | { readonly ok: true; readonly request: JsonObject; readonly cluster: string }
  | { readonly ok: false; readonly problem: string };

/** docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html, JSON included. */
const mostOverrideCharacters = 8192;

/** Keys that are decided here, whatever the template says. */
const decidedKeys = [
  'cluster',
  'taskDefinition',
  'count',
  'startedBy',
  'clientToken',
  'launchType',
  'capacityProviderStrategy',
  'networkConfiguration',
  'overrides',
  'tags',
];

export function buildRequest(input: RequestInput): RequestResult {
  const { configuration, run } = input;
  const asked = objectOf(configuration, 'task_run_request');
  const overrides = overridesOf(objectOf(asked, 'overrides'), input);
  if (!overrides.ok) return overrides;

  const cluster = textOf(asked, 'cluster') ?? textOf(configuration, 'cluster') ?? input.defaults.clusterArn;
  const network = networkOf(asked, input);
  const request = {
    ...withoutEmpty(withoutKeys(asked, decidedKeys)),
    cluster,
    taskDefinition: input.taskDefinition,
    count: 1,
    startedBy: run.startedBy,
    ...(run.clientToken === undefined ? {} : { clientToken: run.clientToken }),
    ...input.launch.capacity,
    ...(network === undefined ? {} : { networkConfiguration: network }),
    overrides: overrides.overrides,
    tags: input.tags,
  };
  return { ok: true, request, cluster };
}

function networkOf(asked: JsonObject, { configuration, defaults, needsNetwork }: RequestInput): JsonObject | undefined {
  const given = objectOf(configuration, 'network_configuration');
  if (needsNetwork && Object.keys(given).length > 0) {
    const inner = isJsonObject(given['awsvpcConfiguration']) ? given['awsvpcConfiguration'] : given;
    return { awsvpcConfiguration: listOf(inner, 'subnets').length > 0 ? inner : { ...ownNetwork(defaults), ...inner } };
  }
  const ofTemplate = withoutEmpty(objectOf(asked, 'networkConfiguration'));
  if (Object.keys(ofTemplate).length > 0) return ofTemplate;
  return needsNetwork ? { awsvpcConfiguration: ownNetwork(defaults) } : undefined;
}

function ownNetwork({ subnets, securityGroups, assignPublicIp }: TaskDefaults): JsonObject {
  return { subnets, securityGroups, assignPublicIp };
}

type OverridesResult =
  | { readonly ok: true; readonly overrides: JsonObject }
  | { readonly ok: false; readonly problem: string };

function overridesOf(asked: JsonObject, input: RequestInput): OverridesResult {
  const containers: JsonObject[] = [];
  for (const container of namedOverrides(asked, input.containerName)) {
    const isOwn = textOf(container, 'name') === input.containerName;
    const built = isOwn ? ownOverride(container, input) : otherOverride(container);
    if (typeof built === 'string') return { ok: false, problem: built };
    containers.push(built);
  }
  const cpu = fieldOf(asked, 'cpu');
  const memory = fieldOf(asked, 'memory');
  const overrides = {
    ...withoutEmpty(withoutKeys(asked, ['cpu', 'memory', 'containerOverrides'])),
    ...(cpu ? { cpu: pythonText(cpu) } : {}),
    ...(memory ? { memory: pythonText(memory) } : {}),
    containerOverrides: containers,
  };
  const problem = lengthProblem(overrides, input.environment);
  return problem === undefined ? { ok: true, overrides } : { ok: false, problem };
}

/** The template's container overrides, the run's container always among them: it is where its environment goes. */
function namedOverrides(asked: JsonObject, containerName: string): readonly JsonObject[] {
  const listed = listOf(asked, 'containerOverrides')
    .filter(isJsonObject)
    .map(withoutEmpty)
    .map((override, index) => {
      return index === 0 && textOf(override, 'name') === undefined ? { ...override, name: containerName } : override;
    });
  const hasOwn = listed.some((override) => textOf(override, 'name') === containerName);
  const others = listed.filter((override) => Object.keys(override).length > 0);
  return hasOwn ? others : [...others, { name: containerName }];
}

function ownOverride(override: JsonObject, { command, environment }: RequestInput): JsonObject | string {
  const sized = sizedOverride(override);
  if (typeof sized === 'string') return sized;
  return {
    ...withoutKeys(sized, ['command', 'environment']),
    ...(command === undefined ? {} : { command }),
    environment: environment.map(({ name, value }) => ({ name, value })),
  };
}

function otherOverride(override: JsonObject): JsonObject | string {
  const sized = sizedOverride(override);
  if (typeof sized === 'string') return sized;
  const command = readCommand(fieldOf(sized, 'command'));
  if (!command.ok) return command.problem;
  const environment = Object.entries(environmentObject(fieldOf(sized, 'environment'))).flatMap(([name, value]) =>
    value === null ? [] : [{ name, value: pythonText(value) }],
  );
  return {
    ...withoutKeys(sized, ['command', 'environment']),
    ...(command.words === undefined ? {} : { command: command.words }),
    ...(environment.length === 0 ? {} : { environment }),
  };
}

/** ECS takes sizes of containers as integers, those of tasks as texts. */
function sizedOverride(override: JsonObject): JsonObject | string {
  const sizes: [string, Json][] = [];
  for (const key of ['cpu', 'memory', 'memoryReservation']) {
    const value = fieldOf(override, key);
    if (value === undefined) continue;
    const amount = typeof value === 'string' ? Number(value) : value;
    if (typeof amount !== 'number' || !Number.isInteger(amount)) {
      const seen = isJsonList(value) || isJsonObject(value) ? kindOf(value) : JSON.stringify(value);
      return `${key} of a container override must be a whole number, got ${seen}`;
    }
    sizes.push([key, amount]);
  }
  return { ...override, ...Object.fromEntries(sizes) };
}

function lengthProblem(overrides: JsonObject, environment: readonly EnvironmentEntry[]): string | undefined {
  const length = JSON.stringify(overrides).length;
  if (length <= mostOverrideCharacters) return undefined;
  const largest = environment
    .map(({ name, value }) => ({ name, length: JSON.stringify({ name, value }).length }))
    .toSorted((one, other) => other.length - one.length)
    .slice(0, 3)
    .map((entry) => `${entry.name} (${entry.length})`);
  return (
    `the overrides of the task are ${length} characters long, ecs takes ${mostOverrideCharacters} at most: ` +
    `the largest environment entries are ${largest.join(', ')}`
  );
}
