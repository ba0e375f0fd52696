// What a RunTask request runs on: the kind of capacity decides how fast tasks may be launched and how long a start takes.
import type { JsonObject } from '../json.ts';
import { fieldOf, isJsonObject, listOf, objectOf, textOf } from '../template/json-value.ts';
import { type FargateSize, readCpu, readMemory } from './fargate-size.ts';

/** `PROVIDER`: capacity providers other than Fargate's, which may have to start instances first. */
export const capacityTypes = ['FARGATE', 'FARGATE_SPOT', 'EC2', 'EXTERNAL', 'PROVIDER'] as const;
export type CapacityType = (typeof capacityTypes)[number];

/** By the provider with the largest share where there are several; a request that names nothing runs on instances. */
export function capacityTypeOf(request: JsonObject): CapacityType {
  const launchType = textOf(request, 'launchType');
  if (launchType === 'FARGATE' || launchType === 'EXTERNAL') return launchType;
  const strategy = listOf(request, 'capacityProviderStrategy').filter(isJsonObject);
  const [largest] = strategy.toSorted((one, other) => weightOf(other) - weightOf(one));
  if (largest === undefined) return 'EC2';
  const provider = textOf(largest, 'capacityProvider');
  return provider === 'FARGATE' || provider === 'FARGATE_SPOT' ? provider : 'PROVIDER';
}

function weightOf(provider: JsonObject): number {
  const weight = fieldOf(provider, 'weight');
  return typeof weight === 'number' ? weight : 0;
}

/**
 * Seconds from the claim until a task must be RUNNING, unless the pool or deployment says otherwise.
 *
 * FARGATE: network and image take a minute or two, so 15 minutes mean that the start hangs or that there is no room.
 * FARGATE_SPOT: room comes and goes within minutes, and waiting for it is what its price is for.
 * EC2, EXTERNAL: instances are there; a place is free once another task ends.
 * PROVIDER: an instance may boot first, Managed Instances have kept tasks PENDING for 20 minutes, and ECS gives up by
 * itself after 30: five minutes before that the reason is still ours to tell.
 */
export const startDeadlineSeconds = {
  FARGATE: 900,
  FARGATE_SPOT: 1200,
  EC2: 900,
  EXTERNAL: 900,
  PROVIDER: 1500,
} as const satisfies Record<CapacityType, number>;

/** What one request asks for, as it is shown to people. */
export type Asked = {
  readonly capacity: string;
  readonly cpu?: number;
  readonly memory?: number;
  readonly subnets?: readonly string[];
};

/** `definition` is the task definition of ours that the request names, whose size counts where no override has one. */
export function askedBy(request: JsonObject, definition?: JsonObject): Asked {
  const overrides = objectOf(request, 'overrides');
  const cpu = readCpu(fieldOf(overrides, 'cpu') ?? fieldOf(definition, 'cpu'));
  const memory = readMemory(fieldOf(overrides, 'memory') ?? fieldOf(definition, 'memory'));
  const subnets = subnetsOf(request);
  return {
    capacity: capacityName(request),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(subnets.length === 0 ? {} : { subnets }),
  };
}

function capacityName(request: JsonObject): string {
  const providers = listOf(request, 'capacityProviderStrategy').map((provider) => textOf(provider, 'capacityProvider'));
  return providers.length === 0 ? capacityTypeOf(request) : providers.join(', ');
}

export function subnetsOf(request: JsonObject): readonly string[] {
  const network = objectOf(objectOf(request, 'networkConfiguration'), 'awsvpcConfiguration');
  return listOf(network, 'subnets').filter((subnet) => typeof subnet === 'string');
}

/** The request with this size instead of its own; ECS takes sizes of tasks as texts, those of containers as integers. */
export function withSize(request: JsonObject, { cpu, memory }: FargateSize, container: string): JsonObject {
  const overrides = objectOf(request, 'overrides');
  const containers = listOf(overrides, 'containerOverrides').map((override) => {
    if (!isJsonObject(override) || textOf(override, 'name') !== container) return override;
    return { ...override, cpu, memory };
  });
  return {
    ...request,
    overrides: { ...overrides, cpu: String(cpu), memory: String(memory), containerOverrides: containers },
  };
}
