// What a rendered ecs configuration asks of ECS: where to run, how large, under which container name.
// One reading for the check at save time and for the launch, so that the two cannot disagree.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonObject, listOf, objectOf, textOf } from '../template/json-value.ts';

/** Defaults of prefect-aws's ecs worker. */
export const defaultContainerName = 'prefect';
const defaultCpu = 1024;
const defaultMemory = 2048;

export type Launch = {
  /** The part of the RunTask request that says on what to run: launchType or capacityProviderStrategy, never both. */
  readonly capacity: JsonObject;
  /** Whether the task definition must satisfy Fargate (size, awsvpc). */
  readonly isFargate: boolean;
  /** The user's own task definition; nothing is registered then. */
  readonly taskDefinition: string | undefined;
};

/** As prefect-aws decides: a strategy silences the launch type, FARGATE_SPOT is a strategy, FARGATE is the default. */
export function readLaunch(configuration: JsonObject): Launch {
  const request = objectOf(configuration, 'task_run_request');
  const strategy = listOf(request, 'capacityProviderStrategy');
  const requiresEc2 = listOf(objectOf(configuration, 'task_definition'), 'requiresCompatibilities').includes('EC2');
  const asked = textOf(request, 'launchType');
  const launchType = asked ?? (requiresEc2 || strategy.length > 0 ? undefined : 'FARGATE');
  const isFargate =
    launchType === undefined
      ? !requiresEc2 && strategy.length > 0 && strategy.every(isFargateProvider)
      : launchType === 'FARGATE' || launchType === 'FARGATE_SPOT';
  return {
    capacity: capacityOf(strategy, launchType),
    isFargate,
    taskDefinition: textOf(request, 'taskDefinition'),
  };
}

function capacityOf(strategy: readonly Json[], launchType: string | undefined): JsonObject {
  if (strategy.length > 0) return { capacityProviderStrategy: strategy };
  if (launchType === 'FARGATE_SPOT') {
    return { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };
  }
  return launchType === undefined ? {} : { launchType };
}

function isFargateProvider(provider: Json): boolean {
  const name = textOf(provider, 'capacityProvider');
  return name === 'FARGATE' || name === 'FARGATE_SPOT';
}

/** Sizes as they stand in the configuration: integers, texts, or placeholders that are not resolved yet. */
export type AskedSize = { readonly cpu: Json; readonly memory: Json };

/** The size in the task definition that would be registered; 1024 and 2048 unless given. */
export function definitionSize(configuration: JsonObject): AskedSize {
  const definition = objectOf(configuration, 'task_definition');
  return { cpu: fieldOf(definition, 'cpu') || defaultCpu, memory: fieldOf(definition, 'memory') || defaultMemory };
}

/** The size with which the task would run; undefined parts are those of a task definition that we do not know. */
export function taskSize(configuration: JsonObject): Partial<AskedSize> {
  const overrides = objectOf(objectOf(configuration, 'task_run_request'), 'overrides');
  const below = readLaunch(configuration).taskDefinition === undefined ? definitionSize(configuration) : {};
  const cpu = fieldOf(overrides, 'cpu') || fieldOf(below, 'cpu');
  const memory = fieldOf(overrides, 'memory') || fieldOf(below, 'memory');
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}

/** The container that executes the run: the one named, else `prefect`, else the first of the definition. */
export function containerNameOf(configuration: JsonObject): string {
  const named = textOf(configuration, 'container_name');
  if (named !== undefined) return named;
  const names = listOf(objectOf(configuration, 'task_definition'), 'containerDefinitions')
    .filter(isJsonObject)
    .map((container) => textOf(container, 'name'));
  return names.includes(defaultContainerName) ? defaultContainerName : (names[0] ?? defaultContainerName);
}
