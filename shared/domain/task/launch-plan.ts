// Which way the next try or attempt of a run is launched: Spot or on-demand, which size, which subnet.
// Pure: decided from what was tried before and why it ended, so that a repeat decides the same.
import type { JsonObject } from '../json.ts';
import { fieldOf, isJsonObject, listOf, objectOf, textOf, withoutKeys } from '../template/json-value.ts';
import { capacityTypeOf, subnetsOf, withSize } from './capacity.ts';
import type { FargateSize } from './fargate-size.ts';
import type { LaunchSettings } from './launch-settings.ts';

/** One way to launch; what it does not name is as the pool asked for it. */
export type LaunchPlan = {
  readonly capacity?: 'on-demand';
  readonly size?: FargateSize;
  /** The only subnet; all of them otherwise. */
  readonly subnet?: string;
};

/** What a request can be turned into, and what of it to restore; kept with the attempt. */
export type LaunchOptions = {
  /** The request's own capacity (`capacityProviderStrategy`), when on-demand may take its place. */
  readonly spot?: JsonObject;
  readonly sizes: readonly FargateSize[];
  /** The request's own overrides of sizes: of the task and of the run's container. */
  readonly ownSize: { readonly task: JsonObject; readonly container: JsonObject };
  /** The subnets in turn; fewer than two: none. */
  readonly subnets: readonly string[];
  /** Whether each plan has one subnet; otherwise the first has all of them. */
  readonly alwaysOneSubnet: boolean;
};

/** Why the plan before did not do. */
export type PlanEnd =
  /** There was no room for it, or its task did not start in time. */
  | 'no-room'
  | 'spot-lost'
  /** Nothing that another way would mend. */
  | 'other';

const sizeKeys = ['cpu', 'memory'] as const;

/** The ways that the settings allow for this request, or undefined when there is but one. */
export function launchOptions(
  request: JsonObject,
  settings: LaunchSettings,
  { container, runId }: { readonly container: string; readonly runId: string },
): LaunchOptions | undefined {
  const isSpot = capacityTypeOf(request) === 'FARGATE_SPOT';
  const isFargate = isSpot || capacityTypeOf(request) === 'FARGATE';
  const rotation = settings.subnetRotation ?? (isFargate ? 'after-failure' : 'never');
  const subnets = rotation === 'never' ? [] : startingAt(subnetsOf(request), Number.parseInt(runId.slice(0, 8), 16));
  const overrides = objectOf(request, 'overrides');
  const options: LaunchOptions = {
    ...(isSpot && settings.capacityFallback === 'on-demand'
      ? { spot: { capacityProviderStrategy: listOf(request, 'capacityProviderStrategy') } }
      : {}),
    sizes: settings.sizeAlternatives,
    ownSize: { task: sizesIn(overrides), container: sizesIn(ownContainer(overrides, container)) },
    subnets: subnets.length > 1 ? subnets : [],
    alwaysOneSubnet: rotation === 'always',
  };
  return plansOf(options).length > 1 ? options : undefined;
}

/** Runs begin at different subnets, so that a pool uses all of them. */
function startingAt(subnets: readonly string[], seed: number): readonly string[] {
  const start = subnets.length === 0 || Number.isNaN(seed) ? 0 : seed % subnets.length;
  return [...subnets.slice(start), ...subnets.slice(0, start)];
}

function ownContainer(overrides: JsonObject, container: string): JsonObject {
  const listed = listOf(overrides, 'containerOverrides').filter(isJsonObject);
  return listed.find((override) => textOf(override, 'name') === container) ?? {};
}

/** `cpu` and `memory` of a task definition, an override or a container, as they stand there. */
export function sizesIn(sized: JsonObject): JsonObject {
  return Object.fromEntries(
    sizeKeys.flatMap((key) => {
      const value = fieldOf(sized, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/**
 * Every way, in the order in which they are tried: all subnets of a size first, then the next size, then on-demand.
 * What costs least to change is changed first.
 */
export function plansOf({ spot, sizes, subnets, alwaysOneSubnet }: LaunchOptions): readonly LaunchPlan[] {
  const capacities: LaunchPlan[] = spot === undefined ? [{}] : [{}, { capacity: 'on-demand' }];
  const sized: LaunchPlan[] = [{}, ...sizes.map((size) => ({ size }))];
  const single = subnets.map((subnet) => ({ subnet }));
  const placed: LaunchPlan[] = single.length > 0 && alwaysOneSubnet ? single : [{}, ...single];
  return capacities.flatMap((capacity) =>
    sized.flatMap((size) => placed.map((subnet) => ({ ...capacity, ...size, ...subnet }))),
  );
}

/** The plan of a run's first try. */
export function firstPlan(options: LaunchOptions): LaunchPlan {
  return plansOf(options)[0] ?? {};
}

/** The plan after one that ended; after the last one it begins again. One that is no longer offered counts as the first. */
export function nextPlan(options: LaunchOptions, plan: LaunchPlan, end: PlanEnd): LaunchPlan {
  const plans = plansOf(options);
  const at = Math.max(0, plans.findIndex(isSame(plan)));
  const current = plans[at] ?? {};
  switch (end) {
    case 'other':
      return current;
    case 'no-room':
      return plans[(at + 1) % plans.length] ?? current;
    case 'spot-lost': {
      const onDemand = plans.find(isSame({ ...current, capacity: 'on-demand' }));
      return onDemand ?? nextSubnet(options, plans, current);
    }
  }
}

/** Spot takes back what it has in one zone: another one may keep it longer. */
function nextSubnet({ subnets }: LaunchOptions, plans: readonly LaunchPlan[], current: LaunchPlan): LaunchPlan {
  const at = current.subnet === undefined ? -1 : subnets.indexOf(current.subnet);
  const subnet = subnets[(at + 1) % Math.max(1, subnets.length)];
  return subnet === undefined ? current : (plans.find(isSame({ ...current, subnet })) ?? current);
}

function isSame(wanted: LaunchPlan): (plan: LaunchPlan) => boolean {
  return ({ capacity, size, subnet }) =>
    capacity === wanted.capacity &&
    size?.cpu === wanted.size?.cpu &&
    size?.memory === wanted.size?.memory &&
    subnet === wanted.subnet;
}

/** The request as this plan has it, from the request of any other plan of the same options. */
export function planRequest(
  request: JsonObject,
  options: LaunchOptions,
  { plan, container }: { readonly plan: LaunchPlan; readonly container: string },
): JsonObject {
  return inSubnets(ofSize(onCapacity(request, options, plan), options, { plan, container }), options, plan);
}

function onCapacity(request: JsonObject, { spot }: LaunchOptions, { capacity }: LaunchPlan): JsonObject {
  if (spot === undefined) return request;
  const rest = withoutKeys(request, ['launchType', 'capacityProviderStrategy']);
  return capacity === 'on-demand' ? { ...rest, launchType: 'FARGATE' } : { ...rest, ...spot };
}

function ofSize(
  request: JsonObject,
  { sizes, ownSize }: LaunchOptions,
  { plan, container }: { readonly plan: LaunchPlan; readonly container: string },
): JsonObject {
  if (plan.size !== undefined) return withSize(request, plan.size, container);
  if (sizes.length === 0) return request;
  const overrides = objectOf(request, 'overrides');
  const containers = listOf(overrides, 'containerOverrides').map((override) => {
    if (!isJsonObject(override) || textOf(override, 'name') !== container) return override;
    return { ...withoutKeys(override, sizeKeys), ...ownSize.container };
  });
  const own = { ...withoutKeys(overrides, sizeKeys), ...ownSize.task, containerOverrides: containers };
  return { ...request, overrides: own };
}

function inSubnets(request: JsonObject, { subnets }: LaunchOptions, { subnet }: LaunchPlan): JsonObject {
  if (subnets.length === 0) return request;
  const network = objectOf(request, 'networkConfiguration');
  const awsvpc = objectOf(network, 'awsvpcConfiguration');
  const chosen = subnet === undefined ? subnets : [subnet];
  return { ...request, networkConfiguration: { ...network, awsvpcConfiguration: { ...awsvpc, subnets: chosen } } };
}
