// The task definition of a rendered ecs configuration, under a family named after its content.
// Nothing of a single run stands in it, so that runs alike share one family and it is registered once.
import type { Sha256 } from '../identity.ts';
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, listOf, objectOf, textOf, withoutKeys } from '../template/json-value.ts';
import { authStringName, environmentObject } from './environment.ts';
import { readCpu, readMemory } from './fargate-size.ts';
import { defaultContainerName, definitionSize, type Launch } from './launch.ts';
import type { TaskDefaults } from './task-input.ts';

/** Where the output of the run's container goes: stream `<streamPrefix>/<container>/<task id>`. */
export type LogTarget = { readonly group: string; readonly streamPrefix: string; readonly container: string };

export type Definition = {
  /** Input of RegisterTaskDefinition. */
  readonly definition: JsonObject;
  readonly family: string;
  /** Undefined where the template sends output elsewhere than to CloudWatch Logs. */
  readonly log: LogTarget | undefined;
};

export type DefinitionResult = ({ readonly ok: true } & Definition) | { readonly ok: false; readonly problem: string };

export type DefinitionInput = {
  readonly configuration: JsonObject;
  readonly defaults: TaskDefaults;
  readonly launch: Launch;
  readonly containerName: string;
  readonly sha256: Sha256;
};

const stopTimeoutSeconds = 120;
const streamPrefix = 'slipway';

export function buildDefinition(input: DefinitionInput): DefinitionResult {
  const raw = objectOf(input.configuration, 'task_definition');
  if (Object.keys(raw).length === 0) {
    return { ok: false, problem: 'the template has neither a task definition nor the ARN of one' };
  }
  const asked = withoutEmpty(raw);
  const networkMode = textOf(asked, 'networkMode');
  if (input.launch.isFargate && networkMode !== undefined && networkMode !== 'awsvpc') {
    return { ok: false, problem: `fargate needs the network mode awsvpc, the task definition says ${networkMode}` };
  }
  const containers = placeContainer(listOf(asked, 'containerDefinitions').filter(isJsonObject), input.containerName);
  if (containers === undefined) {
    return { ok: false, problem: `the task definition has no container named ${input.containerName}` };
  }
  const complete = containers.map((container) => {
    return textOf(container, 'name') === input.containerName ? completeContainer(container, input) : container;
  });
  const content = { ...completeTask(asked, input), containerDefinitions: complete };
  const family = `slipway-${input.sha256(canonicalJson(content)).slice(0, 32)}`;
  const log = logTargetOf(complete.find((container) => textOf(container, 'name') === input.containerName));
  return { ok: true, definition: { ...content, family }, family, log };
}

/** The containers with the run's own among them: the named one, else the first without a name, else a new one. */
function placeContainer(containers: readonly JsonObject[], name: string): readonly JsonObject[] | undefined {
  if (containers.some((container) => textOf(container, 'name') === name)) return containers;
  if (name !== defaultContainerName) return undefined;
  const nameless = containers.findIndex((container) => textOf(container, 'name') === undefined);
  if (nameless < 0) return [...containers, { name }];
  return containers.map((container, index) => (index === nameless ? { ...container, name } : container));
}

function completeTask(asked: JsonObject, { configuration, defaults, launch }: DefinitionInput): JsonObject {
  const size = launch.isFargate ? definitionSize(configuration) : { cpu: asked['cpu'], memory: asked['memory'] };
  const compatibilities = listOf(asked, 'requiresCompatibilities');
  return {
    ...withoutKeys(asked, ['family', 'cpu', 'memory']),
    executionRoleArn:
      textOf(asked, 'executionRoleArn') ?? textOf(configuration, 'execution_role_arn') ?? defaults.executionRoleArn,
    taskRoleArn: textOf(asked, 'taskRoleArn') ?? defaults.taskRoleArn,
    ...(size.cpu === undefined ? {} : { cpu: String(size.cpu) }),
    ...(size.memory === undefined ? {} : { memory: String(size.memory) }),
    ...(launch.isFargate
      ? { networkMode: 'awsvpc', requiresCompatibilities: [...new Set([...compatibilities, 'FARGATE'])] }
      : {}),
  };
}

function completeContainer(container: JsonObject, input: DefinitionInput): JsonObject {
  const { configuration, defaults, launch, containerName } = input;
  const secrets = secretsOf(container, input);
  const environment = Object.entries(environmentObject(fieldOf(container, 'environment')))
    .filter(([name, value]) => value !== null && fieldOf(configuration['env'], name) !== null)
    .filter(([name]) => name !== authStringName && !secrets.some((secret) => textOf(secret, 'name') === name))
    .map(([name, value]) => ({ name, value }));
  return {
    ...withoutKeys(container, ['environment', 'secrets']),
    ...(launch.isFargate ? {} : containerSize(container, configuration)),
    name: containerName,
    image: textOf(container, 'image') ?? defaults.defaultImage,
    essential: true,
    stopTimeout: fieldOf(container, 'stopTimeout') ?? stopTimeoutSeconds,
    // Without an init the flow engine is process 1 and the kernel keeps SIGTERM from it.
    linuxParameters: { initProcessEnabled: true, ...objectOf(container, 'linuxParameters') },
    logConfiguration: fieldOf(container, 'logConfiguration') ?? logConfiguration(configuration, defaults),
    ...(environment.length === 0 ? {} : { environment: byName(environment) }),
    ...(secrets.length === 0 ? {} : { secrets: byName(secrets) }),
  };
}

/** On other capacity than Fargate ECS wants the size on the container. */
function containerSize(container: JsonObject, configuration: JsonObject): JsonObject {
  const size = definitionSize(configuration);
  return {
    cpu: fieldOf(container, 'cpu') ?? readCpu(size.cpu) ?? size.cpu,
    memory: fieldOf(container, 'memory') ?? readMemory(size.memory) ?? size.memory,
  };
}

/** Secrets live in the definition, because RunTask cannot override them; the API's own is ours alone. */
function secretsOf(container: JsonObject, { configuration, defaults }: DefinitionInput): readonly JsonObject[] {
  const own = listOf(container, 'secrets').filter(isJsonObject);
  const apiKeyArn = textOf(configuration, 'prefect_api_key_secret_arn');
  const added = [
    ...(apiKeyArn === undefined ? [] : [{ name: 'PREFECT_API_KEY', valueFrom: apiKeyArn }]),
    ...(defaults.authSecretArn === undefined ? [] : [{ name: authStringName, valueFrom: defaults.authSecretArn }]),
  ];
  const replaced = [authStringName, ...added.map(({ name }) => name)];
  return [...own.filter((secret) => !replaced.includes(textOf(secret, 'name') ?? '')), ...added];
}

function logConfiguration(configuration: JsonObject, defaults: TaskDefaults): JsonObject {
  return {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': defaults.logGroup,
      'awslogs-region': defaults.region,
      'awslogs-stream-prefix': textOf(configuration, 'cloudwatch_logs_prefix') ?? streamPrefix,
      ...objectOf(configuration, 'cloudwatch_logs_options'),
    },
  };
}

export function logTargetOf(container: JsonObject | undefined): LogTarget | undefined {
  const settings = fieldOf(container, 'logConfiguration');
  const options = objectOf(settings, 'options');
  const group = textOf(options, 'awslogs-group');
  const prefix = textOf(options, 'awslogs-stream-prefix');
  const name = textOf(container, 'name');
  const isWhole = textOf(settings, 'logDriver') === 'awslogs' && group && prefix && name;
  return isWhole ? { group, streamPrefix: prefix, container: name } : undefined;
}

function byName(entries: readonly JsonObject[]): readonly JsonObject[] {
  return entries.toSorted((one, other) => (String(one['name']) < String(other['name']) ? -1 : 1));
}

/** Without nulls, empty texts, lists and objects, which ECS refuses in many places; an entry's `value` may be ''. */
export function withoutEmpty(object: JsonObject): JsonObject {
  const entries = Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    // An environment may be written as an object, whose empty texts are values.
    const clean = key === 'environment' ? value : cleanValue(value);
    return isNothing(clean) && !(key === 'value' && clean === '') ? [] : [[key, clean]];
  });
  return Object.fromEntries(entries);
}

function cleanValue(value: Json): Json {
  if (isJsonList(value)) return value.map(cleanValue).filter((entry) => !isNothing(entry));
  return isJsonObject(value) ? withoutEmpty(value) : value;
}

function isNothing(value: Json): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** JSON with sorted keys: equal content, equal text. */
function canonicalJson(value: Json): string {
  if (isJsonList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
